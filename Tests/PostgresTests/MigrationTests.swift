import Foundation
import Postgres
import TestServers
import Testing

@Suite(.needsPostgres)
struct MigrationTests {
    private static let first = Migration(version: 1, name: "ledger", sql: "CREATE TABLE ledger (id int PRIMARY KEY)")
    private static let second = Migration(
        version: 2, name: "lines", sql: "CREATE TABLE line (id int); INSERT INTO line VALUES (1); SET search_path = x")

    @Test func appliesEachStepOnceAndInOrder() async throws {
        try await withConnection { connection throws in
            let migrations = try Migrations(component: "payroll", [Self.second, Self.first])
            #expect(try migrations.apply(on: connection).map(\.version) == [1, 2])
            #expect(try migrations.apply(on: connection).isEmpty)
            #expect(try connection.integer("SELECT count(*) FROM public.line") == 1)
            #expect(try Migrations.version(of: "payroll", on: connection) == 2)
            #expect(try Migrations.version(of: "scoring", on: connection) == 0)
        }
    }

    @Test func goesOnWhereTheLastReleaseEnded() async throws {
        try await withConnection { connection throws in
            try Migrations(component: "payroll", [Self.first]).apply(on: connection)
            let next = try Migrations(component: "payroll", [Self.first, Self.second])
            #expect(try next.apply(on: connection) == [Self.second])
        }
    }

    @Test func keepsComponentsApart() async throws {
        try await withConnection { connection throws in
            try Migrations(component: "payroll", [Self.first]).apply(on: connection)
            let other = Migration(version: 1, name: "other", sql: "CREATE TABLE other (a int)")
            #expect(try Migrations(component: "scoring", [other]).apply(on: connection) == [other])
        }
    }

    @Test func refusesAnAppliedStepThatChanged() async throws {
        try await withConnection { connection throws in
            try Migrations(component: "payroll", [Self.first]).apply(on: connection)
            let edited = Migration(version: 1, name: "ledger", sql: Self.first.sql + " ")
            #expect(throws: MigrationError.changed(component: "payroll", version: 1, name: "ledger")) {
                try Migrations(component: "payroll", [edited, Self.second]).apply(on: connection)
            }
            #expect(try Migrations.version(of: "payroll", on: connection) == 1)
        }
    }

    @Test func refusesADatabaseOfANewerRelease() async throws {
        try await withConnection { connection throws in
            try Migrations(component: "payroll", [Self.first, Self.second]).apply(on: connection)
            let newer = MigrationError.newer(component: "payroll", database: 2, known: 1)
            #expect(throws: newer) {
                try Migrations(component: "payroll", [Self.first]).apply(on: connection)
            }
            #expect(throws: newer) {
                try Migrations.requireVersion(of: "payroll", atLeast: 1, atMost: 1, on: connection)
            }
            #expect(throws: MigrationError.older(component: "payroll", database: 2, needed: 3)) {
                try Migrations.requireVersion(of: "payroll", atLeast: 3, atMost: 3, on: connection)
            }
            try Migrations.requireVersion(of: "payroll", atLeast: 1, atMost: 2, on: connection)
        }
    }

    @Test func asksForMigrationOfAnEmptyDatabase() async throws {
        try await withConnection { connection throws in
            #expect(throws: MigrationError.older(component: "payroll", database: 0, needed: 1)) {
                try Migrations.requireVersion(of: "payroll", atLeast: 1, atMost: 1, on: connection)
            }
        }
    }

    @Test func refusesLostAndLateSteps() async throws {
        try await withConnection { connection throws in
            let third = Migration(version: 3, name: "third", sql: "SELECT 1")
            try Migrations(component: "payroll", [Self.first, third]).apply(on: connection)
            #expect(throws: MigrationError.late(component: "payroll", version: 2, applied: 3)) {
                try Migrations(component: "payroll", [Self.first, Self.second, third]).apply(on: connection)
            }
            #expect(throws: MigrationError.missing(component: "payroll", version: 1)) {
                try Migrations(component: "payroll", [third]).apply(on: connection)
            }
            #expect(throws: MigrationError.duplicate(component: "payroll", version: 1)) {
                try Migrations(component: "payroll", [Self.first, Self.first])
            }
        }
    }

    @Test func leavesNothingOfAFailingStep() async throws {
        try await withConnection { connection throws in
            let broken = Migration(version: 2, name: "broken", sql: "CREATE TABLE half (a int); SELECT nonsense")
            let error = #expect(throws: MigrationError.self) {
                try Migrations(component: "payroll", [Self.first, broken]).apply(on: connection)
            }
            #expect(error?.code == "GR-PG-108")
            #expect(try Migrations.version(of: "payroll", on: connection) == 1)
            #expect(try connection.query("SELECT 1 WHERE to_regclass('half') IS NULL").count == 1)
        }
    }

    @Test func refusesAStepThatEndsItsTransaction() async throws {
        try await withConnection { connection throws in
            let step = Migration(version: 1, name: "commits", sql: "COMMIT")
            #expect(throws: MigrationError.transactionEnded(component: "payroll", version: 1)) {
                try Migrations(component: "payroll", [step]).apply(on: connection)
            }
        }
    }

    @Test func letsRunnersThatStartTogetherApplyEachStepOnce() async throws {
        try await withTestDatabase { url in
            let slow = (1...6).map { number in
                Migration(
                    version: number, name: "s\(number)", sql: "SELECT pg_sleep(0.02); CREATE TABLE t\(number) (a int)")
            }
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let connection = try connect(url) { $0.lockTimeoutMilliseconds = 10 }
                        return try Migrations(component: "payroll", slow).apply(on: connection).map(\.version)
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == [1, 2, 3, 4, 5, 6])
        }
    }

    @Test func readsVersionAndNameFromAFilesName() {
        let step = Migration(fileName: "012_pay_lines.sql", sql: "x")
        #expect(step == Migration(version: 12, name: "pay_lines", sql: "x"))
        #expect(Migration(fileName: "README.md", sql: "") == nil)
        #expect(Migration(fileName: "x_1.sql", sql: "") == nil)
        #expect(Migration(fileName: "000_x.sql", sql: "") == nil)
    }
}

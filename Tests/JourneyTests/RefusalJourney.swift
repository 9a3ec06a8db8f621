import Foundation
import Postgres
import TestServers
import Testing

@testable import Operator

extension Journeys {
    /// Bad input and a bad environment: a clear message with a stable code, no crash report, the record kept.
    @Suite(.serialized, .timeLimit(.minutes(5))) struct Refusals {
        static let services = ["intake", "scoring", "payroll", "notifications"]

        @Test(arguments: services) func everyWrongSettingIsNamedAtOnce(service: String) throws {
            let outcome = try Self.run(
                service, ["GRADUS_HTTP_PORT": "many", "GRADUS_KAFKA_BROKER": "localhost:1", "GRADUS_LOG_LEVEL": "loud"])
            #expect(outcome.status == 78)
            for key in ["GRADUS_HTTP_PORT", "GRADUS_KAFKA_BROKER", "GRADUS_LOG_LEVEL", "database.url", "kafka.brokers"]
            {
                #expect(outcome.errors.contains(key), "\(key) in: \(outcome.errors)")
            }
            expectPlain(outcome)
        }

        @Test func aStoreThatIsAwayIsSaid() async throws {
            try await journey {
                let outcome = try Self.gradus(["migrate"], database: "postgresql://nobody@127.0.0.1:1/gradus")
                #expect(outcome.status == 69)
                expectPlain(outcome)
                #expect(outcome.errors.contains("GR-"))
            }
        }

        @Test func aBrokerThatIsAwayIsSaid() async throws {
            try await journey {
                let outcome = try Self.gradus(["topics", "create"], database: "postgresql://nobody@127.0.0.1:1/gradus")
                #expect(outcome.status == 69)
                expectPlain(outcome)
            }
        }

        @Test(arguments: services) func aServiceWithoutStoreAndBrokerIsNotReadyOrSaysWhyItEnded(service: String)
            async throws
        {
            try await journey {
                let folder = FileManager.default.temporaryDirectory
                let process = try ServiceProcess(
                    service, name: "lonely-\(service)-\(UUID().uuidString.prefix(6))", folder: folder,
                    environment: Self.settings(service).merging([
                        "GRADUS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/gradus",
                        "GRADUS_KAFKA_BROKERS": "127.0.0.1:1",
                    ]) { $1 })
                defer { try? FileManager.default.removeItem(at: process.log) }
                try process.start()
                Thread.sleep(forTimeInterval: 4)
                if process.isAlive {
                    let ready = try Command(
                        program: "/usr/bin/curl", arguments: ["-s", "-m", "10", process.address + "/readyz"]
                    ).run(seconds: 20)
                    #expect(ready.output.contains("false"), "\(ready.everything)")
                    #expect(try process.terminate() == 0)
                } else {
                    #expect(try process.waitForEnd(seconds: 5) == 69, "\(process.tail)")
                    #expect(process.tail.contains("GR-"))
                }
                #expect(!process.tail.contains("Fatal error"))
            }
        }

        @Test func aStoreOfANewerReleaseIsNotMigrated() async throws {
            try await journey {
                let server = try PostgresServer()
                let broker = try KafkaBroker.mock(topics: Site.mockTopics)
                let site = try Site(server: server, broker: broker, database: "newer", isStatic: false)
                try site.gradus("migrate")
                let connection = try site.connection()
                try connection.run(
                    script: """
                        INSERT INTO public.gradus_migration (component, version, name, checksum)
                        SELECT component, 999, 'from the future', checksum FROM (
                            SELECT DISTINCT ON (component) component, checksum FROM public.gradus_migration) known
                        """)
                connection.close()
                let outcome = try site.tryGradus(["migrate"])
                #expect(outcome.status != 0)
                #expect(outcome.errors.contains("GR-") && outcome.errors.contains("999"), "\(outcome.everything)")
                expectPlain(outcome)
            }
        }

        @Test func twoVersionsOfASchemeCannotHoldOnOneDay() async throws {
            try await journey {
                let site = try Site(
                    server: PostgresServer(), broker: .mock(topics: Site.mockTopics), database: "overlap",
                    isStatic: false)
                try site.prepare()
                let pack = site.folder.appending(path: "pack")
                try FileManager.default.copyItem(
                    at: Site.checkout.appending(path: "deploy/schemes/\(Site.schemes[0])"), to: pack)
                let file = pack.appending(path: "scheme.yaml")
                let text = try String(contentsOf: file, encoding: .utf8)
                try Data(text.replacing(/(?m)^version: *1 *$/, with: "version: 2").utf8).write(to: file)
                let outcome = try site.tryGradus(["scheme", "publish", pack.path])
                #expect(outcome.status != 0)
                #expect(outcome.errors.contains("GR-"), "\(outcome.everything)")
                expectPlain(outcome)
                #expect(try site.number("SELECT count(*) FROM reference.scheme") == 2)
            }
        }

        static func run(_ service: String, _ environment: [String: String]) throws -> Command.Outcome {
            try Command(
                program: Command.programs.appending(path: "gradus-\(service)").path, arguments: [],
                environment: environment
            ).run(seconds: 30)
        }

        static func gradus(_ words: [String], database: String) throws -> Command.Outcome {
            try Command(
                program: Command.programs.appending(path: "gradus").path, arguments: words,
                environment: ["GRADUS_DATABASE_URL": database, "GRADUS_KAFKA_BROKERS": "127.0.0.1:1"]
            ).run(seconds: 60)
        }

        static func settings(_ service: String) -> [String: String] {
            guard service == "intake" else { return [:] }
            return ["GRADUS_SOURCES_FILE": Site.checkout.appending(path: "deploy/local/sources.yaml").path]
        }
    }
}

/// No stack, no crash report, no secret: something that a person on duty can read.
func expectPlain(_ outcome: Command.Outcome, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(outcome.status < 128, "ended by a signal", sourceLocation: sourceLocation)
    for word in ["Fatal error", "Thread 0", "backtrace", "💣"] {
        #expect(!outcome.everything.contains(word), "\(outcome.everything)", sourceLocation: sourceLocation)
    }
}

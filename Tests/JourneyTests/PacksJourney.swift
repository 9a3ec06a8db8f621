import Contracts
import Domain
import Foundation
import Kafka
import Postgres
import Synchronization
import TestServers
import Testing

@testable import Operator
@testable import Schemes

extension Journeys {
    /// The examples of every scheme pack, through the doors of a running installation.
    @Suite(.serialized, .timeLimit(.minutes(10))) struct Packs {
        @Test func everyExampleOfEveryPackComesOutOfTheServicesAsInMemory() async throws {
            try await journey {
                let clock = ContinuousClock.now
                let plan = try PackPlan(Self.packs)
                print("packs: planned after \(ContinuousClock.now - clock)")
                let site = try Site(server: PostgresServer(), broker: .development(), database: "packs")
                let play = try PackPlay(plan, on: site)
                try play.run()
                print("packs: \(play.summary), \(ContinuousClock.now - clock)")
                #expect(play.played == plan.groups.reduce(0) { $0 + $1.cases.count })
                #expect(play.played > 20 * plan.leftOut.count, "\(plan.leftOut)")
                try play.release()
                for failure in play.failures { Issue.record("\(failure)") }
                try site.gradus("audit")
                // The roles that notices are for have no holders here: that alone may be rejected.
                let letters = try play.rejected().filter { !$0.contains("GR-NOTE-103") }
                #expect(letters.isEmpty, "\(letters)")
                try site.stop()
            }
        }

        /// All but the small examples of single shapes.
        private static var packs: [URL] {
            get throws {
                let root = Site.checkout.appending(path: "deploy/schemes")
                let manager = FileManager.default
                return try manager.contentsOfDirectory(atPath: root.path).sorted().filter { $0 != "examples" }
                    .flatMap { institution -> [URL] in
                        let folder = root.appending(path: institution)
                        let names = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
                        return names.sorted().map { folder.appending(path: $0) }
                    }
                    .filter { manager.fileExists(atPath: $0.appending(path: "scheme.yaml").path) }
            }
        }
    }
}

/// Plays a plan: everything known goes in first; then all groups close, answer and pay in step.
final class PackPlay {
    private let plan: PackPlan
    private let site: Site
    private let world: PackWorld
    private(set) var failures: [String] = []
    private(set) var played = 0
    private var closes = 0
    private var decisions = 0
    private var runs = 0
    /// The last month of each institution that was paid.
    private var paid: [String: Period] = [:]

    init(_ plan: PackPlan, on site: Site) throws {
        self.plan = plan
        self.site = site
        try site.gradus("migrate")
        try site.gradus(["topics", "create"] + Site.sourceTopics.flatMap { ["--also", $0] })
        let folder = site.folder.appending(path: "packs")
        try site.gradus(["scheme", "publish"] + plan.groups.map { try $0.write(below: folder) })
        try site.start()
        world = try PackWorld(site)
    }

    var summary: String {
        "\(played) tests in \(plan.groups.count) institutions, \(closes) closes, \(runs) pay runs, "
            + "\(plan.leftOut.count) left out"
    }

    func run() throws {
        try sendFacts()
        for group in plan.groups {
            for one in group.cases {
                one.expectations.expectAtOnce(try world.effects(of: one, in: group))
                if one.moments.isEmpty { try end(one, group) }
            }
        }
        let rounds = plan.groups.map(\.rounds)
        for number in 0..<(rounds.map(\.count).max() ?? 0) {
            let now = zip(plan.groups, rounds).compactMap { $1.count > number ? ($0, $1[number]) : nil }
            try play(now)
        }
    }

    private func sendFacts() throws {
        let writer = try EventWriter(site.broker.configuration())
        let records = plan.groups.map { PackRecords(group: $0) }
        try writer.write(records.flatMap(\.reference))
        try site.settle()
        try writer.write(records.flatMap(\.facts))
        try site.settle()
        let rejected = try site.number("SELECT count(*) FROM intake.dead_letter")
        guard rejected == 0 else {
            throw Command.Failure(description: "Intake rejected \(rejected): \(try site.gradus("deadletters", "list"))")
        }
        try world.look()
    }

    // MARK: One round

    private typealias Decided = (group: PackGroup, turn: PackGroup.Turn, task: UUID128?)

    private func play(_ round: [(PackGroup, PackGroup.Round)]) throws {
        var closing: [(group: PackGroup, period: Period)] = []
        var decided: [Decided] = []
        for (group, action) in round {
            switch action {
            case .close(let period): closing.append((group, period))
            case .answers(let answers):
                for turn in answers {
                    let open = try world.openTasks(of: turn.playing, in: group)
                    let task = open.first { $0.task == turn.answer.task && $0.subject == turn.playing.run.subject }
                    decided.append((group, turn, task?.id))
                }
            }
        }
        try send(decided)
        try inParallel(
            closing.map { ["period", "close", "--institution", $0.group.institution, "--period", "\($0.period)"] })
        try site.settle()
        try world.look()
        try pay(closing)
        for (_, turn, task) in decided {
            let actual = try task.map { try world.isOpen($0) ? "refused" : "accepted" } ?? "no such task"
            turn.playing.expectations.compare(turn.answer.what, actual, turn.answer.gives)
        }
        for (group, period) in closing { try judge(group, period) }
        for (group, turn, _) in decided where turn.isLast { try end(turn.playing, group) }
        closes += closing.count
    }

    private func judge(_ group: PackGroup, _ period: Period) throws {
        for one in group.cases {
            for (number, moment) in one.moments.enumerated() {
                guard case .close(period, let expected) = moment else { continue }
                if let expected {
                    let seen = try world.observation(of: one, in: group, period, for: expected)
                    one.expectations.expect(seen, expected, "\(period)")
                }
                if number == one.moments.count - 1 { try end(one, group) }
            }
        }
    }

    private func end(_ one: PackCase, _ group: PackGroup) throws {
        one.expectations.expectEnd(
            openTasks: try world.openTasks(of: one, in: group), statuses: try world.statuses(of: one, in: group),
            grades: try world.grades(of: one, in: group))
        played += 1
        failures += one.expectations.failures.map { "\(one.title) [\(group.institution) \(one.prefix)]: \($0)" }
    }

    // MARK: Decisions and pay

    private func send(_ decided: [Decided]) throws {
        let events = decided.compactMap { decision -> String? in
            guard let task = decision.task else { return nil }
            decisions += 1
            return PackRecords(group: decision.group)
                .decision(decision.turn.answer, decision.turn.playing, task: "\(task)", number: decisions)
        }
        guard !events.isEmpty else { return }
        let outcome = try Command(
            program: "/usr/bin/curl",
            arguments: [
                "-sS", "-m", "60", "-H", "Authorization: Bearer \(Site.clerk)",
                "-H", "Content-Type: application/cloudevents-batch+json", "-d", "[\(events.joined(separator: ","))]",
                try site.named("intake").address + "/v1/facts",
            ]
        ).run()
        guard outcome.status == 0, outcome.output.contains(#""rejected":0"#) else {
            throw Command.Failure(description: "Intake answered \(outcome.everything)")
        }
    }

    /// Opens the run of each month in which a period was closed that is paid, and those between that pay nothing.
    private func pay(_ closing: [(group: PackGroup, period: Period)]) throws {
        var waiting = closing.filter { $0.group.expectsPay && $0.period.kind == $0.group.scheme.basePeriod }
            .map { (institution: $0.group.institution, month: Period(.month, containing: $0.period.last)) }
        while !waiting.isEmpty {
            let due = waiting.map { paying in
                (institution: paying.institution, month: paid[paying.institution]?.next ?? paying.month)
            }
            try inParallel(
                due.map { ["run", "open", "--no-wait", "--institution", $0.institution, "--month", "\($0.month)"] })
            for run in due { paid[run.institution] = run.month }
            runs += due.count
            try world.waitForRuns()
            waiting.removeAll { paid[$0.institution].map { $0.first } ?? .earliest >= $0.month.first }
        }
    }

    /// Approves and releases the first run of every institution; what is published must be what was calculated.
    func release() throws {
        let first = try world.firstRuns()
        for step in ["approve", "release"] {
            try inParallel(
                first.map { ["run", step, "--institution", $0.institution, "--month", $0.month] }, by: Site.approver)
        }
        try site.settle()
        try world.comparePublishedLines { failures.append($0) }
    }

    /// What the services could not apply, by reason.
    func rejected() throws -> [String] {
        try ["intake", "scoring", "payroll", "notices"].flatMap { try world.rejected(by: $0) }
    }

    private func inParallel(_ commands: [[String]], by token: String = Site.clerk) throws {
        let queue = Queue(commands)
        let done = DispatchGroup()
        for _ in 0..<min(4, commands.count) {
            done.enter()
            startThread { [site] in
                while let words = queue.rest.withLock({ $0.popFirst() }) {
                    do { try site.gradus(words, by: token, seconds: 90) } catch {
                        queue.failure.withLock { $0 = "\(error)" }
                    }
                }
                done.leave()
            }
        }
        done.wait()
        if let text = queue.failure.withLock({ $0 }) { throw Command.Failure(description: text) }
    }

    /// Commands that some threads share.
    private final class Queue: Sendable {
        let rest: Mutex<ArraySlice<[String]>>
        let failure = Mutex<String?>(nil)

        init(_ commands: [[String]]) { rest = Mutex(commands[...]) }
    }
}

import Domain
import Postgres
import Schemes
import TestServers
import Testing

@testable import Scoring

/// Panels, waivers and other forms of decisions in the real store.
@Suite(.enabled(if: PostgresServer.isAvailable)) struct FormTests {
    private static let manager = Subject(institution: "examples", kind: .manager, id: "rm-001")

    private func fact(
        _ type: String, _ date: String, id: String = "", customer: String? = nil, amount: Int64? = nil,
        _ attributes: [String: String] = [:]
    ) -> Fact {
        Fact(
            id: DeterministicID.make("form", type, date, id), subject: Self.manager, type: type,
            businessDate: day(date), occurredAt: Timestamp(startOf: day(date)).adding(seconds: 30_000),
            amount: amount.map { Quantity(tenThousandths: $0 * 10_000) }, unit: amount == nil ? nil : "CNY",
            customer: customer, source: "form", sourceID: "\(type)-\(date)-\(id)",
            attributes: attributes.mapValues(AttributeValue.text))
    }

    private func firstTask(_ scheme: Scheme, _ name: String, _ cause: Fact) -> UUID128 {
        DeterministicID.make("task", [scheme.id, name, Self.manager.description, cause.id.description, "0"])
    }

    private func nextTask(_ scheme: Scheme, _ task: UUID128, _ step: Int) -> UUID128 {
        DeterministicID.make("task-step", scheme.id, task.description, String(step))
    }

    private func vote(_ task: UUID128, _ option: String, _ date: String, _ person: String) -> Fact {
        fact("decision.made", date, id: person, ["task": task.description, "decision": option, "by": person])
    }

    @Test func aPanelDecidesTheSameInEveryOrderOfVotesAndSizeOfBatches() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/panel")
        let filed = fact("application.filed", "2026-03-02", ["grade": "senior"])
        let first = firstTask(scheme, "grade review", filed)
        let panel = nextTask(scheme, first, 1)
        let passed = vote(first, "pass", "2026-03-03", "u-0")
        var votes = [("u-1", "agree"), ("u-2", "oppose"), ("u-3", "agree"), ("u-4", "agree"), ("u-5", "agree")]
            .enumerated().map { vote(panel, $1.1, "2026-03-0\(4 + $0)", $1.0) }
        votes.append(Story.reversal(of: vote(panel, "oppose", "2026-03-04", "u-9")))
        votes.append(vote(panel, "oppose", "2026-03-04", "u-9"))
        var outcomes: Set<[String]> = []
        for seed in 0..<6 {
            var random = SeededNumbers(seed: UInt64(seed))
            var log = FactLog(partitions: 1)
            log.publish(scheme)
            let rest = seed == 0 ? [filed, passed] + votes : ([filed, passed] + votes).shuffled(using: &random)
            for fact in rest { log.append(fact) }
            let told = log
            let outcome = try await withTestDatabase { url in
                let bank = try Bank(url, told, schemes: [(scheme, bundle)])
                try bank.read(batch: [1, 3, 100][seed % 3])
                // A vote that is undone after the verdict is undone with it, so what was told differs; what stands does not.
                return try bank.dump().filter { !$0.hasPrefix("aggregate") && !$0.hasPrefix("event") }
            }
            #expect(outcome.contains { $0.hasPrefix("grade|") && $0.contains("senior|2026-04-01|held") })
            outcomes.insert(outcome)
        }
        #expect(outcomes.count == 1)
    }

    @Test func undoingADecisionUndoesWhatItBroughtAboutAndTheNextOneAnswers() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/panel")
        let filed = fact("application.filed", "2026-03-02", ["grade": "senior"])
        let first = firstTask(scheme, "grade review", filed)
        let passed = vote(first, "pass", "2026-03-03", "u-0")
        let again = vote(first, "pass", "2026-03-03", "u-00")
        let votes = ["u-1", "u-2", "u-3", "u-4", "u-5"].map {
            vote(nextTask(scheme, first, 1), "agree", "2026-03-05", $0)
        }
        let undoing = Story.reversal(of: passed)
        let stories: [(facts: [Fact], holds: Bool)] = [
            ([filed, passed] + votes, true),
            ([filed, passed] + votes + [undoing], false),
            ([filed, passed] + votes + [undoing, again], true),
            ([filed, undoing, passed] + votes, false),
            ([undoing, passed, again] + votes + [filed], true),
            ([filed, passed, again] + votes + [undoing], true),
            ([filed, passed] + votes + [Story.reversal(of: votes[0]), Story.reversal(of: votes[1])], false),
        ]
        for (number, story) in stories.enumerated() {
            var log = FactLog(partitions: 1)
            log.publish(scheme)
            for fact in story.facts { log.append(fact) }
            let told = log
            for batch in [1, 100] {
                try await withTestDatabase { url in
                    let bank = try Bank(url, told, schemes: [(scheme, bundle)])
                    try bank.read(batch: batch)
                    let held = try bank.count("SELECT count(*) FROM scoring.grade WHERE state = 'held'")
                    #expect(held == (story.holds ? 1 : 0), "story \(number), batches of \(batch)")
                    let open = try bank.count("SELECT count(*) FROM scoring.task WHERE state = 'open'")
                    #expect(open == (story.holds ? 0 : 1), "story \(number), batches of \(batch)")
                }
            }
        }
    }

    @Test func whatAQuorumDecidedAtACloseSurvivesARevisionOfThatClose() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/panel")
        let filed = fact("application.filed", "2026-03-02", ["grade": "middle"])
        let first = firstTask(scheme, "grade review", filed)
        let panel = nextTask(scheme, first, 1)
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(filed)
        log.append(vote(first, "pass", "2026-03-03", "u-0"))
        for person in ["u-1", "u-2", "u-3"] { log.append(vote(panel, "agree", "2026-03-04", person)) }
        log.close(scheme, month("2026-03"))
        log.append(fact("competition.entered", "2026-03-20"))
        log.close(scheme, month("2026-04"))
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            #expect(try bank.count("SELECT count(*) FROM scoring.grade WHERE grade = 'middle' AND state = 'held'") == 1)
            #expect(try bank.count("SELECT count(*) FROM scoring.grade") == 1)
            let decided = "SELECT count(*) FROM scoring.task WHERE state = 'decided' AND decision = 'agree'"
            #expect(try bank.count(decided) == 1)
        }
    }

    @Test func aWaiverOfYearsAgoStillHoldsAndAReversalOfItBringsTheFindingBack() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/waiver")
        let granted = fact(
            "exception.granted", "2024-06-03",
            ["rule": "training", "approver": "hr", "reason": "leave", "until": "2026-12-31"])
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(granted)
        log.append(fact("training.attended", "2026-05-04", amount: 2))
        log.close(scheme, month("2026"))
        log.append(Story.reversal(of: granted))
        log.close(scheme, month("2027"))
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let raised = "SELECT event FROM scoring.finding WHERE state = 'raised' AND period = '2026'"
            let events = try bank.connection.query(raised).map { try $0.text(0) }
            #expect(events.count == 1)
            #expect(events.allSatisfy { !$0.contains("waived by") })
            let withdrawn =
                "SELECT count(*) FROM scoring.finding WHERE state = 'withdrawn' AND event LIKE '%waived by hr%'"
            #expect(try bank.count(withdrawn) == 1)
        }
    }

    @Test func aUnitIsJudgedByItsOwnProfileAndItsOwnPeople() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/staffing")
        let unit = Subject(institution: "examples", kind: .unit, id: "u-1")
        func told(_ type: String, _ id: String, _ attributes: [String: String]) -> Fact {
            var fact = fact(type, "2026-01-05", id: id, attributes)
            fact.subject = unit
            return fact
        }
        var log = FactLog(partitions: 2)
        log.publish(scheme)
        log.append(told("unit.profile", "0", ["kind": "wealth-centre"]))
        for number in 1...7 {
            log.append(
                told("staff.posted", "\(number)", ["person": "p-\(number)", "role": "wealth", "certificate": "CFP"]))
        }
        log.close(scheme, month("2026-01"))
        let complete = log
        try await withTestDatabase { url in
            let bank = try Bank(url, complete, schemes: [(scheme, bundle)])
            try bank.read(batch: 3)
            let raised = try bank.connection.query(
                "SELECT rule FROM scoring.finding WHERE state = 'raised' ORDER BY rule")
            #expect(try raised.map { try $0.text(0) } == ["S31.R4", "S31.R5"])
            #expect(try bank.count("SELECT count(*) FROM scoring.aggregate WHERE grp LIKE 'p-1%wealth%CFP'") == 1)
        }
    }

    @Test func aListedContactRollsOverOnceAndThenGoesToTheHeadUnlessTheFactIsUndone() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/work-list")
        let listed = fact("contact.listed", "2026-03-06", customer: "c-1", ["product": "fund"])
        for isUndone in [false, true] {
            var log = FactLog(partitions: 1)
            log.publish(scheme)
            log.append(listed)
            log.close(scheme, month("2026-03-06"))
            log.close(scheme, month("2026-03-09"))
            if isUndone { log.append(Story.reversal(of: listed)) }
            let told = log
            try await withTestDatabase { url in
                let bank = try Bank(url, told, schemes: [(scheme, bundle)])
                try bank.read(batch: 10)
                let open = try bank.connection.query("SELECT role FROM scoring.task WHERE state = 'open' ORDER BY role")
                #expect(try open.map { try $0.text(0) } == (isUndone ? [] : ["manager", "outlet-head"]))
                let rolled = "SELECT count(*) FROM scoring.task WHERE state = 'decided' AND decision = 'rolled over'"
                #expect(try bank.count(rolled) == (isUndone ? 0 : 1))
            }
        }
    }

    @Test func aReserveIsWorkedOutAgainWhenWhatReleasedItIsUndone() async throws {
        let (scheme, bundle) = try TestSchema.pack("examples/loan-reserve")
        var repaid = fact("loan.repaid", "2026-02-10", ["loan": "l-1"])
        repaid.attributes["in full"] = .flag(true)
        var log = FactLog(partitions: 1)
        log.publish(scheme)
        log.append(fact("pay.credited", "2026-01-10", amount: 1_000, ["loan": "l-1"]))
        log.append(repaid)
        log.close(scheme, month("2026-02"))
        log.append(Story.reversal(of: repaid))
        log.close(scheme, month("2026-03"))
        let told = log
        try await withTestDatabase { url in
            let bank = try Bank(url, told, schemes: [(scheme, bundle)])
            try bank.read(batch: 100)
            let rows = try bank.connection.query(
                """
                SELECT period || '/' || revision || ': ' || (figures::json ->> 'paid out again') || ' ' ||
                    (figures::json ->> 'fund') FROM scoring.result ORDER BY period, revision
                """)
            #expect(try rows.map { try $0.text(0) } == ["2026-02/1: 200 0", "2026-02/2: 0 200", "2026-03/1: 0 200"])
        }
    }
}

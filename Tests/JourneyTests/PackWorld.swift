import Contracts
import Domain
import Foundation
import Kafka
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores
import TestServers

@testable import Operator
@testable import Schemes

/// What the store and the topics of a site hold about the tests that it plays.
final class PackWorld {
    let site: Site
    private let connection: Connection
    private let library = SchemeLibrary()
    private var scores: TopicTail
    /// What the services brought about since the last look, by institution.
    private var events: [String: [TopicReader.Event]] = [:]

    init(_ site: Site) throws {
        self.site = site
        connection = try site.connection()
        scores = try TopicTail(site.broker.configuration(), topic: Topic.scores.name)
    }

    /// Reads what was published since the last call.
    func look() throws {
        events = [:]
        for event in try scores.next() {
            let institution = String(event.key.split(separator: "/").first ?? "")
            events[institution, default: []].append(event)
        }
    }

    // MARK: What came about

    /// The effects since the last look that concern a test, under the test's own names.
    func effects(of one: PackCase, in group: PackGroup) throws -> [Effect] {
        try (events[group.institution] ?? []).filter { Self.concerns($0.key, one) }.compactMap { event in
            let text = String(decoding: event.value, as: UTF8.self)
            switch EventType(rawValue: event.type) {
            case .findingRaised: return finding(try JSONText.decode(FindingEvent.self, text), one).map { .finding($0) }
            case .taskRequested: return try task(try JSONText.decode(TaskEvent.self, text).id, one).map { .task($0) }
            case .statusChanged: return status(try JSONText.decode(StatusEvent.self, text), one).map { .status($0) }
            case .gradeProposed, .gradeDecided:
                let isDecided = EventType(rawValue: event.type) == .gradeDecided
                return grade(try JSONText.decode(GradeEvent.self, text), isDecided, one).map { .grade($0) }
            case .noticeRequested:
                return notice(try JSONText.decode(Contracts.NoticeRequest.self, text), one).map { .notice($0) }
            default: return nil
            }
        }
    }

    /// The key is the subject, or for a notice about everybody the institution.
    private static func concerns(_ key: String, _ one: PackCase) -> Bool {
        one.prefix.isEmpty || (key.split(separator: "/").last?.hasPrefix(one.prefix) ?? false)
    }

    private func finding(_ event: FindingEvent, _ one: PackCase) -> Finding? {
        guard let subject = one.original(event.subject) else { return nil }
        let amount = event.amount.flatMap { Money(amountText: $0, event.currency ?? .cny) }
        return Finding(
            id: event.id, subject: subject, element: "", rule: event.rule, clause: event.clause, date: event.date,
            period: event.period, amount: amount, fund: event.fund, fact: event.fact, text: Self.noText, waiver: nil)
    }

    /// The event says what the task is about; its name and what it proposes stand in the store.
    private func task(_ id: UUID128, _ one: PackCase) throws -> TaskRequest? {
        let rows = try connection.query("SELECT request FROM scoring.task WHERE id = $1", [.uuid(id)])
        guard let text = try rows.first?.text(0), !text.isEmpty else { return nil }
        return named(try JSONText.decode(TaskRequest.self, text), one)
    }

    private func named(_ task: TaskRequest, _ one: PackCase) -> TaskRequest? {
        guard let subject = one.original(task.subject) else { return nil }
        return TaskRequest(
            id: task.id, subject: subject, rule: task.rule, clause: task.clause, task: task.task, step: task.step,
            role: task.role, unit: task.unit, dueAt: task.dueAt, options: task.options, text: task.text,
            fact: task.fact, context: task.context.mapValues { one.original($0) })
    }

    private func status(_ event: StatusEvent, _ one: PackCase) -> StatusChange? {
        // "active" is how the withdrawal of a status is told.
        guard event.status != "active", let subject = one.original(event.subject) else { return nil }
        return StatusChange(
            id: event.id, subject: subject, status: event.status, from: event.from, rule: event.rule,
            clause: event.clause, fact: event.fact)
    }

    private func grade(_ event: GradeEvent, _ isDecided: Bool, _ one: PackCase) -> GradeChange? {
        guard let subject = one.original(event.subject) else { return nil }
        return GradeChange(
            id: event.id, subject: subject, ladder: event.ladder, from: event.from, to: event.to,
            effectiveFrom: event.effectiveFrom, decided: isDecided, rule: event.rule, clause: event.clause,
            reason: Self.noText, task: event.task)
    }

    /// A notice about everybody belongs to a test only where the test is alone.
    private func notice(_ event: Contracts.NoticeRequest, _ one: PackCase) -> Schemes.NoticeRequest? {
        let subject = event.subject.map { one.original($0) }
        if case .some(.none) = subject { return nil }
        guard event.subject != nil || one.prefix.isEmpty else { return nil }
        return Schemes.NoticeRequest(
            id: event.id, subject: subject.flatMap { $0 }, notice: event.values["notice"] ?? "", rule: event.rule,
            clause: event.clause, audience: .init(kind: .manager), channels: [], values: event.values,
            rows: event.rows, dueAt: event.dueAt)
    }

    private static let noText = Schemes.BilingualText(zh: "", en: "")

    // MARK: A close

    /// What a close showed of a test's subject, as far as the test expects something of it.
    func observation(of one: PackCase, in group: PackGroup, _ period: Period, for expected: Fields) throws
        -> TestObservation
    {
        var seen = TestObservation()
        let subject = subject(of: one, in: group)
        try readResult(subject, group, period, expected.fields("figures")?.keys.map(\.text) ?? [], &seen)
        if ["fines", "findings", "funds", "waived"].contains(where: { expected.has($0) }) {
            for row in try rows("SELECT f.event FROM scoring.finding f", "f.state = 'raised'", one, group) {
                let event = try JSONText.decode(FindingEvent.self, try row.text(0))
                if let finding = finding(event, one) { seen.findings.append(finding) }
            }
        }
        // A task that was asked for before is published once; that this close asks for it, too, stands in its result.
        let published = try effects(of: one, in: group)
        let known = Set(published.map(\.id))
        seen.effects = published + (try recorded(one, group, period)).filter { !known.contains($0.id) }
        if period.kind == group.scheme.basePeriod { seen.pay = try pay(subject, group, period) }
        return seen
    }

    /// The tasks in the results of a period.
    private func recorded(_ one: PackCase, _ group: PackGroup, _ period: Period) throws -> [Effect] {
        let texts = try connection.query(
            """
            SELECT DISTINCT ON (r.subject) r.effects FROM scoring.result r JOIN scoring.subject s ON s.no = r.subject
            WHERE s.institution = $1 AND starts_with(s.id, $2) AND r.period = $3 ORDER BY r.subject, r.revision DESC
            """, [.text(group.institution), .text(one.prefix), .text(period.description)])
        return try texts.flatMap { row in
            try JSONText.decode([EffectRecord].self, try row.text(0)).compactMap { record in
                guard case .task(_, let request) = record else { return nil }
                return named(request, one).map { .task($0) }
            }
        }
    }

    private func readResult(
        _ subject: Subject, _ group: PackGroup, _ period: Period, _ names: [String], _ seen: inout TestObservation
    ) throws {
        let rows = try connection.query(
            """
            SELECT r.score, r.grade, r.figures, r.across, r.gaps, r.version, r.cut_offset FROM scoring.result r
            JOIN scoring.subject s ON s.no = r.subject
            WHERE s.institution = $1 AND s.kind = $2 AND s.id = $3 AND r.period = $4 ORDER BY r.revision DESC LIMIT 1
            """,
            [
                .text(subject.institution), .text(subject.kind.rawValue), .text(subject.id),
                .text(period.description),
            ])
        guard let row = rows.first else { return }
        seen.score = try row.optionalText(0)
        seen.grade = try row.optionalText(1)
        seen.figures = try JSONText.texts(try row.bytes(2)).merging(try JSONText.texts(try row.bytes(3))) { own, _ in
            own
        }
        seen.gaps = try JSONText.decode([GapRecord].self, try row.text(4)).map(\.figure)
        // What is not published is worked out again from what is stored, as `gradus explain` does.
        guard names.contains(where: { seen.figures[$0] == nil }) else { return }
        let inputs = RecordedInputs(connection, library)
        let version = Int(try row.int4(5))
        let name = "\(group.institution)/\(group.scheme.id.split(separator: "/").last ?? "")"
        let scheme = try library.scheme(name, version: version, on: connection).get()
        guard let place = try inputs.place(of: subject) else { return }
        let evaluation = scheme.evaluate(
            try inputs.inputs(scheme, period, place, before: try row.int8(6)), tracing: false)
        for name in names where seen.figures[name] == nil { seen.figures[name] = evaluation.text(of: name) }
    }

    private func pay(_ subject: Subject, _ group: PackGroup, _ period: Period) throws -> TestObservation.Pay? {
        let month = Period(.month, containing: period.last)
        let result = try connection.query(
            "SELECT 1 FROM payroll.input WHERE subject = $1 AND period = $2",
            [.text(subject.description), .text(period.description)])
        let statements = try connection.query(
            """
            SELECT s.payable, s.carried_out FROM payroll.statement s JOIN payroll.run r ON r.id = s.run
            WHERE r.institution = $1 AND r.month = $2 AND s.subject = $3
            """, [.text(group.institution), .text(month.description), .text(subject.description)])
        // Who has a result, but nothing due, gets no statement: that is a pay of nothing.
        guard let statement = statements.first else { return result.isEmpty ? nil : TestObservation.Pay() }
        var pay = TestObservation.Pay()
        pay.net = try statement.int8(0)
        pay.carry = try statement.int8(1)
        let lines = try connection.query(
            """
            SELECT l.component, l.amount FROM payroll.line l JOIN payroll.run r ON r.id = l.run
            WHERE r.institution = $1 AND r.month = $2 AND l.subject = $3 AND l.earned = $4 ORDER BY l.ordinal
            """,
            [
                .text(group.institution), .text(month.description), .text(subject.description),
                .text(period.description),
            ])
        for line in lines {
            let amount = try line.int8(1)
            pay.lines.append((try line.text(0), amount))
            if amount > 0 { pay.gross += amount } else { pay.deductions -= amount }
        }
        return pay
    }

    /// Waits until every run that was opened is calculated.
    func waitForRuns() throws {
        var reasons: [String] = []
        do {
            try wait("the runs to be calculated", seconds: 30) {
                reasons = try connection.query(
                    "SELECT institution || ' ' || month || ': ' || coalesce(waiting, '') FROM payroll.run WHERE state = 'open'"
                ).map { try $0.text(0) }
                return reasons.isEmpty
            }
        } catch let failure as Command.Failure {
            throw Command.Failure(description: "\(failure): \(reasons)")
        }
    }

    /// The first run of every institution that pays.
    func firstRuns() throws -> [(institution: String, month: String)] {
        try connection.query("SELECT institution, min(month) FROM payroll.run GROUP BY 1 ORDER BY 1")
            .map { (try $0.text(0), try $0.text(1)) }
    }

    /// The lines of released runs, one by one, against those on the payroll topic.
    func comparePublishedLines(_ report: (String) -> Void) throws {
        var published: [String: String] = [:]
        try TopicReader(site.broker.configuration(), topic: Topic.payroll.name).read { event in
            guard EventType(rawValue: event.type) == .payLine || EventType(rawValue: event.type) == .payCorrection,
                let line = try? JSONSerialization.jsonObject(with: Data(event.value)) as? [String: Any]
            else { return }
            published[line["id"] as? String ?? ""] = line["amount"] as? String
        }
        let booked = try connection.query(
            """
            SELECT l.id::text, to_char(l.amount / 100.0, 'FM999999999990.00') FROM payroll.line l
            JOIN payroll.run r ON r.id = l.run WHERE r.state = 'released'
            """)
        for row in booked where published.removeValue(forKey: try row.text(0)) != (try row.text(1)) {
            report("line \(try row.text(0)) was not published with \(try row.text(1))")
        }
        if booked.isEmpty || !published.isEmpty { report("\(booked.count) lines booked, \(published.count) too many") }
    }

    func rejected(by service: String) throws -> [String] {
        try connection.query(
            "SELECT code || ' ' || detail, count(*) FROM \(service).dead_letter GROUP BY 1 ORDER BY 1"
        ).map { "\(service): \(try $0.int8(1)) times \(try $0.text(0))" }
    }

    // MARK: The end, and decisions

    func openTasks(of one: PackCase, in group: PackGroup) throws -> [TaskRequest] {
        try rows("SELECT f.request FROM scoring.task f", "f.state = 'open' ORDER BY f.id", one, group).compactMap {
            named(try JSONText.decode(TaskRequest.self, try $0.text(0)), one)
        }
    }

    func isOpen(_ task: UUID128) throws -> Bool {
        try !connection.query("SELECT 1 FROM scoring.task WHERE id = $1 AND state = 'open'", [.uuid(task)]).isEmpty
    }

    func statuses(of one: PackCase, in group: PackGroup) throws -> [StatusChange] {
        try rows("SELECT f.event FROM scoring.status f", "f.state = 'in force'", one, group).compactMap {
            status(try JSONText.decode(StatusEvent.self, try $0.text(0)), one)
        }
    }

    func grades(of one: PackCase, in group: PackGroup) throws -> [GradeHold] {
        let subject = subject(of: one, in: group)
        guard let place = try RecordedInputs(connection, library).place(of: subject) else { return [] }
        return try TaskStore(connection).grades(of: place.numbered.number)
            .sorted { ($0.from, $0.ladder) < ($1.from, $1.ladder) }
    }

    private func subject(of one: PackCase, in group: PackGroup) -> Subject {
        Subject(institution: group.institution, kind: one.run.subject.kind, id: one.named(one.run.subject.id))
    }

    private func rows(_ select: String, _ condition: String, _ one: PackCase, _ group: PackGroup) throws -> Rows {
        try connection.query(
            """
            \(select) JOIN scoring.subject s ON s.no = f.subject
            WHERE s.institution = $1 AND starts_with(s.id, $2) AND \(condition)
            """, [.text(group.institution), .text(one.prefix)])
    }
}

/// Reads a topic again and again, each time from where it stopped.
struct TopicTail {
    private let configuration: KafkaConfiguration
    private let topic: String
    private var positions: [Int32: Int64] = [:]

    init(_ configuration: KafkaConfiguration, topic: String) throws {
        self.configuration = configuration
        self.topic = topic
    }

    mutating func next() throws -> [TopicReader.Event] {
        var events: [TopicReader.Event] = []
        try TopicReader(configuration, topic: topic).read(from: positions) { event in
            positions[event.partition] = event.offset + 1
            events.append(event)
        }
        return events
    }
}

import Domain
import FEEL

/// One test of a pack: facts in, closes and answers in order, expectations compared.
struct TestRun {
    let scheme: Scheme
    let test: Fields
    let faults: FaultLog
    let facts: [Fact]
    let subject: Subject
    var store: MemoryStore
    var coverage = Coverage()
    var failures: [String] = []
    private var atOnce: [Effect] = []

    init(_ scheme: Scheme, _ test: Fields, background: [Fields], faults: FaultLog) {
        let id = test.text("subject")?.text ?? "rm-001"
        let holidays = Set(test.texts("holidays").compactMap { CalendarDate($0.text) })
        let calendar = WorkCalendar(holidays: holidays)
        var scheme = scheme
        if let with = test.fields("with") { scheme = scheme.overriding(with) }
        self.scheme = scheme
        self.test = test
        self.faults = faults
        subject = Subject(institution: scheme.institution, kind: scheme.subjectKind, id: id)
        let reader = FactLines(scheme: scheme, subject: id, calendar: calendar, faults: faults)
        let ignoresBackground = test.text("background")?.text == "none"
        facts = reader.facts((ignoresBackground ? [] : background) + test.list("facts"))
        store = MemoryStore(scheme, calendar: calendar)
    }

    /// Runs the test, then again with the facts in the opposite order, which must not change anything.
    mutating func run() -> [String] {
        let steps = test.list("then")
        let forward = outcome(steps, facts, expecting: true)
        let first = failures
        store = MemoryStore(scheme, calendar: store.calendar)
        let backward = outcome(steps, facts.reversed(), expecting: false)
        failures = first
        if forward != backward { failures.append("the facts in the opposite order give another result") }
        if let open = test.node("open tasks") {
            _ = open
            let expected = test.texts("open tasks").map(\.text).sorted()
            let actual = store.openTasks.values.map { "\($0.task): \($0.role)" }.sorted()
            compare("open tasks", actual.joined(separator: "; "), expected.joined(separator: "; "))
        }
        if test.node("statuses") != nil {
            let actual = store.statuses.values.filter { $0.subject == subject }.map(\.status).sorted()
            let expected = test.texts("statuses").map(\.text).sorted()
            compare("statuses", actual.joined(separator: "; "), expected.joined(separator: "; "))
        }
        expectGrades()
        expectGiven()
        expectPublishable()
        for step in steps { step.finish() }
        return failures
    }

    /// Everything that a run gave, to be compared with another run.
    private struct Outcome: Equatable {
        var effects: [Set<Effect>] = []
        var traces: [String] = []
        var lines: [[PayLine]] = []
        var answers: [Answer?] = []
    }

    private mutating func outcome(_ steps: [Fields], _ facts: [Fact], expecting: Bool) -> Outcome {
        atOnce = []
        for fact in facts { atOnce += store.add(fact) }
        coverage.note(atOnce)
        var outcome = Outcome()
        outcome.effects.append(Set(atOnce))
        if expecting, let expected = test.fields("at once") {
            expect(atOnce, expected, "at once")
            expected.finish()
        }
        for step in steps {
            if let text = step.text("close") { close(text, step, expecting, &outcome) }
            if step.has("answer"), let answer = step.fields("answer") {
                outcome.answers.append(self.answer(answer, expecting))
            }
        }
        return outcome
    }

    private mutating func close(_ text: Located, _ step: Fields, _ expecting: Bool, _ outcome: inout Outcome) {
        guard let period = Period(text.text) else {
            if expecting {
                faults.report(.wrongForm, at: text.place, "`\(text.text)` is not a period", "write for example 2026-03")
            }
            return
        }
        let close = store.close(period)
        let effects = close.evaluations.keys.sorted().flatMap { close.evaluations[$0]?.effects ?? [] }
        coverage.note(effects + (close.across?.effects ?? []))
        for evaluation in close.evaluations.values {
            coverage.note(evaluation.trace)
            coverage.note(evaluation.gaps)
        }
        if expecting, let expected = step.fields("expect") { expect(close, effects, expected, text.text) }
        for subject in close.evaluations.keys.sorted() {
            outcome.traces.append(close.evaluations[subject]?.trace?.json ?? "")
            outcome.lines.append(close.pay[subject]?.lines ?? [])
        }
        outcome.effects.append(Set(effects))
    }

    private mutating func answer(_ fields: Fields, _ expecting: Bool) -> Answer? {
        let task = fields.required("task")?.text ?? ""
        let date = SchemeHeader.date(fields, "date") ?? scheme.effectiveFrom
        let option = fields.required("decision")?.text ?? ""
        let gives = fields.text("gives")?.text ?? "accepted"
        let amount = fields.text("amount").flatMap { Quantity($0.text) }
        var attributes: [String: AttributeValue] = ["decision": .text(option)]
        for name in ["by", "opinion"] {
            if let text = fields.text(name) { attributes[name] = .text(text.text) }
        }
        let by = fields.text("by")?.text ?? ""
        fields.finish()
        let decision = Fact(
            id: DeterministicID.make("test-decision", task, option, date.description, by), subject: subject,
            type: "decision.made", businessDate: date, occurredAt: Timestamp(startOf: date), amount: amount,
            source: "test", sourceID: "", attributes: attributes)
        let answer = store.answer(task, with: decision)
        let actual: String =
            switch answer {
            case .effects: "accepted"
            case .refused: "refused"
            case nil: "no such task"
            }
        if expecting { compare("answer `\(option)` to \(task)", actual, gives) }
        return answer
    }

    // MARK: expectations

    mutating func compare(_ what: String, _ actual: String, _ expected: String) {
        if let left = Decimal128(actual), let right = Decimal128(expected), left == right { return }
        if actual != expected { failures.append("\(what): expected \(expected), got \(actual)") }
    }

    private mutating func expectGrades() {
        guard let expected = test.fields("grades") else { return }
        for key in expected.keys {
            let held = store.grades(of: subject).filter { $0.ladder == key.text }
            let actual = held.map { "\($0.grade) from \($0.from)" }.joined(separator: ", ")
            compare("grade on \(key.text)", actual, expected.text(key.text)?.text ?? "")
        }
    }

    private mutating func expectPublishable() {
        guard let expected = test.text("publishable") else { return }
        let broken = scheme.brokenConstraints(on: scheme.effectiveFrom)
        compare("publishable", broken.isEmpty ? "true" : "false", expected.text)
    }
}

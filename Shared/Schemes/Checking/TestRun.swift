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
    var expectations: TestExpectations
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
        expectations = TestExpectations(test: test, subject: subject)
    }

    /// Runs the test, then again with the facts in the opposite order, which must not change anything.
    mutating func run() -> [String] {
        let steps = test.list("then")
        let forward = outcome(steps, facts, expecting: true)
        let first = expectations
        store = MemoryStore(scheme, calendar: store.calendar)
        let backward = outcome(steps, facts.reversed(), expecting: false)
        expectations = first
        if forward != backward {
            expectations.failures.append("the facts in the opposite order give another result")
        }
        expectEnd()
        expectGiven()
        expectPublishable()
        for step in steps { step.finish() }
        return expectations.failures
    }

    /// Runs the test as it stands, closing further periods besides those it names, each in its place in the calendar.
    ///
    /// - Parameters:
    ///   - further: in the order of the calendar.
    ///   - known: facts that hold besides those of the test.
    /// - Returns: the differences; none when all this does not matter to what the test expects.
    mutating func run(closingAlso further: [Period], knowing known: [Fact] = []) -> [String] {
        var further = further[...]
        var outcome = Outcome()
        for fact in known { _ = store.add(fact) }
        for fact in facts { atOnce += store.add(fact) }
        expectations.expectAtOnce(atOnce)
        for step in test.list("then") {
            if let text = step.text("close"), let period = Period(text.text) {
                while let next = further.first, Period.comesEarlier(next, period) {
                    _ = store.close(next)
                    further = further.dropFirst()
                }
                if further.first == period { further = further.dropFirst() }
                close(text, step, true, &outcome)
            }
            if let answer = step.fields("answer") { _ = self.answer(answer, true) }
        }
        expectEnd()
        return expectations.failures
    }

    private mutating func expectEnd() {
        expectations.expectEnd(
            openTasks: Array(store.openTasks.values), statuses: Array(store.statuses.values),
            grades: store.grades(of: subject))
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
        if expecting { expectations.expectAtOnce(atOnce) }
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
        coverage.note(close.effects)
        for evaluation in close.evaluations.values {
            coverage.note(evaluation.trace)
            coverage.note(evaluation.gaps)
        }
        if expecting, let expected = step.fields("expect") {
            expectations.expect(TestObservation(close, subject, in: store), expected, text.text)
        }
        for subject in close.evaluations.keys.sorted() {
            outcome.traces.append(close.evaluations[subject]?.trace?.json ?? "")
            outcome.lines.append(close.pay[subject]?.lines ?? [])
        }
        outcome.effects.append(Set(close.effects))
    }

    private mutating func answer(_ fields: Fields, _ expecting: Bool) -> Answer? {
        let planned = TestAnswer(fields, of: scheme)
        let answer = store.answer(planned.task, with: planned.decision(of: subject))
        let actual: String =
            switch answer {
            case .effects: "accepted"
            case .refused: "refused"
            case nil: "no such task"
            }
        if expecting { compare(planned.what, actual, planned.gives) }
        return answer
    }

    mutating func compare(_ what: String, _ actual: String, _ expected: String) {
        expectations.compare(what, actual, expected)
    }

    private mutating func expectPublishable() {
        guard let expected = test.text("publishable") else { return }
        let broken = scheme.brokenConstraints(on: scheme.effectiveFrom)
        compare("publishable", broken.isEmpty ? "true" : "false", expected.text)
    }
}

/// A decision that a test has somebody take.
struct TestAnswer {
    let task: String
    let option: String
    let date: CalendarDate
    let amount: Quantity?
    /// `by` and `opinion`.
    let more: [String: String]
    /// What is expected of it: accepted, refused or no such task.
    let gives: String

    init(_ fields: Fields, of scheme: Scheme) {
        task = fields.required("task")?.text ?? ""
        date = SchemeHeader.date(fields, "date") ?? scheme.effectiveFrom
        option = fields.required("decision")?.text ?? ""
        gives = fields.text("gives")?.text ?? "accepted"
        amount = fields.text("amount").flatMap { Quantity($0.text) }
        var more: [String: String] = [:]
        for name in ["by", "opinion"] { more[name] = fields.text(name)?.text }
        self.more = more
        fields.finish()
    }

    var what: String { "answer `\(option)` to \(task)" }

    /// The fact that says so, without the task's identifier.
    func decision(of subject: Subject) -> Fact {
        var attributes = more.mapValues { AttributeValue.text($0) }
        attributes["decision"] = .text(option)
        return Fact(
            id: DeterministicID.make("test-decision", task, option, date.description, more["by"] ?? ""),
            subject: subject, type: "decision.made", businessDate: date, occurredAt: Timestamp(startOf: date),
            amount: amount, source: "test", sourceID: "", attributes: attributes)
    }
}

extension Period {
    /// Whether a period is closed before another: by its last day, then the shorter first.
    static func comesEarlier(_ left: Period, _ right: Period) -> Bool {
        (left.last, right.first) < (right.last, left.first)
    }
}

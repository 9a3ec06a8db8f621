import Domain

/// What one moment of a test showed, wherever it was evaluated: in memory, or by the services in their store.
struct TestObservation {
    /// A subject's pay of a period; every amount in hundredths.
    struct Pay {
        var lines: [(component: String, amount: Int64)] = []
        var gross: Int64 = 0
        var deductions: Int64 = 0
        var net: Int64 = 0
        var carry: Int64 = 0
    }

    /// Canonical texts by name, those across subjects included.
    var figures: [String: String] = [:]
    var score: String?
    var grade: String?
    /// The figures that lack data.
    var gaps: [String] = []
    var pay: Pay?
    /// The findings that stand, of any subject and period.
    var findings: [Finding] = []
    /// What came about at this moment.
    var effects: [Effect] = []
}

extension TestObservation {
    /// What a close in memory showed of a subject.
    init(_ close: MemoryStore.Close, _ subject: Subject, in store: MemoryStore) {
        let evaluation = close.evaluations[subject]
        for figure in (close.across?.figures[subject] ?? []) + (evaluation?.figures ?? []) {
            figures[figure.name] = figure.text ?? figures[figure.name]
        }
        score = evaluation?.score?.text
        grade = evaluation?.grade
        gaps = evaluation?.gaps.map(\.figure) ?? []
        pay = close.pay[subject].map { Pay($0) }
        findings = Array(store.findings.values)
        effects = close.effects
    }
}

extension TestObservation.Pay {
    init(_ pay: PayEvaluation) {
        lines = pay.lines.map { ($0.component, $0.amount.minorUnits) }
        gross = pay.gross.minorUnits
        deductions = pay.deductions.minorUnits
        net = pay.net.minorUnits
        carry = pay.carryOut.minorUnits
    }
}

extension MemoryStore.Close {
    /// What came about for every subject, and then across them.
    var effects: [Effect] {
        evaluations.keys.sorted().flatMap { evaluations[$0]?.effects ?? [] } + (across?.effects ?? [])
    }
}

/// Compares what a test showed with what it expects, and keeps what differs.
struct TestExpectations {
    let test: Fields
    /// Whom the test is about.
    let subject: Subject
    var failures: [String] = []

    mutating func compare(_ what: String, _ actual: String, _ expected: String) {
        if let left = Decimal128(actual), let right = Decimal128(expected), left == right { return }
        if actual != expected { failures.append("\(what): expected \(expected), got \(actual)") }
    }

    /// Compares what the facts brought about before any close.
    mutating func expectAtOnce(_ effects: [Effect]) {
        guard let expected = test.fields("at once") else { return }
        expect(effects, expected, "at once")
        expected.finish()
    }

    /// Compares what is open, in force and held when the test is over.
    mutating func expectEnd(openTasks: [TaskRequest], statuses: [StatusChange], grades: [GradeHold]) {
        if test.node("open tasks") != nil {
            let expected = test.texts("open tasks").map(\.text).sorted()
            let actual = openTasks.map { "\($0.task): \($0.role)" }.sorted()
            compare("open tasks", actual.joined(separator: "; "), expected.joined(separator: "; "))
        }
        if test.node("statuses") != nil {
            let actual = statuses.filter { $0.subject == subject }.map(\.status).sorted()
            let expected = test.texts("statuses").map(\.text).sorted()
            compare("statuses", actual.joined(separator: "; "), expected.joined(separator: "; "))
        }
        guard let expected = test.fields("grades") else { return }
        for key in expected.keys {
            let held = grades.filter { $0.ladder == key.text }
            let actual = held.map { "\($0.grade) from \($0.from)" }.joined(separator: ", ")
            compare("grade on \(key.text)", actual, expected.text(key.text)?.text ?? "")
        }
    }
}

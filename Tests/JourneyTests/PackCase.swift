import Domain
import Foundation

@testable import Schemes

/// One test of a scheme pack, played by the services instead of in memory.
final class PackCase {
    enum Moment {
        /// A close, with what is expected of it.
        case close(Period, Fields?)
        case answer(TestAnswer)
    }

    let file: String
    let name: String
    /// The test as it was read; running it works on a copy.
    let run: TestRun
    let moments: [Moment]
    let closes: [Period]
    var expectations: TestExpectations
    /// Before every identifier of its subjects, so that tests of one institution do not meet.
    var prefix = ""

    init(file: String, _ run: TestRun) {
        self.file = file
        self.run = run
        name = run.test.text("test")?.text ?? ""
        var moments: [Moment] = []
        for step in run.test.list("then") {
            if let period = step.text("close").flatMap({ Period($0.text) }) {
                moments.append(.close(period, step.fields("expect")))
            }
            if let answer = step.fields("answer") { moments.append(.answer(TestAnswer(answer, of: run.scheme))) }
        }
        self.moments = moments
        closes = moments.compactMap { if case .close(let period, _) = $0 { period } else { nil } }
        expectations = run.expectations
    }

    var title: String { "\(run.scheme.id) \(file): \(name)" }

    // MARK: What it needs

    /// Closes in the order of the calendar, each once.
    var isOrdered: Bool {
        zip(closes, closes.dropFirst()).allSatisfy { Period.comesEarlier($0, $1) }
    }

    /// Figures alone, or the check before publishing: nothing that a service could be asked.
    var isOutsideTheServices: Bool {
        run.test.has("given") || (run.facts.isEmpty && run.test.has("publishable"))
    }

    /// It looks at rows or places among all people, so that nobody else may be there.
    var needsAnInstitutionOfItsOwn: Bool {
        let across = run.scheme.notices.filter { if case .across = $0.trigger { true } else { false } }.map(\.name)
        return !isOrdered
            || expected.contains { fields in
                fields.has("rows") || fields.has("placed")
                    || fields.texts("notices").contains { across.contains($0.text) }
            }
    }

    var expectsPay: Bool {
        expected.contains { fields in
            ["pay", "gross", "deductions", "net", "carry"].contains { fields.has($0) }
        }
    }

    /// The test's own parameters and holidays: tests that differ in them need institutions of their own.
    var conditions: String {
        "\(parameters.sorted { $0.key < $1.key }) \(holidays.map(\.description).sorted())"
    }

    var parameters: [String: String] {
        guard let with = run.test.fields("with") else { return [:] }
        return Dictionary(uniqueKeysWithValues: with.keys.map { ($0.text, with.text($0.text)?.text ?? "") })
    }

    var holidays: [CalendarDate] { run.test.texts("holidays").compactMap { CalendarDate($0.text) } }

    private var expected: [Fields] {
        moments.compactMap { if case .close(_, let fields) = $0 { fields } else { nil } }
    }

    // MARK: Whom it is about

    /// Everybody whom its facts are about, and the test's own subject.
    var subjects: Set<Subject> { Set(run.facts.map(\.subject)).union([run.subject]) }

    /// What the reference data give every manager before anything else is known.
    var profiles: [Fact] {
        subjects.filter { $0.kind == .manager }.map { subject in
            Fact(
                id: UUID128(high: 1, low: UInt64(subject.id.utf8.reduce(7) { $0 &* 31 &+ Int($1) }.magnitude)),
                subject: subject, type: "manager.profile", businessDate: PackCase.since,
                occurredAt: Timestamp(startOf: PackCase.since), source: "reference.data", sourceID: subject.id,
                attributes: ["unit": .text("u-0"), "status": .text("active"), "role": .text("manager")])
        }
    }

    /// The day of the reference data: before everything that a test knows.
    static let since = CalendarDate("1990-01-01") ?? .earliest

    /// Whether it comes out the same when further periods are closed, too.
    func holds(closing closes: [Period]) -> Bool {
        var run = run
        return run.run(closingAlso: closes, knowing: profiles).isEmpty
    }

    /// The name of one of its subjects in the institution that plays it.
    func named(_ id: String) -> String { prefix + id }

    /// A text of a fact with the persons and loans in it named as in the institution that plays it.
    func renamed(_ text: String) -> String {
        guard !prefix.isEmpty else { return text }
        let known = Set(subjects.map(\.id))
        return text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            known.contains(String(word)) || word.wholeMatch(of: /(rm|u|l)-[a-z0-9]+/) != nil
                ? prefix + word : String(word)
        }.joined(separator: " ")
    }

    /// A text of the services with the names as in the test.
    func original(_ text: String) -> String { prefix.isEmpty ? text : text.replacing(prefix, with: "") }

    /// The test's name for a subject; `nil` when it belongs to another test.
    func original(_ subject: Subject) -> Subject? {
        guard subject.id.hasPrefix(prefix) else { return nil }
        return Subject(
            institution: run.scheme.institution, kind: subject.kind, id: String(subject.id.dropFirst(prefix.count)))
    }
}

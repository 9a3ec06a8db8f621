import Domain
import Foundation

@testable import Schemes

/// Some tests of one pack in one institution: they close the same periods and do not disturb each other.
final class PackGroup {
    /// One answer of a test, and whether the test is over then.
    typealias Turn = (playing: PackCase, answer: TestAnswer, isLast: Bool)

    enum Round {
        case close(Period)
        case answers([Turn])
    }

    let institution: String
    let scheme: Scheme
    let files: [SchemeSource]
    let cases: [PackCase]
    let closes: [Period]

    init(_ institution: String, _ scheme: Scheme, _ files: [SchemeSource], _ cases: [PackCase], _ closes: [Period]) {
        self.institution = institution
        self.scheme = scheme
        self.files = files
        self.cases = cases
        self.closes = closes
        if cases.count > 1 { for (number, one) in cases.enumerated() { one.prefix = "t\(number)-" } }
    }

    var expectsPay: Bool { cases.contains(where: \.expectsPay) }

    /// The closes in their order; after each, what the tests then answer, one answer of each test at a time.
    var rounds: [Round] {
        var rounds: [Round] = []
        var next = Dictionary(uniqueKeysWithValues: cases.indices.map { ($0, 0) })
        func answer() {
            while true {
                var answers: [Turn] = []
                for (index, one) in cases.enumerated() {
                    guard let place = next[index], place < one.moments.count,
                        case .answer(let answer) = one.moments[place]
                    else { continue }
                    answers.append((one, answer, place == one.moments.count - 1))
                    next[index] = place + 1
                }
                guard !answers.isEmpty else { return }
                rounds.append(.answers(answers))
            }
        }
        answer()
        for period in closes {
            rounds.append(.close(period))
            for (index, one) in cases.enumerated() {
                guard let place = next[index], place < one.moments.count,
                    case .close(period, _) = one.moments[place]
                else { continue }
                next[index] = place + 1
            }
            answer()
        }
        return rounds
    }

    // MARK: The pack under the institution's name

    /// Writes the pack with the institution's name and the tests' parameters; gives its folder.
    func write(below folder: URL) throws -> String {
        let target = folder.appending(path: institution)
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for file in files where !file.file.contains("tests/") {
            var text = file.text
            if file.file == "scheme.yaml" {
                text = text.replacing("scheme: \(scheme.institution)/", with: "scheme: \(institution)/")
                for (name, value) in cases.first?.parameters ?? [:] { try Self.set(name, to: value, in: &text) }
            }
            try Data(text.utf8).write(to: target.appending(path: file.file))
        }
        return target.path
    }

    private static func set(_ parameter: String, to value: String, in text: inout String) throws {
        guard let name = text.range(of: "- parameter: \(parameter)\n"),
            let old = text.range(
                of: #"\n +value: [^\n]*"#, options: .regularExpression, range: name.upperBound..<text.endIndex)
        else { throw Command.Failure(description: "no parameter \(parameter) with one value") }
        text.replaceSubrange(old, with: "\n        value: \(value)")
    }
}

/// Which tests are played in which institution.
struct PackPlan {
    private(set) var groups: [PackGroup] = []
    /// Tests of figures without facts, and of constraints before publishing: no service takes part in them.
    private(set) var leftOut: [String] = []

    /// - Parameter packs: folders of schemes.
    init(_ packs: [URL]) throws {
        for pack in packs {
            let files = try Self.files(of: pack)
            let scheme = try Scheme(compiling: files)
            var cases: [PackCase] = []
            SchemeTests.each(in: files, of: scheme, FaultLog()) { file, run in
                cases.append(PackCase(file: file, run))
            }
            leftOut += cases.filter(\.isOutsideTheServices).map(\.title)
            let groups = Self.divide(cases.filter { !$0.isOutsideTheServices })
            for (number, group) in groups.enumerated() {
                let institution = scheme.id.replacing("/", with: "-") + "-\(number + 1)"
                self.groups.append(PackGroup(institution, scheme, files, group.cases, group.closes))
            }
        }
    }

    private static func files(of pack: URL) throws -> [SchemeSource] {
        guard let names = FileManager.default.enumerator(atPath: pack.path) else { return [] }
        var files: [SchemeSource] = []
        for case let name as String in names where name.hasSuffix(".yaml") || name.hasSuffix(".dmn") {
            files.append(
                SchemeSource(file: name, text: try String(contentsOf: pack.appending(path: name), encoding: .utf8)))
        }
        return files.sorted { $0.file < $1.file }
    }

    private typealias Division = [(cases: [PackCase], closes: [Period])]

    /// Those that come out the same although the others' periods are closed, too, are played together.
    private static func divide(_ cases: [PackCase]) -> Division {
        var division: Division = []
        for (_, alike) in Dictionary(grouping: cases, by: \.conditions).sorted(by: { $0.key < $1.key }) {
            var rest = alike.filter { !$0.needsAnInstitutionOfItsOwn }
            while rest.count > 1 {
                let closes = union(rest)
                let together = rest.filter { $0.holds(closing: closes) }
                guard !together.isEmpty else { break }
                division.append((together, closes))
                rest.removeAll { one in together.contains { $0 === one } }
            }
            for one in rest + alike.filter(\.needsAnInstitutionOfItsOwn) {
                let filled = union([one])
                division.append(([one], one.isOrdered && one.holds(closing: filled) ? filled : one.closes))
            }
        }
        return division
    }

    /// All their closes and, because pay runs follow each other without a gap, the base periods between them.
    private static func union(_ cases: [PackCase]) -> [Period] {
        var closes = Set(cases.flatMap(\.closes))
        if let base = cases.first?.run.scheme.basePeriod, cases.contains(where: \.expectsPay) {
            let paid = closes.filter { $0.kind == base }
            if var period = paid.min(), let last = paid.max() {
                while period < last {
                    closes.insert(period)
                    period = period.next
                }
            }
        }
        return closes.sorted { Period.comesEarlier($0, $1) }
    }
}

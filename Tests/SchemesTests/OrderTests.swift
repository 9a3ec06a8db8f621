import Domain
import Testing

@testable import Schemes

/// A small generator whose numbers are the same in every run.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ (state >> 29)
    }
}

/// Everything that the closes of a quarter leave behind.
private struct Outcome: Equatable {
    var traces: [String] = []
    var lines: [[PayLine]] = []
    var net: [Int64] = []
    var findings: Set<Finding> = []
    var openTasks: Set<TaskRequest> = []
    var grades: [[GradeHold]] = []

    init(_ scheme: Scheme, _ facts: [Fact], closes: [String]) throws {
        var store = MemoryStore(scheme)
        for fact in facts { store.add(fact) }
        for period in closes {
            let close = store.close(try Sample.month(period))
            for subject in close.evaluations.keys.sorted() {
                traces.append(close.evaluations[subject]?.trace?.json ?? "")
                lines.append(close.pay[subject]?.lines ?? [])
                net.append(close.pay[subject]?.net.minorUnits ?? 0)
            }
        }
        findings = Set(store.findings.values)
        openTasks = Set(store.openTasks.values)
        grades = store.subjects.map { store.grades(of: $0) }
    }
}

struct OrderTests {
    /// The pack's rules for everybody, so that subjects without a profile are judged too.
    private func scheme(_ pack: String) throws -> Scheme {
        var storage = try Scheme(compiling: try Packs.read(pack)).storage
        storage.covers = nil
        return Scheme(storage)
    }

    private static let closes = ["2026-01", "2026-02-10", "2026-02", "2026-03", "2026-Q1", "2026"]

    /// Facts of a quarter for three managers, some of them undone later.
    private func facts(_ scheme: Scheme, _ dice: inout Dice) throws -> (all: [Fact], undone: Set<UUID128>) {
        var all: [Fact] = []
        var undone: Set<UUID128> = []
        for number in 0..<120 {
            let original = try fact(scheme, number, &dice)
            all.append(original)
            guard Int.random(in: 0..<5, using: &dice) == 0 else { continue }
            var reversal = original
            reversal.id = DeterministicID.make("order-undo", String(number))
            reversal.sign = -1
            reversal.reverses = original.id
            all.append(reversal)
            undone.formUnion([original.id, reversal.id])
        }
        return (all, undone)
    }

    private func fact(_ scheme: Scheme, _ number: Int, _ dice: inout Dice) throws -> Fact {
        let start = try #require(CalendarDate("2026-01-01"))
        let day = start.adding(days: Int.random(in: 0..<90, using: &dice))
        let type = try #require(scheme.factTypes.sorted().randomElement(using: &dice))
        var attributes: [String: AttributeValue] = [:]
        for shape in scheme.storage.header.facts[type]?.attributes ?? [] {
            switch shape.form {
            case .choice(let words): attributes[shape.name] = words.randomElement(using: &dice).map(AttributeValue.text)
            case .flag: attributes[shape.name] = .flag(Bool.random(using: &dice))
            case .number: attributes[shape.name] = .number(String(Int.random(in: 1..<100, using: &dice)))
            case .date: attributes[shape.name] = .text(day.adding(days: -1).description)
            case .moment, .text: attributes[shape.name] = .text("text")
            }
        }
        let kind: SubjectKind = type == "slot.requested" ? .unit : scheme.subjectKind
        return Fact(
            id: DeterministicID.make("order", String(number)),
            subject: Subject(
                institution: scheme.institution, kind: kind, id: "s-\(Int.random(in: 0..<3, using: &dice))"),
            type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day).adding(seconds: Int64.random(in: 25_000..<80_000, using: &dice)),
            amount: Quantity(String(Int.random(in: 1..<3_000_000, using: &dice))),
            customer: "c-\(Int.random(in: 0..<6, using: &dice))", source: "t", sourceID: String(number),
            attributes: attributes)
    }

    @Test(arguments: Packs.all, [UInt64(1), 2])
    func anyOrderOfTheSameFactsGivesTheSameResult(_ pack: String, _ seed: UInt64) throws {
        let scheme = try scheme(pack)
        var dice = Dice(state: seed)
        let facts = try facts(scheme, &dice).all
        let expected = try Outcome(scheme, facts, closes: Self.closes)
        #expect(!expected.traces.isEmpty)
        for _ in 0..<2 {
            let shuffled = try Outcome(scheme, facts.shuffled(using: &dice), closes: Self.closes)
            #expect(shuffled == expected)
        }
    }

    @Test(arguments: Packs.all, [UInt64(4), 5])
    func whatIsUndoneMightAsWellNeverHaveHappened(_ pack: String, _ seed: UInt64) throws {
        let scheme = try scheme(pack)
        var dice = Dice(state: seed)
        let (all, undone) = try facts(scheme, &dice)
        #expect(!undone.isEmpty)
        let without = try Outcome(scheme, all.filter { !undone.contains($0.id) }, closes: Self.closes)
        let with = try Outcome(scheme, all.shuffled(using: &dice), closes: Self.closes)
        #expect(with == without)
    }

    @Test func theSameFactTwiceCountsOnce() throws {
        let scheme = try scheme(Packs.all[0])
        var dice = Dice(state: 7)
        let facts = try facts(scheme, &dice).all
        let once = try Outcome(scheme, facts, closes: Self.closes)
        #expect(try Outcome(scheme, facts + facts.reversed(), closes: Self.closes) == once)
    }
}

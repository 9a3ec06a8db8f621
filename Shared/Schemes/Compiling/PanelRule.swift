import Domain
import FEEL

/// Several people who decide a step together, and how their votes make one decision.
struct PanelRule: Sendable {
    /// What a formula about votes may name beside the step's options, each of which is the number of its votes.
    private static let ownNames = ["votes", "members", "average amount", "lowest amount", "highest amount"]

    let members: Formula
    /// How many have to vote before the deadline; all members when it is not said.
    let quorum: Formula?
    /// Gives the name of an option.
    let decides: Formula
    let names: Names

    static func names(options: [String], parameters: [String]) -> Names { Names(ownNames + options + parameters) }

    /// The decision of these votes; `nil` when the formula names no option.
    func verdict(_ tally: Tally, _ options: [String], _ parameters: [String: Value]) -> String? {
        let option = decides.evaluate(frame(tally, options, parameters)).asString
        return option.flatMap { options.contains($0) ? $0 : nil }
    }

    func members(_ parameters: [String: Value]) -> Int? { Self.count(members, names, parameters) }

    func quorum(_ parameters: [String: Value]) -> Int? {
        quorum.map { Self.count($0, names, parameters) } ?? members(parameters)
    }

    private static func count(_ formula: Formula, _ names: Names, _ parameters: [String: Value]) -> Int? {
        formula.evaluate(names.values(from: parameters)).asNumber?.int64(rounding: .floor).map(Int.init)
    }

    private func frame(_ tally: Tally, _ options: [String], _ parameters: [String: Value]) -> [Value] {
        var named = parameters
        for option in options { named[option] = .number(tally.counts[option] ?? 0) }
        named["votes"] = .number(tally.votes)
        named["members"] = members(parameters).map(Value.number) ?? .null
        named["average amount"] = tally.average.map(Value.number) ?? .null
        named["lowest amount"] = tally.amounts.min().map(Value.number) ?? .null
        named["highest amount"] = tally.amounts.max().map(Value.number) ?? .null
        return names.values(from: named)
    }
}

/// The votes of a panel, counted.
struct Tally: Sendable {
    var counts: [String: Int] = [:]
    var amounts: [Decimal128] = []

    var votes: Int { counts.values.reduce(0, +) }

    var average: Decimal128? {
        amounts.isEmpty ? nil : amounts.reduce(.zero, +) / Decimal128(amounts.count)
    }

    mutating func add(_ option: String, _ amount: Decimal128?) {
        counts[option, default: 0] += 1
        if let amount { amounts.append(amount) }
    }
}

extension SchemeCompiler {
    func panel(_ step: Fields, options: [String]) -> PanelRule? {
        guard step.has("panel"), let fields = step.fields("panel") else { return nil }
        defer { fields.finish() }
        let parameters = storage.parameterSlots.map { slotNames[$0] }
        let names = PanelRule.names(options: options, parameters: parameters)
        func read(_ key: String) -> Formula? {
            guard let source = fields.text(key), let formula = Formula(source, names: names, faults: faults) else {
                return nil
            }
            for slot in formula.reads { usedNames.insert(names.all[slot]) }
            return formula
        }
        for key in ["members", "decides"] where !fields.has(key) { _ = fields.required(key) }
        let (members, quorum, decides) = (read("members"), fields.has("quorum") ? read("quorum") : nil, read("decides"))
        guard let members, let decides else { return nil }
        return PanelRule(members: members, quorum: quorum, decides: decides, names: names)
    }
}

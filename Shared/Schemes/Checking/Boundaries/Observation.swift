import Domain
import FEEL

/// What a few facts and closes came to, in the words of a test's expectations.
struct Observation: Hashable {
    /// What the facts brought about before any close: `tasks`, `statuses`, `notices`.
    var atOnce: [String: String] = [:]
    /// What the last close gave: `figures NAME`, `score`, `grade`, `net`, `fines RULE`, `findings RULE`, `tasks`, `notices`.
    var close: [String: String] = [:]
    /// The latest value of every figure at any of the closes.
    private var figures: [String: String] = [:]

    /// Runs facts and closes in a store of their own, as a scheme's test does.
    init(_ scheme: Scheme, _ subject: Subject, _ lines: [FactLine], _ closes: [Period]) {
        var store = MemoryStore(scheme)
        var effects: [Effect] = []
        for (number, line) in lines.enumerated() { effects += store.add(line.fact(number, of: subject)) }
        atOnce = Self.sets(effects)
        atOnce["shares"] = Self.shares(effects, besides: subject)
        for (number, period) in closes.enumerated() {
            let result = store.close(period)
            for figure in result.evaluations[subject]?.figures ?? [] { figures[figure.name] = figure.text }
            guard number == closes.count - 1 else { continue }
            note(result, subject, period, scheme)
            if period.kind == scheme.basePeriod { noteFindings(store, subject, period) }
        }
    }

    private static func sets(_ effects: [Effect]) -> [String: String] {
        var sets: [String: [String]] = ["tasks": [], "statuses": [], "notices": []]
        for effect in effects {
            switch effect {
            case .task(let task): sets["tasks", default: []].append("\(task.task): \(task.role)")
            case .status(let change): sets["statuses", default: []].append(change.status)
            case .notice(let notice): sets["notices", default: []].append(notice.notice)
            default: break
            }
        }
        return sets.mapValues { $0.sorted().joined(separator: "; ") }
    }

    /// What other persons owe, `u-1: 300; u-2: 700`, also when a share is only to be collected.
    private static func shares(_ effects: [Effect], besides subject: Subject) -> String {
        var totals: [String: Int64] = [:]
        for case .finding(let finding) in effects where finding.subject != subject {
            totals[finding.subject.id, default: 0] += finding.amount?.minorUnits ?? 0
        }
        return totals.sorted { $0.key < $1.key }.map { "\($0.key): \(Decimal128(units: $0.value, scale: 2).text)" }
            .joined(separator: "; ")
    }

    private mutating func note(
        _ result: MemoryStore.Close, _ subject: Subject, _ period: Period, _ scheme: Scheme
    ) {
        let effects = result.evaluations.keys.sorted().flatMap { result.evaluations[$0]?.effects ?? [] }
        close = Self.sets(effects + (result.across?.effects ?? []))
        let evaluation = result.evaluations[subject]
        for figure in (evaluation?.figures ?? []) + (result.across?.figures[subject] ?? []) {
            close["figures \(figure.name)"] = figure.text ?? "none"
        }
        if period.kind == scheme.basePeriod, scheme.storage.scoreSlot != nil {
            close["score"] = evaluation?.score?.text ?? "none"
        }
        if !scheme.ladders.isEmpty { close["grade"] = evaluation?.grade ?? "none" }
        close["gaps"] = (evaluation?.gaps.map(\.figure) ?? []).sorted().joined(separator: "; ")
        if let pay = result.pay[subject], !scheme.storage.pay.isEmpty {
            close["net"] = pay.net.amountText
            for (component, lines) in Dictionary(grouping: pay.lines, by: \.component) {
                let total = lines.reduce(Int64(0)) { $0 + $1.amount.minorUnits }
                close["pay \(component)"] = Decimal128(units: total, scale: 2).text
            }
        }
    }

    private mutating func noteFindings(_ store: MemoryStore, _ subject: Subject, _ period: Period) {
        let standing = store.findings.values.filter { $0.subject == subject && $0.period == period }
        for (rule, findings) in Dictionary(grouping: standing, by: \.rule) {
            let total = findings.reduce(Int64(0)) { $0 + ($1.amount?.minorUnits ?? 0) }
            close["findings \(rule)"] = String(findings.count)
            close["fines \(rule)"] = Decimal128(units: total, scale: 2).text
        }
    }

    /// The latest value of a figure.
    func text(of figure: String) -> String? { figures[figure] }

    /// What is to be seen where a threshold takes effect.
    func seen(_ watch: Threshold.Watch) -> String {
        switch watch {
        case .figure(let name): close["figures \(name)"] ?? "none"
        case .task(let name): Self.only(close["tasks"], beginning: name + ":")
        case .finding(let rule): "\(close["findings \(rule)"] ?? "0") \(close["fines \(rule)"] ?? "0")"
        case .notice(let name): Self.only(close["notices"], beginning: name)
        case .pay(let name): close["pay \(name)"] ?? "0"
        case .exclusion(let name): Self.only(close["gaps"], beginning: name)
        case .arrival:
            (atOnce.sorted { $0.key < $1.key }.map(\.value)
                + close.filter { $0.key.hasPrefix("fin") }.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })
                .joined(separator: "|")
        }
    }

    private static func only(_ set: String?, beginning: String) -> String {
        (set ?? "").split(separator: "; ").filter { $0.hasPrefix(beginning) }.joined(separator: "; ")
    }
}

/// What the cases of one threshold are to expect: what is watched, and everything else that differs between them.
struct Expectation {
    let atOnce: [String]
    let close: [String]

    init(_ observations: [Observation], watching watch: Threshold.Watch, in storage: SchemeStorage) {
        func differing(_ sets: [[String: String]], _ absent: (String) -> String) -> Set<String> {
            let keys = sets.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
            return keys.filter { key in Set(sets.map { $0[key] ?? absent(key) }).count > 1 }
        }
        let published = Set(storage.publishedSlots.map { "figures \(storage.names.all[$0])" })
        var close = differing(observations.map(\.close)) { $0.hasPrefix("figures") ? "none" : "0" }
        // Figures in between would only repeat the fact; those that leave the evaluation count.
        close = close.filter { !$0.hasPrefix("pay ") && (!$0.hasPrefix("figures") || published.contains($0)) }
        switch watch {
        case .figure(let name): close.insert("figures \(name)")
        case .task: close.insert("tasks")
        case .notice: close.insert("notices")
        case .finding(let rule): close.formUnion(["findings \(rule)", "fines \(rule)"])
        case .exclusion: close.insert("gaps")
        case .pay(let name): close.insert("pay \(name)")
        case .arrival: break
        }
        self.close = close.sorted()
        atOnce = differing(observations.map(\.atOnce)) { _ in "" }.sorted()
    }

    /// One line for people: `符合晋级条件 true; tasks 晋级申请: manager`.
    func outcome(_ observation: Observation) -> String {
        let first = atOnce.map { "\($0) \(observation.atOnce[$0].flatMap { $0.isEmpty ? nil : $0 } ?? "none")" }
        let rest = close.map { key in
            let shown = key.hasPrefix("figures ") ? String(key.dropFirst("figures ".count)) : key
            return "\(shown) \(Self.value(key, observation))"
        }
        return (first + rest).joined(separator: "; ")
    }

    private static func value(_ key: String, _ observation: Observation) -> String {
        let value = observation.close[key] ?? (key.hasPrefix("fin") || key.hasPrefix("pay") ? "0" : "none")
        return value.isEmpty ? "none" : value
    }

    /// The lines of a test below its facts.
    func yaml(_ observation: Observation, _ closes: [Period], indent: String) -> [String] {
        var lines: [String] = []
        if !atOnce.isEmpty {
            let parts = atOnce.map { key in
                let text = observation.atOnce[key] ?? ""
                return "\(key): " + (key == "shares" ? "{ \(text.replacing(";", with: ",")) }" : Self.list(text))
            }
            lines.append("\(indent)at once: { \(parts.joined(separator: ", ")) }")
        }
        guard !closes.isEmpty else { return lines }
        lines.append("\(indent)then:")
        for period in closes.dropLast() {
            lines.append("\(indent)  - { close: \(YAMLText.scalar(period.description)) }")
        }
        guard let last = closes.last else { return lines }
        let expected = expected(observation)
        let more = expected.isEmpty ? "" : ", expect: { \(expected.joined(separator: ", ")) }"
        lines.append("\(indent)  - { close: \(YAMLText.scalar(last.description))\(more) }")
        return lines
    }

    private func expected(_ observation: Observation) -> [String] {
        var parts: [String] = []
        for group in ["figures", "fines", "findings", "pay"] {
            let names = close.filter { $0.hasPrefix(group + " ") }
            guard !names.isEmpty else { continue }
            let pairs = names.map { key in
                "\(YAMLText.scalar(String(key.dropFirst(group.count + 1)))): "
                    + YAMLText.scalar(Self.value(key, observation))
            }
            parts.append("\(group): { \(pairs.joined(separator: ", ")) }")
        }
        for key in ["score", "grade", "net"] where close.contains(key) {
            parts.append("\(key): \(YAMLText.scalar(Self.value(key, observation)))")
        }
        for key in ["gaps", "tasks", "statuses", "notices"] where close.contains(key) {
            parts.append("\(key): \(Self.list(observation.close[key] ?? ""))")
        }
        return parts
    }

    private static func list(_ text: String) -> String {
        "[" + text.split(separator: "; ").map { YAMLText.quoted(String($0)) }.joined(separator: ", ") + "]"
    }
}

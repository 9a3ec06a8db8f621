import Domain
import Schemes

/// What a change of rules comes to: the largest changes, and totals over all.
struct ComparisonReport: Encodable {
    struct Side: Encodable {
        /// Minor units.
        fileprivate(set) var paid: Int64 = 0
        fileprivate(set) var fined: Int64 = 0
        fileprivate(set) var fines = 0
        fileprivate(set) var tasks = 0

        fileprivate mutating func add(_ outcome: SubjectOutcome) {
            paid += outcome.paid
            fined += outcome.fined
            fines += outcome.fines.count
            tasks += outcome.asks.count
        }
    }

    struct Row: Encodable {
        let subject: String
        let period: String
        let scoreBefore, scoreAfter, gradeBefore, gradeAfter: String?
        let movesBefore, movesAfter: [String]
        let paidBefore, paidAfter, finedBefore, finedAfter: String
        /// By component, before and after; only those that differ.
        let pay: [Difference]
        let fines: [Difference]
        let tasks: [Difference]
        let causes: [OutcomeCause]
    }

    struct Difference: Encodable {
        let what: String
        let before: String
        let after: String
    }

    /// How many subjects' periods an element changes.
    struct Weight: Encodable {
        let element: String
        let rule: String
        var changes: Int
        /// What these changes come to in pay; a change with several causes counts for each.
        var paid: String
        fileprivate var minorUnits: Int64
    }

    let old: String
    let new: String
    let institution: String
    let periods: [String]
    let edits: [String]
    private(set) var subjects = 0
    private(set) var changed = 0
    private(set) var before = Side()
    private(set) var after = Side()
    private(set) var scoresUp = 0
    private(set) var scoresDown = 0
    private(set) var gradesChanged = 0
    private(set) var elements: [Weight] = []
    private(set) var rows: [Row] = []
    private(set) var leftOut = 0
    private let currency: Currency
    private let limit: Int
    private var kept: [OutcomeChange] = []
    private var weights: [String: Weight] = [:]

    private enum CodingKeys: String, CodingKey {
        case old, new, institution, periods, edits, subjects, changed, before, after, scoresUp, scoresDown
        case gradesChanged, elements, rows, leftOut
    }

    /// - Parameter limit: how many changes are kept, the largest ones.
    init(
        _ old: Scheme, _ new: Scheme, names: (old: String, new: String), institution: String, periods: [Period],
        limit: Int
    ) {
        self.old = names.old
        self.new = names.new
        self.institution = institution
        self.periods = periods.map(\.description)
        self.limit = limit
        edits = SchemeDifference.between(old, new).map(\.description)
        currency = new.currency
    }

    mutating func add(_ before: SubjectOutcome, _ after: SubjectOutcome) {
        self.before.add(before)
        self.after.add(after)
    }

    mutating func add(_ change: OutcomeChange) {
        changed += 1
        let scores = [change.before.score, change.after.score].map { $0.flatMap { Decimal128($0) } ?? .zero }
        if scores[0] < scores[1] { scoresUp += 1 }
        if scores[1] < scores[0] { scoresDown += 1 }
        if change.before.grade != change.after.grade || change.before.moves != change.after.moves { gradesChanged += 1 }
        for cause in change.causes {
            let known = weights[cause.element]
            weights[cause.element] = Weight(
                element: cause.element, rule: cause.rule, changes: (known?.changes ?? 0) + 1, paid: "",
                minorUnits: (known?.minorUnits ?? 0) + change.paid)
        }
        kept.append(change)
        if kept.count >= 2 * max(limit, 1) { prune() }
    }

    private mutating func prune() {
        kept.sort { $0.outweighs($1) }
        kept.removeLast(max(0, kept.count - limit))
    }

    mutating func finish(subjects: Int) {
        self.subjects = subjects
        prune()
        rows = kept.map(row)
        leftOut = changed - rows.count
        elements = weights.values.sorted { ($1.changes, $0.element) < ($0.changes, $1.element) }.map { weight in
            var weight = weight
            weight.paid = text(weight.minorUnits)
            return weight
        }
    }

    func text(_ minorUnits: Int64) -> String { Money(minorUnits: minorUnits, currency).amountText }

    private func row(_ change: OutcomeChange) -> Row {
        Row(
            subject: change.subject.description, period: change.period.description, scoreBefore: change.before.score,
            scoreAfter: change.after.score, gradeBefore: change.before.grade, gradeAfter: change.after.grade,
            movesBefore: moves(change.before), movesAfter: moves(change.after),
            paidBefore: text(change.before.paid), paidAfter: text(change.after.paid),
            finedBefore: text(change.before.fined), finedAfter: text(change.after.fined), pay: pay(change),
            fines: differences(change.before.fines, change.after.fines) { fine in
                ("\(fine.element) \(fine.date)", text(fine.amount))
            },
            tasks: differences(change.before.asks, change.after.asks) { ("\($0.task)", $0.role) },
            causes: change.causes)
    }

    private func moves(_ outcome: SubjectOutcome) -> [String] {
        outcome.moves.map { "\($0.ladder): \($0.to)\($0.decided ? "" : " (proposed)")" }.sorted()
    }

    private func pay(_ change: OutcomeChange) -> [Difference] {
        func sums(_ outcome: SubjectOutcome) -> [String: Int64] {
            outcome.items.reduce(into: [:]) { $0[$1.component, default: 0] += $1.amount }
        }
        let (before, after) = (sums(change.before), sums(change.after))
        return Set(before.keys).union(after.keys).sorted().compactMap { name in
            guard before[name] != after[name] else { return nil }
            return Difference(
                what: name, before: before[name].map(text) ?? "", after: after[name].map(text) ?? "")
        }
    }

    private func differences<Item: Hashable>(
        _ before: Set<Item>, _ after: Set<Item>, _ words: (Item) -> (what: String, value: String)
    ) -> [Difference] {
        var found: [String: Difference] = [:]
        for item in before.subtracting(after) {
            let (what, value) = words(item)
            found[what] = Difference(what: what, before: value, after: "")
        }
        for item in after.subtracting(before) {
            let (what, value) = words(item)
            found[what] = Difference(what: what, before: found[what]?.before ?? "", after: value)
        }
        return found.values.sorted { $0.what < $1.what }
    }
}

// As a person reads it.
extension ComparisonReport {
    func lines() -> [String] {
        var lines = ["\(old) → \(new), \(institution), \(periods.joined(separator: " "))", ""]
        lines += edits.isEmpty ? ["The rules are the same."] : edits
        if !rows.isEmpty { lines.append("") }
        for row in rows { lines += text(row) }
        if leftOut > 0 { lines.append("… and \(leftOut) more; --top \(changed) shows all") }
        return lines + [""] + totals()
    }

    private func text(_ row: Row) -> [String] {
        var head = ["\(row.subject)  \(row.period)"]
        func add(_ label: String, _ before: String, _ after: String) {
            if before != after {
                head.append("\(label) \(before.isEmpty ? "–" : before) → \(after.isEmpty ? "–" : after)")
            }
        }
        add("pay", row.paidBefore, row.paidAfter)
        add("fines", row.finedBefore, row.finedAfter)
        add("score", row.scoreBefore ?? "", row.scoreAfter ?? "")
        add("grade", row.gradeBefore ?? "", row.gradeAfter ?? "")
        add("grading", row.movesBefore.joined(separator: ", "), row.movesAfter.joined(separator: ", "))
        var lines = [head.joined(separator: "  ")]
        for (label, differences) in [("pay", row.pay), ("fine", row.fines), ("decision", row.tasks)] {
            for difference in differences {
                let before = difference.before.isEmpty ? "–" : difference.before
                let after = difference.after.isEmpty ? "–" : difference.after
                lines.append("  \(label)  \(difference.what): \(before) → \(after)")
            }
        }
        return lines + row.causes.map { "  because of " + Self.text($0) }
    }

    private static func text(_ cause: OutcomeCause) -> String {
        var text = "\(cause.kind) `\(cause.element)`"
        if cause.before != cause.after {
            text += " \(cause.before.isEmpty ? "–" : cause.before) → \(cause.after.isEmpty ? "–" : cause.after)"
        }
        // A whole table stands above, among the edits.
        if !cause.edit.isEmpty { text += cause.edit.count > 80 ? " (changed)" : " (changed: \(cause.edit))" }
        return text + "  \(cause.clause)"
    }

    private static func changes(_ count: Int) -> String { count == 1 ? "change" : "changes" }

    private func totals() -> [String] {
        var lines = ["\(changed) \(Self.changes(changed)) among \(subjects) subjects"]
        var table = Table([.text("total"), .number("before"), .number("after"), .number("change")])
        table.add("pay", text(before.paid), text(after.paid), text(after.paid - before.paid))
        table.add("fines", text(before.fined), text(after.fined), text(after.fined - before.fined))
        table.add("number of fines", "\(before.fines)", "\(after.fines)", "\(after.fines - before.fines)")
        table.add("decisions to take", "\(before.tasks)", "\(after.tasks)", "\(after.tasks - before.tasks)")
        lines.append(table.rendered())
        lines.append("scores up \(scoresUp), down \(scoresDown); grades changed \(gradesChanged)")
        for weight in elements {
            lines.append(
                "\(weight.element) (\(weight.rule)): \(weight.changes) \(Self.changes(weight.changes)), pay \(weight.paid)"
            )
        }
        return lines
    }
}

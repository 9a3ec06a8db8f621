import Domain
import FEEL

/// The rows of one bulletin, best first. With a limit it keeps little more than the rows that will be shown.
struct BulletinBoard {
    private struct Row {
        let subject: Subject
        let number: Decimal128?
        let values: [String: String]
    }

    private let plan: NoticePlan
    private let names: Names
    private var rows: [Row] = []
    /// Numbers beyond it are not among the best any more.
    private var cut: Decimal128?

    init(_ plan: NoticePlan, _ names: Names) {
        self.plan = plan
        self.names = names
    }

    mutating func add(_ member: PopulationMember, _ evaluator: Evaluator) {
        let number = plan.orderSlot.flatMap { evaluator.frame[$0].asNumber }
        guard plan.orderSlot == nil || number != nil else { return }
        if let condition = plan.condition, condition.evaluate(evaluator.frame).asBoolean != true { return }
        if let cut, let number, plan.lowestFirst ? cut < number : number < cut { return }
        var values: [String: String] = [:]
        for slot in plan.figures where !evaluator.frame[slot].isNull {
            values[names.all[slot]] = evaluator.frame[slot].text
        }
        rows.append(Row(subject: member.subject, number: number, values: values))
        if let limit = plan.limit, plan.orderSlot != nil, rows.count >= 2 * limit + 1_000 { shorten(to: limit) }
    }

    private mutating func shorten(to limit: Int) {
        rows.sort(by: isBetter)
        guard limit > 0, rows.count > limit else { return }
        let last = rows[limit - 1].number
        cut = last
        rows.removeSubrange((rows.firstIndex { $0.number != last && isWorse($0, than: last) } ?? rows.count)...)
    }

    private func isWorse(_ row: Row, than last: Decimal128?) -> Bool {
        guard let number = row.number, let last else { return false }
        return plan.lowestFirst ? last < number : number < last
    }

    private func isBetter(_ left: Row, _ right: Row) -> Bool {
        let (a, b) = (left.number ?? .zero, right.number ?? .zero)
        if a != b { return plan.lowestFirst ? a < b : b < a }
        return left.subject < right.subject
    }

    /// Equal figures share a rank, and a limit keeps all who share its last rank. `nil` when the condition left nobody.
    func request(_ scheme: Scheme, _ period: Period) -> NoticeRequest? {
        if plan.condition != nil, rows.isEmpty { return nil }
        let order = rows.sorted(by: isBetter)
        var shown: [[String: String]] = []
        var rank = 0
        for (place, row) in order.enumerated() {
            if place == 0 || order[place - 1].number != row.number { rank = place + 1 }
            if let limit = plan.limit, rank > limit { break }
            var values = ["rank": String(rank), "manager": row.subject.id]
            values.merge(row.values) { _, figure in figure }
            shown.append(values)
        }
        let rule = plan.notice
        let day = period.last.adding(days: 1)
        return NoticeRequest(
            id: DeterministicID.make("notice", scheme.id, rule.name, period.description), subject: nil,
            notice: rule.name, rule: rule.rule, clause: rule.clause, audience: rule.audience, channels: rule.channels,
            values: ["period": period.description], rows: shown,
            dueAt: Timestamp(startOf: day).adding(seconds: plan.by.seconds))
    }
}

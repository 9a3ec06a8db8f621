import Domain
import FEEL

/// Money that is kept back for each of something, such as a loan, and released or used up later.
final class ReservePlan: Sendable {
    /// Lists kept by the same attributes: what is earned, what is closed, and what is charged to the reserve.
    let earned: Int
    let closed: Int
    let charged: Int?
    /// The part that is kept back: of parameters only, so that every earlier period can be worked out again.
    let rate: Formula
    /// The first day on which something is kept back.
    let from: CalendarDate

    init(earned: Int, closed: Int, charged: Int?, rate: Formula, from: CalendarDate) {
        self.earned = earned
        self.closed = closed
        self.charged = charged
        self.rate = rate
        self.from = from
    }
}

/// What a reserve says about a period.
enum ReservePart: String, CaseIterable, Sendable {
    /// What is left for each, as a list.
    case parts
    case withheld, released, charged, balance
}

extension SchemeCompiler {
    func compileReserve(_ head: ElementHead) {
        let fields = head.fields
        let earned = fields.required("of").flatMap(slot)
        let closed = fields.required("released by").flatMap(slot)
        let charged = fields.has("charged by") ? fields.text("charged by").flatMap(slot) : nil
        let from = fields.has("from") ? SchemeHeader.date(fields, "from") : header.effectiveFrom
        let rate = fields.required("rate").flatMap(share)
        let names = reserveParts(head)
        guard let earned, let closed, let from, let rate else { return }
        for slot in rate.reads where !storage.parameterSlots.contains(slot) {
            faults.report(
                .wrongKind, at: rate.place, "the rate of `\(head.name.text)` reads `\(slotNames[slot])`",
                "use parameters only: what was kept back earlier is worked out again from them")
        }
        let plan = ReservePlan(earned: earned, closed: closed, charged: charged, rate: rate, from: from)
        let reads = [earned, closed] + [charged].compactMap { $0 } + rate.reads
        define(head, .reserve(plan, .parts), reads: reads, unit: "list")
        for (part, name) in names {
            define(head, name: name.text, .reserve(plan, part), reads: reads, unit: header.currency.code)
        }
        if names.isEmpty {
            faults.report(
                .missing, at: fields.place, "nothing reads the reserve `\(head.name.text)`",
                "name what it gives: `gives: { withheld: …, released: …, charged: …, balance: … }`")
        }
    }

    /// The names that a reserve's key `gives` has for the sums of a period.
    func reserveParts(_ head: ElementHead) -> [(part: ReservePart, name: Located)] {
        guard head.fields.has("gives"), let gives = head.fields.fields("gives") else { return [] }
        defer { gives.finish() }
        return ReservePart.allCases.filter { $0 != .parts }.compactMap { part in
            gives.has(part.rawValue) ? gives.text(part.rawValue).map { (part, $0) } : nil
        }
    }
}

extension Planner {
    /// A reserve goes through the whole history of its measures, which have to be lists of the same things.
    func checkReserves() {
        for figure in compiler.figures.values {
            guard case .reserve(let plan, .parts) = figure.work else { continue }
            let wanted = keeping(plan.earned)
            for slot in [plan.earned, plan.closed, plan.charged].compactMap({ $0 }) {
                let kept = keeping(slot)
                if let kept, kept == wanted, !kept.isEmpty { continue }
                compiler.faults.report(
                    .wrongKind, at: figure.place,
                    "`\(figure.name)` reads `\(compiler.slotNames[slot])`, which is no such list",
                    "name measures with the same `per` and `window: \(compiler.header.basePeriod.rawValue)`")
            }
        }
    }

    /// By what a measure of the base period keeps a list; `nil` when it is something else.
    private func keeping(_ slot: Int) -> [String]? {
        guard case .measure(let plan)? = compiler.figures[slot]?.work,
            plan.window == .current(compiler.header.basePeriod)
        else { return nil }
        return plan.per
    }
}

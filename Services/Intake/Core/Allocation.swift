import Domain

/// How an amount is divided among the holders of shares: exactly, to the last fen.
enum Allocation {
    /// The parts of `amount`, one for each assignment, in the order given.
    ///
    /// Each part is cut towards zero at `step` (in ten-thousandths). What is left of the shared amount goes to the
    /// largest share; among equals to the smallest manager id, then the smallest assignment id. When the shares make
    /// a whole, the parts make the amount; when they exceed it, a customer is assigned more than once and nothing is
    /// rounded up.
    static func parts(of amount: Quantity, step: Int64, among assignments: [Assignment]) -> [Int64] {
        let total = Int128(amount.tenThousandths)
        let shares = assignments.reduce(Int128(0)) { $0 + Int128($1.share.millionths) }
        let step = amount.tenThousandths.isMultiple(of: step) ? Int128(step) : 1
        var parts = assignments.map { total * Int128($0.share.millionths) / 1_000_000 / step * step }
        let shared = shares == 1_000_000 ? total : total * shares / 1_000_000 / step * step
        let residual = shared - parts.reduce(0, +)
        if residual != 0, shares <= 1_000_000,
            let heir = assignments.indices.min(by: { precedes(assignments[$0], assignments[$1]) })
        {
            parts[heir] += residual
        }
        return parts.map { Int64(clamping: $0) }
    }

    private static func precedes(_ lhs: Assignment, _ rhs: Assignment) -> Bool {
        guard lhs.share == rhs.share else { return lhs.share > rhs.share }
        return (lhs.manager, lhs.id) < (rhs.manager, rhs.id)
    }
}

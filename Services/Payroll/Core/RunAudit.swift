import Domain

/// Checks that a run's figures agree with each other and with its pay file, to the last hundredth.
public struct RunAudit: Hashable, Sendable {
    /// One contradiction, in words.
    public struct Difference: Hashable, Sendable, CustomStringConvertible {
        /// A stable code for alerts and runbooks.
        public var code: String
        /// What disagrees with what.
        public var description: String
    }

    public private(set) var differences: [Difference] = []
    private var counted = RunTotals.none
    private let run: PayRun

    /// An audit that has seen nothing of the run yet.
    public init(_ run: PayRun) {
        self.run = run
    }

    /// Checks one statement against its lines and against the carry that the manager's statement before it left.
    public mutating func add(_ statement: PayStatement, carriedBefore: Int64) {
        counted.add(statement)
        let sum = statement.lines.reduce(0) { $0 + $1.item.amount }
        let name = "statement \(statement.id)"
        if sum != statement.total {
            report("GR-PAY-301", "\(name): lines add up to \(text(sum)), the statement says \(text(statement.total))")
        }
        if statement.total + statement.carriedIn != statement.payable + statement.carriedOut {
            report("GR-PAY-302", "\(name): total and carried in differ from payable and carried out")
        }
        if statement.payable < 0 || statement.carriedOut > 0 {
            report("GR-PAY-303", "\(name): pays less than nothing or carries a credit")
        }
        if statement.carriedIn != carriedBefore {
            let (before, now) = (text(carriedBefore), text(statement.carriedIn))
            report("GR-PAY-304", "\(name): carries in \(now), the one before carried out \(before)")
        }
    }

    /// Compares the run's stored totals with its statements and with the control total of its pay file.
    public mutating func finish(file: PayFileControl) {
        if counted != run.totals {
            report("GR-PAY-305", "run \(run.id): stored \(words(run.totals)), statements give \(words(counted))")
        }
        if file.sum != run.totals.payable {
            report(
                "GR-PAY-306",
                "run \(run.id): the file's control sum is \(text(file.sum)), the run pays \(text(run.totals.payable))")
        }
    }

    private mutating func report(_ code: String, _ description: String) {
        differences.append(Difference(code: code, description: description))
    }

    private func text(_ amount: Int64) -> String { run.amountText(amount) }

    private func words(_ totals: RunTotals) -> String {
        "\(totals.statements) statements, \(totals.lines) lines, \(totals.corrections) corrections, "
            + "total \(text(totals.total)), payable \(text(totals.payable))"
    }
}

/// The control total that ends a pay file.
public struct PayFileControl: Hashable, Sendable {
    /// Payments in the file.
    public var count: Int
    /// The sum of the payments, in hundredths.
    public var sum: Int64

    /// A control total of its parts.
    public init(count: Int, sum: Int64) {
        self.count = count
        self.sum = sum
    }
}

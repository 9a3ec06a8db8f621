import Domain

/// The managers of the pack `reference-bank/twelve-indicators` and, worked out a second time in whole numbers, what it
/// makes of them.
struct ReferenceBank {
    static let scheme = "reference-bank/twelve-indicators"
    /// In the order of the pack: name, weight in percent, targets of the tiers A, B and C; counts come in whole numbers.
    static let indicators: [(name: String, weight: Int64, targets: [Int64], isCount: Bool)] = [
        ("deposits", 15, [8_000_000, 5_000_000, 2_500_000], false),
        ("loans", 12, [6_250_000, 4_000_000, 2_000_000], false),
        ("fees", 10, [80_000, 50_000, 25_000], false),
        ("funds", 10, [640_000, 400_000, 200_000], false),
        ("insurance", 8, [320_000, 200_000, 100_000], false),
        ("cards", 8, [500_000, 250_000, 125_000], false),
        ("payroll", 8, [1_000_000, 800_000, 400_000], false),
        ("wealth", 7, [1_600_000, 1_000_000, 500_000], false),
        ("settlement", 7, [2_000_000, 1_250_000, 1_000_000], false),
        ("recovery", 5, [100_000, 62_500, 50_000], false),
        ("visits", 5, [160, 100, 50], true),
        ("clients", 5, [40, 25, 20], true),
    ]
    static let lines = [
        "base salary", "post allowance", "performance pay", "deposit commission", "loan commission", "fee commission",
        "client award", "risk reserve",
    ]

    struct Manager {
        let number: Int
        /// 0 for A, 1 for B, 2 for C.
        let tier: Int
        /// The actuals of the month, in hundredths.
        let actuals: [Int64]
    }

    /// The same number gives the same manager on every machine.
    static func manager(_ number: Int) -> Manager {
        var random = SeededNumbers(seed: UInt64(number) &* 7_919 &+ 20_261_121)
        let tier = random.below(3)
        let actuals = indicators.map { indicator in
            let limit = Int(indicator.targets[tier]) * 13 / 10
            return indicator.isCount
                ? Int64(random.below(limit) + 1) * 100 : Int64(random.below(limit * 100) + 1)
        }
        return Manager(number: number, tier: tier, actuals: actuals)
    }

    struct Outcome {
        /// In units of 10⁻¹² points: every target divides a power of ten, so that nothing is rounded.
        let score: Int64
        /// By line of pay, in hundredths; the deduction is negative.
        let pay: [Int64]
    }

    static func outcome(_ manager: Manager) -> Outcome {
        let unit: Int64 = 10_000_000_000
        var score: Int64 = 0
        for (indicator, actual) in zip(indicators, manager.actuals) {
            score += min(actual * (unit / indicator.targets[manager.tier]), 120 * unit) * indicator.weight
        }
        let bands: [Int64] = [60, 75, 85, 95].map { $0 * 100 * unit }
        let grade = bands.count { score >= $0 }
        let performance = half(score * 25, by: unit)
        let deposits = half(manager.actuals[0] * 3, by: 10_000)
        let loans = half(manager.actuals[1] * 5, by: 10_000)
        let fees = half(manager.actuals[2] * 2, by: 100)
        let reserve = half(performance + deposits + loans + fees, by: 10)
        return Outcome(
            score: score,
            pay: [
                [300_000, 350_000, 420_000, 500_000, 600_000][grade], [120_000, 80_000, 50_000][manager.tier],
                performance, deposits, loans, fees, manager.actuals[11] * 15, -reserve,
            ])
    }

    /// Rounded half up.
    private static func half(_ number: Int64, by divisor: Int64) -> Int64 { (number * 2 + divisor) / (divisor * 2) }

    /// The sums over managers `0..<count`.
    static func totals(_ count: Int) -> (score: Int128, pay: [Int64]) {
        var score: Int128 = 0
        var pay = [Int64](repeating: 0, count: lines.count)
        for number in 0..<count {
            let outcome = outcome(manager(number))
            score += Int128(outcome.score)
            for line in lines.indices { pay[line] += outcome.pay[line] }
        }
        return (score, pay)
    }
}

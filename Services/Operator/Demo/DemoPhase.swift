import ArgumentParser
import Domain

/// The demonstration's quarter, in the order in which its records arrive.
enum DemoPhase: String, CaseIterable, ExpressibleByArgument {
    case reference, january, february, march

    /// The month of the phase's daily work; nil for the reference data.
    var month: Period? {
        switch self {
        case .reference: nil
        case .january: .month(year: 2026, month: 1)
        case .february: .month(year: 2026, month: 2)
        case .march: .month(year: 2026, month: 3)
        }
    }
}

/// All records of a phase: the same for the same seed, in the same order.
struct DemoRecords {
    let world: DemoWorld
    let seed: UInt64

    init(seed: UInt64) {
        self.seed = seed
        world = DemoWorld(seed: seed)
    }

    func records(of phase: DemoPhase) -> [SourceRecord] {
        guard phase.month != nil else { return DemoReference(world: world).records }
        // Balances decide how often a customer must be visited, so a month needs the months before it.
        var ledger = DemoLedger(world: world, seed: seed)
        var records: [SourceRecord] = []
        for earlier in DemoPhase.allCases {
            guard let month = earlier.month else { continue }
            let opening = ledger.balances
            let movements = ledger.movements(of: month)
            if earlier == phase {
                records += movements
                records += DemoConduct(world: world, seed: seed, month: month).records
                records += DemoVisits(world: world, seed: seed, month: month, balances: opening).records
                records += DemoIncidents(world: world, month: month).records
                records += DemoTobacco(world: world, seed: seed, month: month).records
                break
            }
        }
        return DemoNoise(seed: seed, phase: phase).applied(to: records)
    }
}

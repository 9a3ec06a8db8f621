public import Domain
import FEEL

extension Scheme {
    /// The second phase for a population that fits into memory, in any order of members; see ``PopulationComparison``.
    ///
    /// - Parameter calendar: for the time that tasks give to those who decide.
    public func evaluateAcross(
        _ period: Period, _ population: [PopulationMember], calendar: WorkCalendar = WorkCalendar()
    ) -> CrossEvaluation {
        var comparison = PopulationComparison(self, period, calendar: calendar)
        let members = population.sorted { $0.subject < $1.subject }
        while comparison.isLearning {
            for member in members { comparison.learn(member) }
            comparison.endRound()
        }
        var figures: [Subject: [FigureValue]] = [:]
        for member in members {
            let own = comparison.conclude(member)
            if !own.isEmpty { figures[member.subject] = own }
        }
        return CrossEvaluation(figures: figures, effects: comparison.effects(), gaps: comparison.missing)
    }

    /// The bulletins that go out at a close of such a period.
    func bulletins(_ kind: Period.Kind) -> [BulletinBoard] {
        storage.notices.compactMap { plan in
            guard case .across(kind) = plan.notice.trigger, plan.state != .shadow else { return nil }
            return BulletinBoard(plan, storage.names)
        }
    }
}

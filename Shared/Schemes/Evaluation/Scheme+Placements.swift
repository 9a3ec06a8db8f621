import Domain
import FEEL

extension Scheme {
    /// Gradings with a number of places for each grade: the best come first, who finds a grade full takes the next lower.
    func placements(
        _ period: Period, _ members: [PopulationMember], _ evaluators: [Evaluator]
    ) -> [Effect] {
        storage.gradings.flatMap { rule -> [Effect] in
            guard !rule.quotas.isEmpty, rule.every.contains(period.kind), rule.head.state != .shadow,
                case .ladder(let ladder) = storage.figure(rule.ladderSlot).work
            else { return [] }
            var taken: [Int: Int] = [:]
            return candidates(rule, ladder, members, evaluators).flatMap { candidate -> [Effect] in
                let evaluator = evaluators[candidate.index]
                var place = candidate.grade
                while place > 0, isFull(ladder.grades[place], taken[place] ?? 0, rule, evaluator) { place -= 1 }
                taken[place, default: 0] += 1
                let current = evaluator.frame[rule.ladderSlot].asString
                let grade = ladder.grades[place]
                return grade == current ? [] : evaluator.change(rule, ladder, from: current, to: grade, self)
            }
        }
    }

    /// Everybody with the grade that the figures ask for, highest first; equal figures in the order of the subjects.
    private func candidates(
        _ rule: GradingRule, _ ladder: LadderPlan, _ members: [PopulationMember], _ evaluators: [Evaluator]
    ) -> [(index: Int, grade: Int)] {
        let found = members.indices.compactMap { index -> (index: Int, grade: Int, number: Decimal128)? in
            let frame = evaluators[index].frame
            guard let wish = rule.target(ladder, frame), let grade = ladder.grades.firstIndex(of: wish) else {
                return nil
            }
            return (index, grade, rule.orderSlot.flatMap { frame[$0].asNumber } ?? .zero)
        }
        return found.sorted { left, right in
            if left.number != right.number { return right.number < left.number }
            return members[left.index].subject < members[right.index].subject
        }.map { ($0.index, $0.grade) }
    }

    private func isFull(_ grade: String, _ taken: Int, _ rule: GradingRule, _ evaluator: Evaluator) -> Bool {
        guard let quota = rule.quotas[grade]?.evaluate(evaluator.frame).asNumber else { return false }
        return !(Decimal128(taken) < quota)
    }
}

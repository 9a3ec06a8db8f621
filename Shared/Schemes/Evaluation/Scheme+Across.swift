public import Domain
import FEEL

extension Scheme {
    /// The second phase: ranks, averages and bulletins over everybody's published figures, in any order of members.
    ///
    /// - Parameter calendar: for the time that tasks give to those who decide.
    public func evaluateAcross(
        _ period: Period, _ population: [PopulationMember], calendar: WorkCalendar = WorkCalendar()
    ) -> CrossEvaluation {
        guard let plan = storage.plans[PlanKey(subject: subjectKind, period: period.kind)],
            isInForce(on: period.first)
        else { return CrossEvaluation(figures: [:], effects: [], gaps: []) }
        let members = population.filter { $0.figures["excluded"] == nil }.sorted { $0.subject < $1.subject }
        var evaluators = members.map { evaluator($0, period, calendar) }
        for slot in plan.across {
            if case .comparison(let comparison) = storage.figure(slot).work {
                compare(comparison, into: slot, members, &evaluators)
            } else {
                for index in evaluators.indices { evaluators[index].compute([slot]) }
            }
        }
        var figures: [Subject: [FigureValue]] = [:]
        for (member, evaluator) in zip(members, evaluators) where !plan.across.isEmpty {
            figures[member.subject] = plan.across.map { slot in
                let figure = storage.figure(slot)
                return FigureValue(name: figure.name, value: evaluator.frame[slot], unit: figure.unit)
            }
        }
        var effects = placements(period, members, evaluators)
        for index in evaluators.indices {
            effects += evaluators[index].tasks(self, afterComparison: true)
            effects += evaluators[index].periodNotices(self, afterComparison: true)
        }
        return CrossEvaluation(
            figures: figures, effects: effects + bulletins(period, members, evaluators),
            gaps: evaluators.flatMap(\.gaps))
    }

    private func evaluator(_ member: PopulationMember, _ period: Period, _ calendar: WorkCalendar) -> Evaluator {
        var inputs = SubjectInputs(subject: member.subject, period: period)
        inputs.calendar = calendar
        inputs.profile["unit"] = member.unit.map(AttributeValue.text)
        var evaluator = Evaluator(storage, inputs, tracing: false)
        for slot in storage.publishedSlots {
            let figure = storage.figure(slot)
            if let text = member.figures[figure.name] {
                evaluator.frame[slot] = storage.value(of: slot, published: text)
            }
        }
        return evaluator
    }

    private func compare(
        _ plan: ComparisonPlan, into slot: Int, _ members: [PopulationMember], _ evaluators: inout [Evaluator]
    ) {
        let groups = Dictionary(grouping: members.indices) { index in
            switch plan.among {
            case .everyone: ""
            case .unit: members[index].unit ?? ""
            case .sharing(let slot): evaluators[index].frame[slot].text
            }
        }
        for (_, group) in groups {
            let known = group.compactMap { index in
                evaluators[index].frame[plan.of].asNumber.map { (index: index, number: $0) }
            }
            let total = known.map(\.number).reduce(.zero, +)
            let numbers = known.map(\.number)
            for entry in known {
                evaluators[entry.index].frame[slot] = .number(figure(plan, entry.number, numbers, total))
            }
            // What a group has in common holds for those too who have no part in it.
            guard plan.take != .rank, plan.take != .share, !numbers.isEmpty else { continue }
            for index in group {
                evaluators[index].frame[slot] = .number(figure(plan, .zero, numbers, total))
            }
        }
    }

    private func figure(
        _ plan: ComparisonPlan, _ own: Decimal128, _ all: [Decimal128], _ total: Decimal128
    ) -> Decimal128 {
        switch plan.take {
        case .rank: Decimal128(1 + all.count { plan.lowestFirst ? $0 < own : own < $0 })
        case .average: total / Decimal128(all.count)
        case .sum: total
        case .count: Decimal128(all.count)
        case .highest: all.max() ?? .zero
        case .lowest: all.min() ?? .zero
        case .share: total.isZero ? .zero : own / total
        }
    }

    private func bulletins(
        _ period: Period, _ members: [PopulationMember], _ evaluators: [Evaluator]
    ) -> [Effect] {
        storage.notices.compactMap { plan in
            guard case .across(period.kind) = plan.notice.trigger, plan.state != .shadow else { return nil }
            let rule = plan.notice
            let day = period.last.adding(days: 1)
            let rows = rows(plan, members, evaluators)
            if plan.condition != nil, rows.isEmpty { return nil }
            return .notice(
                NoticeRequest(
                    id: DeterministicID.make("notice", id, rule.name, period.description), subject: nil,
                    notice: rule.name, rule: rule.rule, clause: rule.clause, audience: rule.audience,
                    channels: rule.channels, values: ["period": period.description],
                    rows: rows,
                    dueAt: Timestamp(startOf: day).adding(seconds: plan.by.seconds)))
        }
    }

    /// The lines of a bulletin, best first; equal figures share a rank, and a limit keeps all who share its last rank.
    private func rows(
        _ plan: NoticePlan, _ members: [PopulationMember], _ evaluators: [Evaluator]
    ) -> [[String: String]] {
        let order = members.indices.map { index in
            (index: index, number: plan.orderSlot.flatMap { evaluators[index].frame[$0].asNumber })
        }.filter { entry in
            guard plan.orderSlot == nil || entry.number != nil else { return false }
            return plan.condition.map { $0.evaluate(evaluators[entry.index].frame).asBoolean == true } ?? true
        }.sorted { left, right in
            let (a, b) = (left.number ?? .zero, right.number ?? .zero)
            if a != b { return plan.lowestFirst ? a < b : b < a }
            return members[left.index].subject < members[right.index].subject
        }
        var rows: [[String: String]] = []
        var rank = 0
        for (place, entry) in order.enumerated() {
            if place == 0 || order[place - 1].number != entry.number { rank = place + 1 }
            if let limit = plan.limit, rank > limit { break }
            var row = ["rank": String(rank), "manager": members[entry.index].subject.id]
            for slot in plan.figures where !evaluators[entry.index].frame[slot].isNull {
                row[storage.names.all[slot]] = evaluators[entry.index].frame[slot].text
            }
            rows.append(row)
        }
        return rows
    }
}

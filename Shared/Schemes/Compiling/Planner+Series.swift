import Domain
import FEEL

extension Planner {
    /// Gives every measure its series; measures that ask the same share one.
    func allocateSeries() {
        var storage = compiler.storage
        var indexOfKey: [String: Int] = [:]
        let dayMeasures = measuresNeedingDays(storage)
        let presence = presenceSlots(storage)
        for position in storage.figures.indices {
            let figure = storage.figures[position]
            guard case .measure(let plan) = figure.work else { continue }
            let needsDays =
                !plan.window.isMonthly || plan.take == .firstDate || plan.take == .lastDate
                || dayMeasures.contains(figure.slot) || presence.contains(figure.slot)
            let bucket: SeriesDefinition.Bucket = needsDays ? .day : .month
            let key = Self.key(plan.series, bucket)
            let index = indexOfKey[key] ?? storage.series.count
            if index == storage.series.count {
                indexOfKey[key] = index
                storage.series.append(
                    SeriesDefinition(
                        index: index, key: key, factTypes: plan.series.factTypes,
                        groups: plan.series.groups, bucket: bucket, needsOrder: plan.series.needsOrder,
                        filter: plan.series.filter, value: plan.series.value))
            }
            replace(&storage, position, plan.reading(index, bucket, present: nil))
        }
        linkPresence(&storage)
        compiler.storage = storage
    }

    private func replace(_ storage: inout SchemeStorage, _ position: Int, _ plan: MeasurePlan) {
        let changed = storage.figures[position].working(.measure(plan))
        storage.figures[position] = changed
        compiler.figures[changed.slot] = changed
    }

    private func linkPresence(_ storage: inout SchemeStorage) {
        for position in storage.figures.indices {
            guard case .measure(let plan) = storage.figures[position].work, let slot = plan.presentSlot else {
                continue
            }
            guard case .measure(let presence) = storage.figure(slot).work, !presence.series.groups.isEmpty else {
                compiler.faults.report(
                    .wrongKind, at: storage.figures[position].place,
                    "`present` names `\(compiler.slotNames[slot])`, which is not a measure per customer",
                    "name a measure with `per: customer`")
                continue
            }
            replace(&storage, position, plan.reading(plan.seriesIndex, plan.bucket, present: presence.seriesIndex))
        }
    }

    /// Measures evaluated at the close of a day or a week see part of a month.
    private func measuresNeedingDays(_ storage: SchemeStorage) -> Set<Int> {
        var slots: Set<Int> = []
        for (key, plan) in storage.plans where key.period == .day || key.period == .week { slots.formUnion(plan.own) }
        return slots
    }

    private func presenceSlots(_ storage: SchemeStorage) -> Set<Int> {
        Set(
            storage.figures.compactMap { figure in
                if case .measure(let plan) = figure.work { plan.presentSlot } else { nil }
            })
    }

    static func key(_ request: SeriesRequest, _ bucket: SeriesDefinition.Bucket) -> String {
        var parts = [request.factTypes.joined(separator: "+")]
        if let filter = request.filter { parts.append("where " + Names.normalised(filter.formula.text)) }
        if let value = request.value { parts.append("value " + Names.normalised(value.formula.text)) }
        parts.append(request.groups.isEmpty ? "whole" : "by " + request.groups.joined(separator: ", "))
        parts.append("per \(bucket.rawValue)")
        if request.needsOrder { parts.append("ordered") }
        return parts.joined(separator: " | ")
    }

    /// Which figures leave the evaluation.
    func publish() {
        var storage = compiler.storage
        let payNames = Set(storage.pay.map(\.slot))
        let parameters = Set(storage.parameterSlots)
        var payReads = Set(storage.pay.flatMap { $0.formula?.reads ?? [] })
        payReads.subtract(payNames)
        payReads.subtract(parameters)
        if !storage.exclusions.isEmpty { payReads.insert(FixedSlot.excluded) }
        storage.payReads = payReads.filter { $0 > FixedSlot.ratio }.sorted()
        storage.scoreSlot =
            storage.figures.last { figure in
                if case .scorecard = figure.work {
                    return figure.every.isEmpty || figure.every.contains(storage.header.basePeriod)
                }
                return false
            }?.slot
        storage.ladderSlots = storage.figures.filter { if case .ladder = $0.work { true } else { false } }.map(\.slot)
        var published = Set(storage.payReads)
        for notice in storage.notices { published.formUnion(notice.figures + [notice.orderSlot].compactMap { $0 }) }
        for figure in storage.figures {
            switch figure.work {
            case .scorecard, .indicator, .ladder, .reserve: published.insert(figure.slot)
            case .comparison: published.formUnion(figure.reads + [figure.slot])
            case .results(let plan): if let slot = compiler.slots[plan.figure] { published.insert(slot) }
            default: break
            }
            if !figure.every.isEmpty { published.insert(figure.slot) }
        }
        for grading in storage.gradings where !grading.quotas.isEmpty {
            published.formUnion(grading.grade.reads + [grading.ladderSlot] + [grading.orderSlot].compactMap { $0 })
        }
        for plan in storage.plans.values {
            for slot in plan.across { published.formUnion(storage.figure(slot).reads) }
        }
        published.formUnion(readAfterComparison())
        published.subtract(parameters)
        storage.publishedSlots = published.filter { $0 > FixedSlot.ratio }.sorted()
        compiler.storage = storage
    }
}

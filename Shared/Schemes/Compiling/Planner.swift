import Domain
import FEEL

/// Decides what is computed when, in which order, and which series that needs.
struct Planner {
    let compiler: SchemeCompiler
    private var storage: SchemeStorage { compiler.storage }

    init(_ compiler: SchemeCompiler) { self.compiler = compiler }

    func plan() {
        reportCycles()
        checkReserves()
        var storage = compiler.storage
        let acrossSlots = slotsAfterComparison()
        let itemSlots = slotsOfItems()
        for key in planKeys() {
            let roots = roots(key)
            let order = order(roots)
            var plan = Plan()
            for slot in order where !itemSlots.contains(slot) {
                if acrossSlots.contains(slot) { plan.across.append(slot) } else { plan.own.append(slot) }
            }
            storage.plans[key] = plan
        }
        func steps(_ reads: [Int]) -> [Int] { order(reads).filter { itemSlots.contains($0) } }
        for index in storage.obligations.indices {
            guard case .chosen(let slot) = storage.obligations[index].due else { continue }
            storage.obligations[index].items?.steps = steps([slot])
        }
        for position in storage.figures.indices {
            let figure = storage.figures[position]
            guard case .table(let plan, let column) = figure.work, var items = plan.items else { continue }
            items.steps = steps(plan.reads)
            storage.figures[position] = figure.working(.table(plan.asking(items), column: column))
            compiler.figures[figure.slot] = storage.figures[position]
        }
        for index in storage.periodFindings.indices {
            let needed = steps(storage.periodFindings[index].reads)
            storage.periodFindings[index].items?.steps = needed
        }
        for index in storage.tasks.indices {
            let needed = steps(storage.tasks[index].reads)
            storage.tasks[index].items?.steps = needed
        }
        storage.acrossSlots = acrossSlots
        for index in storage.constraints.indices {
            let given = Set(storage.constraints[index].given.map(\.slot))
            storage.constraints[index].steps =
                order(storage.constraints[index].that.reads, stoppingAt: given).filter { !given.contains($0) }
        }
        for index in storage.exclusions.indices {
            storage.exclusions[index].steps = order(storage.exclusions[index].when.reads)
        }
        compiler.storage = storage
        allocateSeries()
        publish()
    }

    // MARK: dependencies

    /// What a figure needs before it, beside the slots its formulas read.
    private func needs(_ slot: Int) -> [Int] {
        guard let figure = compiler.figures[slot] else { return [] }
        return figure.reads
    }

    /// The slots needed for some slots, each after what it needs.
    private func order(_ roots: [Int], stoppingAt stops: Set<Int> = []) -> [Int] {
        var done: Set<Int> = []
        var order: [Int] = []
        func visit(_ slot: Int) {
            guard done.insert(slot).inserted else { return }
            if !stops.contains(slot) { for need in needs(slot) { visit(need) } }
            if let figure = compiler.figures[slot], case .given = figure.work { return }
            order.append(slot)
        }
        for root in roots.sorted() { visit(root) }
        return order
    }

    private func reportCycles() {
        var state: [Int: Int] = [:]
        var path: [Int] = []
        func visit(_ slot: Int) {
            if state[slot] == 2 { return }
            if state[slot] == 1 {
                report(path.suffix(from: path.firstIndex(of: slot) ?? 0) + [slot])
                return
            }
            state[slot] = 1
            path.append(slot)
            for need in needs(slot) { visit(need) }
            path.removeLast()
            state[slot] = 2
        }
        for slot in compiler.figures.keys.sorted() { visit(slot) }
    }

    private func report(_ cycle: ArraySlice<Int>) {
        guard let first = cycle.first, let figure = compiler.figures[first] else { return }
        let names = cycle.map { "`\(compiler.slotNames[$0])`" }.joined(separator: " → ")
        compiler.faults.report(
            .cycle, at: figure.place, "figures depend on each other in a circle: \(names)",
            "break the circle; an earlier period's value is read with `results:`")
    }

    private func slotsDepending(on start: Set<Int>, stoppingAtTables: Bool = false) -> Set<Int> {
        var found = start
        var grown = true
        while grown {
            grown = false
            for (slot, figure) in compiler.figures where !found.contains(slot) {
                if stoppingAtTables, case .table(let plan, _) = figure.work, plan.items != nil { continue }
                if figure.reads.contains(where: found.contains) {
                    found.insert(slot)
                    grown = true
                }
            }
        }
        return found
    }

    private func slotsAfterComparison() -> Set<Int> {
        let comparisons = compiler.figures.values.filter { if case .comparison = $0.work { true } else { false } }
        return slotsDepending(on: Set(comparisons.map(\.slot)))
    }

    /// What can only be computed for an item. A table that is asked for each entry of a list is a figure like others.
    private func slotsOfItems() -> Set<Int> {
        let items = Set(storage.itemLists.flatMap { $0.entries.map(\.slot) })
        return items.isEmpty ? [] : slotsDepending(on: items, stoppingAtTables: true)
    }

    // MARK: what is wanted at which close

    private func planKeys() -> [PlanKey] {
        var keys: Set<PlanKey> = [PlanKey(subject: storage.header.subject, period: storage.header.basePeriod)]
        for figure in compiler.figures.values {
            for kind in figure.every { keys.insert(PlanKey(subject: figure.subject, period: kind)) }
        }
        for task in storage.tasks {
            if case .period(let kinds, _, _) = task.trigger {
                for kind in kinds { keys.insert(PlanKey(subject: storage.header.subject, period: kind)) }
            }
        }
        let rules =
            storage.gradings.flatMap(\.every) + storage.obligations.flatMap(\.every)
            + storage.periodFindings.flatMap(\.every)
        for kind in rules {
            keys.insert(PlanKey(subject: storage.header.subject, period: kind))
        }
        for notice in storage.notices {
            switch notice.notice.trigger {
            case .period(let kind), .across(let kind):
                keys.insert(PlanKey(subject: storage.header.subject, period: kind))
            case .fact, .event: break
            }
        }
        for kind in storage.allocations.flatMap(\.every) { keys.insert(PlanKey(subject: .unit, period: kind)) }
        return keys.sorted { ($0.subject.rawValue, $0.period.rawValue) < ($1.subject.rawValue, $1.period.rawValue) }
    }

    private func roots(_ key: PlanKey) -> [Int] {
        var roots: [Int] = []
        let isBase = key.period == storage.header.basePeriod && key.subject == storage.header.subject
        for figure in compiler.figures.values where figure.subject == key.subject {
            if figure.every.contains(key.period) || (isBase && figure.isDefaultRoot) { roots.append(figure.slot) }
        }
        guard key.subject == storage.header.subject else { return roots }
        for task in storage.tasks {
            guard case .period(let kinds, _, _) = task.trigger, kinds.contains(key.period) else { continue }
            roots += task.reads + [task.items?.slot].compactMap { $0 }
        }
        for finding in storage.periodFindings where finding.every.contains(key.period) {
            roots += finding.reads + [finding.items?.slot].compactMap { $0 }
        }
        for grading in storage.gradings where grading.every.contains(key.period) {
            roots += grading.grade.reads + [grading.ladderSlot] + [grading.orderSlot].compactMap { $0 }
            roots += grading.quotas.values.flatMap(\.reads)
        }
        for obligation in storage.obligations where obligation.every.contains(key.period) {
            roots += (obligation.amount?.reads ?? []) + [obligation.items?.slot].compactMap { $0 }
            if case .chosen(let slot) = obligation.due { roots.append(slot) }
        }
        for notice in storage.notices {
            switch notice.notice.trigger {
            case .period(key.period), .across(key.period):
                roots += notice.figures + [notice.orderSlot].compactMap { $0 } + (notice.condition?.reads ?? [])
            default: break
            }
        }
        if isBase { roots += storage.judgedReads }
        if isBase { for component in storage.pay { roots += component.formula?.reads ?? [] } }
        return roots
    }
}

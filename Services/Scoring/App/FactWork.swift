import Contracts
import Domain
import Messaging
import Postgres
import SchemeLibrary
import ScoringCore
import ScoringStores

/// Stores a run of facts between two markers and counts what is new. Its memory is used again for the next run.
struct FactWork {
    private var batch = FactBatch()
    /// The place of each fact's plan, beside the batch's facts.
    private var plans: [Int] = []
    private var table = AggregateTable()
    private var arrivals: [Arrival] = []
    private(set) var late: [PeriodStore.LateFact] = []
    private(set) var conflicts = 0

    mutating func apply(
        _ messages: MessageBatch, _ range: Range<Int>, _ state: PartitionState, _ connection: Connection,
        _ library: SchemeLibrary, _ scanner: FactScanner, _ outcome: inout BatchOutcome
    ) throws {
        reset()
        let store = FactStore(connection)
        try scan(messages, range, state, scanner, store, &outcome)
        var new = firsts(messages, &outcome)
        try dropStored(&new, messages, store, &outcome)
        count(&new, messages, state, &outcome)
        try insert(new, messages, state, store)
        try AggregateStore(connection).add(table)
        try settleReversals(new, state, store, connection)
        if !late.isEmpty { try PeriodStore(connection).mark(late, partition: state.partition) }
        if !arrivals.isEmpty {
            // In the order of the log, whatever the store's order is.
            arrivals.sort { $0.offset < $1.offset }
            var work = ArrivalWork(connection, library)
            try work.run(arrivals, state.active)
            outcome.outbox += work.events.map { OutboxRow($0) }
        }
        outcome.applied += new.count
    }

    private mutating func reset() {
        plans.removeAll(keepingCapacity: true)
        batch.removeAll()
        table.removeAll()
        late.removeAll(keepingCapacity: true)
        arrivals.removeAll()
        conflicts = 0
    }
}

// Reading.
extension FactWork {
    private mutating func scan(
        _ messages: MessageBatch, _ range: Range<Int>, _ state: PartitionState, _ scanner: FactScanner,
        _ store: FactStore, _ outcome: inout BatchOutcome
    ) throws {
        var fresh = ReferenceTable()
        var freshKeys: [FactStore.SubjectKey] = []
        let known = state.active.plans
        let subjects = state.subjects
        let bytes = messages.bytes.span
        for index in range {
            guard let valueRange = messages.valueRange(index) else {
                outcome.reject(index, FactRejection(.empty, at: 0))
                continue
            }
            let value = bytes.extracting(valueRange)
            let view: FactView
            do {
                view = try scanner.scan(value)
            } catch {
                outcome.reject(index, error)
                continue
            }
            guard let keyRange = messages.keyRange(index), view.isKeyed(by: bytes.extracting(keyRange), in: value)
            else {
                outcome.reject(index, ScoringFault.wrongKey)
                continue
            }
            guard
                let place = known.place(
                    institution: value.extracting(view.institution.range), type: value.extracting(view.type.range))
            else {
                outcome.reject(index, ScoringFault.unknownType)
                continue
            }
            let key = bytes.extracting(keyRange)
            var subject = subjects.number(of: key)
            if subject == nil {
                if fresh.number(of: key) == nil {
                    fresh.insert(key, number: -Int32(freshKeys.count) - 1)
                    freshKeys.append(FactStore.SubjectKey(view, in: value))
                }
                subject = fresh.number(of: key)
            }
            guard let subject else { continue }
            plans.append(place)
            batch.append(BatchFact(index: index, subject: subject, type: known.number(at: place), view: view))
        }
        if !freshKeys.isEmpty { batch.number(try number(freshKeys, state, store)) }
    }

    private func number(
        _ keys: [FactStore.SubjectKey], _ state: PartitionState, _ store: FactStore
    ) throws -> [Int32] {
        let numbers = try store.number(keys, partition: state.partition)
        return try keys.map { key in
            guard let number = numbers[key] else { throw ScoringFault.unnumberedSubject }
            state.subjects.insert(key.text, number: number)
            return number
        }
    }

    /// The positions of the facts that are not repeated in the batch, in the order of the store's key.
    private mutating func firsts(_ messages: MessageBatch, _ outcome: inout BatchOutcome) -> [Int] {
        var repeats: [(first: BatchFact, again: BatchFact)] = []
        let firsts = batch.firsts { repeats.append(($0, $1)) }
        for (first, again) in repeats {
            let original = messages.valueRange(first.index).map { Array(messages.bytes[$0]) } ?? []
            settle(again, original, messages, &outcome)
        }
        return firsts
    }

    private mutating func dropStored(
        _ new: inout [Int], _ messages: MessageBatch, _ store: FactStore, _ outcome: inout BatchOutcome
    ) throws {
        let places = new
        let subjects = places.map { batch.facts[$0].subject }
        let ids = places.map { batch.facts[$0].view.id }
        let found = try store.stored(count: places.count, subject: { subjects[$0] }, id: { ids[$0] })
        guard !found.isEmpty else { return }
        var isStored = [Bool](repeating: false, count: places.count)
        for (place, payload) in found {
            isStored[place] = true
            settle(batch.facts[places[place]], payload, messages, &outcome)
        }
        new = places.indices.filter { !isStored[$0] }.map { places[$0] }
    }

    /// Decides whether a fact whose id is known says the same again.
    private mutating func settle(
        _ fact: BatchFact, _ original: [UInt8], _ messages: MessageBatch, _ outcome: inout BatchOutcome
    ) {
        let again = messages.valueRange(fact.index).map { Array(messages.bytes[$0]) } ?? []
        let isSame =
            again == original
            || (try? FactCodec.decode(again.span)).map { $0 == (try? FactCodec.decode(original.span)) } ?? false
        if isSame {
            outcome.duplicates += 1
        } else {
            conflicts += 1
            outcome.reject(fact.index, ScoringFault.conflict)
        }
    }
}

// Writing.
extension FactWork {
    /// Adds the new facts to their aggregates and finds what acts on single facts; facts out of range leave `new`.
    private mutating func count(
        _ new: inout [Int], _ messages: MessageBatch, _ state: PartitionState, _ outcome: inout BatchOutcome
    ) {
        let known = state.active.plans
        let latest = state.latestClosedDay
        let bytes = messages.bytes.span
        var refused: Set<Int> = []
        for position in new {
            let fact = batch.facts[position]
            let place = plans[position]
            let parts = FactParts(fact.view, subject: fact.subject)
            var fits: Bool
            if known.needsWholeFact(at: place), let range = messages.valueRange(fact.index) {
                let whole = Fact(fact.view, of: bytes.extracting(range))
                fits = table.add(parts, known[place], whole)
                if fits, known[place].hasArrivals {
                    let offset = messages.offset(fact.index)
                    let trace = FactCodec.text(fact.view.traceparent, in: bytes.extracting(range))
                    arrivals.append(
                        Arrival(
                            subject: fact.subject, fact: whole, offset: offset, trace: trace.isEmpty ? nil : trace))
                }
            } else {
                fits = table.addBase(parts, series: known.baseSeries(at: place))
            }
            guard fits else {
                refused.insert(position)
                outcome.reject(fact.index, ScoringFault.sumOutOfRange)
                continue
            }
            if let latest, fact.view.businessDate <= latest {
                noteIfLate(fact, messages, state)
            }
        }
        if !refused.isEmpty { new.removeAll { refused.contains($0) } }
    }

    private mutating func noteIfLate(_ fact: BatchFact, _ messages: MessageBatch, _ state: PartitionState) {
        guard let range = messages.valueRange(fact.index) else { return }
        let value = messages.bytes.span.extracting(range)
        let institution = FactCodec.text(fact.view.institution, in: value)
        guard let closed = state.closedThrough[institution], fact.view.businessDate <= closed else { return }
        late.append(
            PeriodStore.LateFact(
                subject: fact.subject, day: fact.view.businessDate, offset: messages.offset(fact.index)))
    }

    private func insert(_ new: [Int], _ messages: MessageBatch, _ state: PartitionState, _ store: FactStore) throws {
        guard !new.isEmpty else { return }
        let known = state.active.plans
        try store.insert(count: new.count, partition: state.partition, bytes: messages.bytes) { place in
            let fact = batch.facts[new[place]]
            return FactStore.NewFact(
                fact: fact, value: messages.valueRange(fact.index) ?? 0..<0, offset: messages.offset(fact.index),
                kept: known.isKept(at: plans[new[place]]))
        }
    }

    /// Works out again what a reversal cannot subtract, and pairs reversals with facts that come after them.
    private mutating func settleReversals(
        _ new: [Int], _ state: PartitionState, _ store: FactStore, _ connection: Connection
    ) throws {
        let undone = new.compactMap { position -> (subject: Int32, id: UUID128)? in
            let fact = batch.facts[position]
            return fact.view.reverses.map { (fact.subject, $0) }
        }
        if state.hasEarlyReversals {
            let places = new
            let taken = try store.takeEarlyReversals(
                count: places.count, subject: { batch.facts[places[$0]].subject },
                id: { batch.facts[places[$0]].view.id })
            for position in new where taken.contains(batch.facts[position].view.id) {
                table.reorder(subject: batch.facts[position].subject)
            }
            state.hasEarlyReversals = try store.hasEarlyReversals(state.partition)
        }
        if !undone.isEmpty, try store.addEarlyReversals(of: undone, partition: state.partition) > 0 {
            state.hasEarlyReversals = true
        }
        try OrderRecount(connection).run(table, state.active.plans)
    }
}

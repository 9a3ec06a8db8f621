import Contracts
import Domain
import IntakeCore
import Postgres
import ServiceKit

/// One writer's way from records to facts: read, know again, credit, produce, record. Never shared between threads.
///
/// Everything that it stores belongs to the caller's transaction. Facts are acknowledged before it returns; a crash
/// before the commit makes the same facts again, with the same ids.
struct Ingestor {
    let catalogue: SourceCatalogue
    let sender: FactSender
    let writer: Int16
    var lines: [SourceLine]
    var keeper = ReferenceKeeper()
    var batch = FactBatch()

    init(_ catalogue: SourceCatalogue, sender: FactSender, writer: Int16) {
        self.catalogue = catalogue
        self.sender = sender
        self.writer = writer
        lines = zip(catalogue.compiled, catalogue.document.sources).map { plan, source in
            SourceLine(
                reader: RecordReader(plan), composer: FactComposer(source: source.id, stock: catalogue.document.stock))
        }
    }

    /// A record on its way through a batch.
    struct Item {
        enum State { case fresh, held, reference, duplicate, rejected }
        var key = UUID128(high: 0, low: 0)
        var content = UUID128(high: 0, low: 0)
        var state = State.rejected
        var firstFact: Int32 = 0
        var factCount: Int32 = 0
    }

    /// The parts of a batch that few records have, by the record's place.
    struct Extras {
        var problems: [Int: [RecordProblem]] = [:]
        var reversed: [Int: UUID128] = [:]
        var held: [Int: HeldRecord] = [:]
        var references: [Int: ReferenceRecord] = [:]
        var ids: [String] = []
    }

    /// Takes the records of one input within the open transaction.
    mutating func ingest(_ input: IngestInput, in transaction: Transaction) throws -> IngestResult {
        try keeper.refresh(in: transaction)
        batch.removeAll()
        var extras = Extras()
        var items = read(input, &extras)
        let number = catalogue.numbers[input.source]
        let order = items.indices.filter { items[$0].state != .rejected }
            .sorted { (items[$0].key, $0) < (items[$1].key, $1) }
        let known = try knownContents(items, order, extras, number, transaction)
        settle(&items, order, known, &extras)
        try settleReferences(&items, &extras, transaction)
        let shipment = try sender.send(batch, skipping: skipped(items))
        let references = extras.references.keys.sorted().filter { items[$0].state == .reference }
        try ReferenceStore().apply(references.compactMap { extras.references[$0] }, in: transaction)
        try ReceivedStore().insert(rows(items, order, extras), source: number, in: transaction)
        let held = extras.held.keys.sorted().filter { items[$0].state == .held }
        try SuspenseStore().hold(held.compactMap { extras.held[$0] }, source: number, in: transaction)
        let result = IngestResult(
            outcomes: items.indices.map { outcome(items[$0], extras.problems[$0]) }, ids: extras.ids,
            facts: shipment.count)
        try CounterStore().add(result, source: number, writer: writer, in: transaction)
        try sender.settle(shipment)
        return result
    }

    private mutating func read(_ input: IngestInput, _ extras: inout Extras) -> [Item] {
        var items = [Item](repeating: Item(), count: input.ranges.count)
        for (place, range) in input.ranges.enumerated() {
            let reading: RecordReader.Reading
            let company = input.company(place)
            switch company.envelope {
            case .inside: reading = lines[input.source].reader.read(input.bytes.span.extracting(range))
            case .beside(let attributes):
                reading = lines[input.source].reader.read(input.bytes.span.extracting(range), envelope: attributes)
            case .missing:
                extras.problems[place] = [RecordProblem(.notCloudEvents, "the message has no CloudEvents attributes")]
                if input.namesRecords { extras.ids.append("") }
                continue
            }
            take(reading, at: place, input.source, &items[place], &extras)
            if let trace = lines[input.source].reader.traceparent ?? company.trace {
                follow(trace, items[place])
            }
            if input.namesRecords { extras.ids.append(lines[input.source].reader.recordID) }
        }
        return items
    }

    private mutating func take(
        _ reading: RecordReader.Reading, at place: Int, _ source: Int, _ item: inout Item, _ extras: inout Extras
    ) {
        guard reading != .rejected else {
            extras.problems[place] = lines[source].reader.problems
            return
        }
        item.key = lines[source].reader.draft.key
        item.content = lines[source].reader.draft.content
        item.firstFact = Int32(batch.entries.count)
        if reading == .reference {
            item.state = .reference
            takeReference(at: place, source, &extras)
        } else {
            takeFact(at: place, source, &item, &extras)
        }
        item.factCount = Int32(batch.entries.count) - item.firstFact
    }

    /// What follows from the record stays on its trace; a malformed one is left out, as the standard says.
    private mutating func follow(_ trace: String, _ item: Item) {
        guard item.factCount > 0, let trace = TraceContext(traceparent: trace) else { return }
        batch.trace(trace.traceparent, from: Int(item.firstFact))
    }

    private mutating func takeReference(at place: Int, _ source: Int, _ extras: inout Extras) {
        guard let reference = lines[source].reader.reference else { return }
        extras.references[place] = reference
        let id = lines[source].reader.recordID
        switch reference {
        case .manager(let manager): batch.append(manager.fact(source: catalogue.id(source), sourceID: id))
        case .target(let target): batch.append(target.fact(source: catalogue.id(source), sourceID: id))
        default: break
        }
    }

    private mutating func takeFact(at place: Int, _ source: Int, _ item: inout Item, _ extras: inout Extras) {
        if let reversed = lines[source].reader.draft.reversedKey { extras.reversed[place] = reversed }
        switch lines[source].compose(with: keeper.book, into: &batch) {
        case .credited: item.state = .fresh
        case .noHolder:
            let held = lines[source].movement.held
            item.state = .held
            extras.held[place] = HeldRecord(key: item.key, fact: held, kind: .customer, waitsFor: held.subject.id)
        case .unknownSubject:
            let fact = lines[source].directFact
            if catalogue.document.refusesUnknownSubjects {
                extras.problems[place] = [
                    RecordProblem(.unknownSubject, "the \(fact.subject.kind.rawValue) is not known")
                ]
                item.state = .rejected
            } else {
                item.state = .held
                extras.held[place] = HeldRecord(
                    key: item.key, fact: fact, kind: fact.subject.kind, waitsFor: fact.subject.id)
            }
        }
    }

    private func skipped(_ items: [Item]) -> [Bool] {
        var skipped = [Bool](repeating: false, count: batch.entries.count)
        for item in items where item.state == .duplicate || item.state == .rejected {
            for fact in item.firstFact..<item.firstFact + item.factCount { skipped[Int(fact)] = true }
        }
        return skipped
    }

    private func outcome(_ item: Item, _ problems: [RecordProblem]?) -> RecordOutcome {
        switch item.state {
        case .fresh, .reference: .accepted
        case .held: .suspended
        case .duplicate: .duplicate
        case .rejected: .rejected(problems ?? [])
        }
    }
}

/// What one source's records go through. Reader and composer stand in one value, so that the one reads the other's bytes
/// where they are: handing the reader over as an element of an array copies it for each record.
struct SourceLine {
    var reader: RecordReader
    var composer: FactComposer

    /// Appends the facts of the record just read to `batch`.
    mutating func compose(
        with book: borrowing AssignmentBook, into batch: inout FactBatch
    ) -> FactComposer.Composition {
        composer.compose(reader, with: book, into: &batch)
    }

    /// The record just read, as a value.
    var movement: Movement { composer.movement(reader) }

    /// The record just read, as a fact about the subject that it names.
    var directFact: Fact { composer.directFact(reader) }
}

import Contracts
public import Domain

/// Turns what a reader has read into facts: through the customer's assignments, or directly when the record names its
/// subject.
///
/// The common case – one manager holds the whole customer – is written from bytes to bytes; every other case goes
/// through ``Crediting``. Both give the same bytes, which the tests check.
public struct FactComposer: Sendable {
    /// What became of a record that was read as a fact.
    public enum Composition: Hashable, Sendable {
        /// Its facts stand at the end of the batch.
        case credited
        /// Nobody holds the customer: the movement is kept until somebody does.
        case noHolder
        /// The manager or unit that the record names is not known yet.
        case unknownSubject
    }

    public let crediting: Crediting
    private let stock: [[UInt8]]
    private let sourceText: [UInt8]
    private let source: String
    private let nameStart: [UInt8]
    private var name: [UInt8]
    private var customerKey: [UInt8] = []

    public init(source: String, stock: StockTypes) {
        crediting = Crediting(stock: stock)
        self.stock = stock.types.sorted().map { Array($0.utf8) }
        self.source = source
        sourceText = Array("\",\"source\":\"\(source)\",\"sourceId\":".utf8)
        nameStart = DeterministicID.nameStart("fact") + [0x1F] + source.utf8 + [0x1F]
        name = nameStart
    }

    /// Appends the facts of the reader's draft to `batch`, as far as `book` knows.
    public mutating func compose(
        _ reader: borrowing RecordReader, with book: borrowing AssignmentBook, into batch: inout FactBatch
    ) -> Composition {
        let draft = reader.draft
        guard draft.code == .credit else { return composeDirect(reader, book, &batch) }
        customerKey.removeAll(keepingCapacity: true)
        customerKey.append(reader.work, draft.institution)
        customerKey.append(0x1F)
        customerKey.append(reader.work, draft.customer)
        let isStock = draft.amount != nil && stock.contains { reader.equals(draft.type, $0) }
        if let entry = book.wholeHolder(customerKey.span, on: draft.date, isStock: isStock) {
            appendWhole(entry, reader, book, &batch)
            return .credited
        }
        let movement = movement(reader)
        let assignments = book.assignments(institution: movement.institution, customer: movement.customer)
        let lines = crediting.lines(of: movement, under: assignments)
        for line in lines { batch.append(line.fact) }
        return lines.isEmpty ? .noHolder : .credited
    }

    /// The draft as a value; for records that cannot be credited from bytes.
    public func movement(_ reader: borrowing RecordReader) -> Movement {
        let draft = reader.draft
        return Movement(
            institution: reader.string(draft.institution), source: source, sourceID: reader.string(draft.eventID),
            type: reader.string(draft.type), customer: reader.string(draft.customer), date: draft.date,
            occurredAt: draft.occurredAt, offsetMinutes: draft.offsetMinutes, sign: draft.isReversal ? -1 : 1,
            reversalOf: draft.isReversal ? reader.string(draft.reversalOf) : nil, amount: draft.amount,
            unit: draft.unit.isEmpty ? nil : reader.string(draft.unit), attributes: attributes(reader))
    }

    private func attributes(_ reader: borrowing RecordReader) -> [String: AttributeValue] {
        guard !reader.draft.attributes.isEmpty else { return [:] }
        let bytes = reader.work.span.extracting(reader.draft.attributes.range)
        var tape = JSONTape()
        guard (try? tape.scan(bytes)) != nil else { return [:] }
        var attributes: [String: AttributeValue] = [:]
        for (name, value) in tape.members(of: 0, in: bytes) {
            let token = tape.tokens[value]
            let text = JSONTape.text(token, of: bytes)
            attributes[name] =
                switch token.kind {
                case .number: .number(text)
                case .yes, .no: .flag(token.kind == .yes)
                default: .text(text)
                }
        }
        return attributes
    }

    /// A fact about the subject that the record names.
    public func directFact(_ reader: borrowing RecordReader) -> Fact {
        let draft = reader.draft
        let movement = movement(reader)
        let kinds: [SubjectKind] = [.manager, .unit, .customer, .loan]
        let subject = Subject(
            institution: movement.institution, kind: kinds[Int(draft.code.rawValue) & 3],
            id: reader.string(draft.subject))
        var attributes = movement.attributes
        if let reversalOf = movement.reversalOf { attributes[Movement.reversalAttribute] = .text(reversalOf) }
        return Fact(
            id: CreditLine.identifier(movement.key, subject, tag: ""), subject: subject, type: movement.type,
            businessDate: movement.date, occurredAt: movement.occurredAt, offsetMinutes: movement.offsetMinutes,
            sign: movement.sign,
            reverses: movement.reversalOf.map {
                CreditLine.identifier(Movement.Key(source: source, sourceID: $0), subject, tag: "")
            },
            amount: movement.amount, unit: movement.unit, customer: movement.customer.isEmpty ? nil : movement.customer,
            source: source, sourceID: movement.sourceID, attributes: attributes)
    }

    private func composeDirect(
        _ reader: borrowing RecordReader, _ book: borrowing AssignmentBook, _ batch: inout FactBatch
    ) -> Composition {
        let fact = directFact(reader)
        let mustBeKnown = fact.subject.kind == .manager || fact.subject.kind == .unit
        guard !mustBeKnown || book.knows(fact.subject.description.utf8Span.span) else { return .unknownSubject }
        batch.append(fact)
        return .credited
    }

    private mutating func appendWhole(
        _ entry: AssignmentBook.Entry, _ reader: borrowing RecordReader, _ book: borrowing AssignmentBook,
        _ batch: inout FactBatch
    ) {
        let draft = reader.draft
        let holder = book.holders[Int(entry.manager)]
        let id = identifier(reader, draft.eventID, book, holder.subject, entry.id)
        let keyStart = batch.bytes.count
        batch.bytes.append(book.text, holder.subject)
        let start = batch.bytes.count
        batch.bytes.append(text: "{\"id\":\"")
        batch.bytes.append(uuid: id)
        batch.bytes.append(book.text, holder.opening)
        batch.bytes.append(reader.work, draft.type)
        batch.bytes.append(text: "\",\"businessDate\":\"")
        batch.bytes.append(date: draft.date)
        batch.bytes.append(text: "\",\"occurredAt\":\"")
        batch.bytes.append(moment: draft.occurredAt, offsetMinutes: draft.offsetMinutes)
        if draft.isReversal {
            let reversed = identifier(reader, draft.reversalOf, book, holder.subject, entry.id)
            batch.bytes.append(text: "\",\"sign\":-1,\"reverses\":\"")
            batch.bytes.append(uuid: reversed)
        }
        appendAmount(reader, &batch)
        batch.bytes.append(text: "\",\"customer\":\"")
        batch.bytes.append(reader.work, draft.customer)
        batch.bytes.append(text: "\",\"assignment\":\"")
        batch.bytes.append(book.text, entry.id)
        batch.bytes.append(contentsOf: sourceText)
        appendEnd(reader, &batch)
        batch.entries.append(
            FactBatch.Entry(id: id, key: keyStart..<start, value: start..<batch.bytes.count))
    }

    private func appendAmount(_ reader: borrowing RecordReader, _ batch: inout FactBatch) {
        guard let amount = reader.draft.amount else { return }
        batch.bytes.append(text: "\",\"amount\":\"")
        batch.bytes.append(quantity: amount)
        guard !reader.draft.unit.isEmpty else { return }
        batch.bytes.append(text: "\",\"unit\":\"")
        batch.bytes.append(reader.work, reader.draft.unit)
    }

    private func appendEnd(_ reader: borrowing RecordReader, _ batch: inout FactBatch) {
        let draft = reader.draft
        appendID(reader, draft.eventID, &batch)
        guard draft.isReversal else {
            if !draft.attributes.isEmpty {
                batch.bytes.append(text: ",\"attributes\":")
                batch.bytes.append(reader.work, draft.attributes)
            }
            return batch.bytes.append(UInt8(ascii: "}"))
        }
        var attributes = attributes(reader)
        attributes[Movement.reversalAttribute] = .text(reader.string(draft.reversalOf))
        batch.bytes.append(attributes: attributes)
        batch.bytes.append(UInt8(ascii: "}"))
    }

    private func appendID(_ reader: borrowing RecordReader, _ slice: Slice, _ batch: inout FactBatch) {
        for index in slice.range {
            let byte = reader.work[index]
            guard byte >= 0x20, byte != 0x22, byte != 0x5C else {
                return JSONText.appendString(reader.work[slice.range], to: &batch.bytes)
            }
        }
        batch.bytes.append(UInt8(ascii: "\""))
        batch.bytes.append(reader.work, slice)
        batch.bytes.append(UInt8(ascii: "\""))
    }

    private mutating func identifier(
        _ reader: borrowing RecordReader, _ eventID: Slice, _ book: borrowing AssignmentBook, _ subject: Slice,
        _ tag: Slice
    ) -> UUID128 {
        name.removeSubrange(nameStart.count...)
        name.append(reader.work, eventID)
        name.append(0x1F)
        name.append(book.text, subject)
        name.append(0x1F)
        name.append(book.text, tag)
        return DeterministicID.make(name: name)
    }
}

extension FactBatch {
    /// Appends a fact in its canonical form.
    public mutating func append(_ fact: Fact) {
        let keyStart = bytes.count
        bytes.append(contentsOf: fact.subject.description.utf8)
        let start = bytes.count
        FactCodec.encode(fact, into: &bytes)
        entries.append(Entry(id: fact.id, key: keyStart..<start, value: start..<bytes.count))
    }
}

extension [UInt8] {
    fileprivate mutating func append(attributes: [String: AttributeValue]) {
        append(text: ",\"attributes\":")
        var separator = UInt8(ascii: "{")
        for (key, value) in attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            append(separator)
            separator = UInt8(ascii: ",")
            JSONText.appendString(key.utf8, to: &self)
            append(UInt8(ascii: ":"))
            switch value {
            case .text(let text): JSONText.appendString(text.utf8, to: &self)
            case .number(let number): append(contentsOf: number.utf8)
            case .flag(let flag): append(text: flag ? "true" : "false")
            }
        }
        append(UInt8(ascii: "}"))
    }
}

public import Domain

/// The assignments known to one writer, found by the bytes of a customer's reference without making a text of them.
///
/// It is brought up to date by ``apply(_:)`` with the versions that were added since; it never forgets a customer.
public struct AssignmentBook: Sendable {
    struct Entry: Sendable {
        var id: Slice
        var manager: Int32
        var share: Int64
        var from: Int32
        var to: Int32
        var no: Int64
        var next: Int32
    }

    struct Customer: Sendable {
        var hash: UInt64
        var key: Slice
        var first: Int32
    }

    /// A manager's parts of a fact, written once.
    struct Holder: Sendable {
        /// `institution/manager/id`.
        var subject: Slice
        /// `","institution":"…","kind":"manager","subject":"…","type":"`.
        var opening: Slice
        var id: Slice
    }

    /// The highest version that was applied.
    public private(set) var version: Int64 = 0
    private(set) var text: [UInt8] = []
    private(set) var entries: [Entry] = []
    private(set) var customers: [Customer] = []
    private(set) var holders: [Holder] = []
    private var holderNumbers: [String: Int32] = [:]
    private var table: [Int32]
    private var subjects: Set<UInt64> = []

    public init() {
        table = Array(repeating: -1, count: 1_024)
    }

    /// Adds or replaces versions, in the order of their numbers.
    public mutating func apply(_ assignment: Assignment) {
        let key = Array((assignment.institution + "\u{1F}" + assignment.customer).utf8)
        let customer = customerNumber(key)
        let id = Array(assignment.id.utf8)
        let entry = Entry(
            id: .none, manager: holder(assignment), share: assignment.share.millionths,
            from: assignment.validFrom.dayNumber, to: assignment.validTo?.dayNumber ?? .max, no: assignment.no, next: -1
        )
        version = max(version, assignment.no)
        var index = customers[customer].first
        while index >= 0 {
            if text[entries[Int(index)].id.range].elementsEqual(id) {
                guard entries[Int(index)].no < assignment.no else { return }
                let (id, next) = (entries[Int(index)].id, entries[Int(index)].next)
                entries[Int(index)] = entry
                entries[Int(index)].id = id
                entries[Int(index)].next = next
                return
            }
            index = entries[Int(index)].next
        }
        var added = entry
        added.id = append(id)
        added.next = customers[customer].first
        entries.append(added)
        customers[customer].first = Int32(entries.count - 1)
    }

    /// Notes that a manager or a unit exists.
    public mutating func know(_ subject: Subject) {
        subjects.insert(Self.hash(subject.description.utf8Span.span))
    }

    func knows(_ subject: Span<UInt8>) -> Bool { subjects.contains(Self.hash(subject)) }

    /// The assignments of a customer, as values.
    public func assignments(institution: String, customer: String) -> [Assignment] {
        let key = Array((institution + "\u{1F}" + customer).utf8)
        guard let number = find(key.span, hash: Self.hash(key.span)) else { return [] }
        var found: [Assignment] = []
        var index = customers[number].first
        while index >= 0 {
            let entry = entries[Int(index)]
            if let share = Share(millionths: entry.share) {
                found.append(
                    Assignment(
                        no: entry.no, institution: institution, id: string(entry.id), customer: customer,
                        manager: string(holders[Int(entry.manager)].id), share: share,
                        validFrom: CalendarDate(dayNumber: entry.from),
                        validTo: entry.to == .max ? nil : CalendarDate(dayNumber: entry.to)))
            }
            index = entry.next
        }
        return found
    }

    /// The one assignment that takes the whole of a customer on `date`, when no other has a say in it.
    ///
    /// - Parameter isStock: also asks that no assignment begins or ends later, which would move the balance.
    @inline(__always)
    func wholeHolder(_ key: Span<UInt8>, on date: CalendarDate, isStock: Bool) -> Entry? {
        guard let number = find(key, hash: Self.hash(key)) else { return nil }
        var whole: Entry?
        var index = customers[number].first
        while index >= 0 {
            let entry = entries[Int(index)]
            if isStock, entry.from > date.dayNumber || (entry.to > date.dayNumber && entry.to != .max) { return nil }
            if entry.from <= date.dayNumber, date.dayNumber < entry.to {
                guard whole == nil, entry.share == 1_000_000 else { return nil }
                whole = entry
            }
            index = entry.next
        }
        return whole
    }

    private mutating func holder(_ assignment: Assignment) -> Int32 {
        let subject = Subject(institution: assignment.institution, kind: .manager, id: assignment.manager)
        if let number = holderNumbers[subject.description] { return number }
        let opening =
            "\",\"institution\":\"\(subject.institution)\",\"kind\":\"manager\","
            + "\"subject\":\"\(subject.id)\",\"type\":\""
        holders.append(
            Holder(
                subject: append(Array(subject.description.utf8)), opening: append(Array(opening.utf8)),
                id: append(Array(subject.id.utf8))))
        let number = Int32(holders.count - 1)
        holderNumbers[subject.description] = number
        return number
    }

    private mutating func append(_ bytes: [UInt8]) -> Slice {
        let slice = Slice(start: text.count, count: bytes.count)
        text.append(contentsOf: bytes)
        return slice
    }

    private func string(_ slice: Slice) -> String { String(decoding: text[slice.range], as: UTF8.self) }

    private mutating func customerNumber(_ key: [UInt8]) -> Int {
        let hash = Self.hash(key.span)
        if let number = find(key.span, hash: hash) { return number }
        if customers.count * 2 >= table.count { grow() }
        customers.append(Customer(hash: hash, key: append(key), first: -1))
        insert(Int32(customers.count - 1), hash)
        return customers.count - 1
    }

    private mutating func insert(_ number: Int32, _ hash: UInt64) {
        var position = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while table[position] >= 0 { position = (position + 1) & (table.count - 1) }
        table[position] = number
    }

    private mutating func grow() {
        table = Array(repeating: -1, count: table.count * 4)
        for (number, customer) in customers.enumerated() { insert(Int32(number), customer.hash) }
    }

    @inline(__always)
    private func find(_ key: Span<UInt8>, hash: UInt64) -> Int? {
        var position = Int(truncatingIfNeeded: hash) & (table.count - 1)
        while table[position] >= 0 {
            let customer = customers[Int(table[position])]
            if customer.hash == hash, equals(customer.key, key) { return Int(table[position]) }
            position = (position + 1) & (table.count - 1)
        }
        return nil
    }

    @inline(__always)
    private func equals(_ slice: Slice, _ key: Span<UInt8>) -> Bool {
        guard Int(slice.count) == key.count else { return false }
        let start = Int(slice.start)
        for index in key.indices where text[start + index] != key[index] { return false }
        return true
    }

    @inline(__always)
    static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        let raw = unsafe bytes.bytes
        var hash: UInt64 = 0x9E37_79B9_7F4A_7C15 ^ UInt64(truncatingIfNeeded: bytes.count)
        var position = 0
        while position + 8 <= bytes.count {
            hash = mix(hash, unsafe raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self))
            position += 8
        }
        var tail: UInt64 = 0
        while position < bytes.count {
            tail = tail << 8 | UInt64(bytes[position])
            position += 1
        }
        return mix(hash, tail)
    }

    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        let product = (hash ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        return product.high ^ product.low
    }
}

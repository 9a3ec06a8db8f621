public import Domain

/// A record that was read as a fact, still without the manager it is credited to. Texts are parts of the reader's
/// bytes.
public struct Draft: Sendable {
    var eventID = Slice.none
    var institution = Slice.none
    var type = Slice.none
    var code = SubjectCode.credit
    /// The subject's id; empty when the record is credited through its customer.
    var subject = Slice.none
    var customer = Slice.none
    var unit = Slice.none
    var reversalOf = Slice.none
    /// The whole object with its braces, names sorted; empty when there is none.
    var attributes = Slice.none
    public var date = CalendarDate(dayNumber: 0)
    var occurredAt = Timestamp(microseconds: 0)
    var offsetMinutes = 480
    var amount: Quantity?
    var isReversal: Bool { !reversalOf.isEmpty }

    /// Digest of the source's id of the record.
    public var key = UUID128(high: 0, low: 0)
    /// Digest of everything the record says but its id; a reversal's equals its original's.
    public var content = UUID128(high: 0, low: 0)
    /// Digest of the id of the record that this one undoes.
    public var reversedKey: UUID128?
}

extension RecordReader {
    /// Chooses the record's plan and follows it.
    mutating func interpret() -> Reading {
        if let id = identifier() { draft.eventID = id }
        guard let record = recordPlan() else { return .rejected }
        switch record.body {
        case .fact(let plan): readFact(plan)
        case .reference(let kind, let fields): readReference(kind, fields)
        }
        guard problems.isEmpty else { return .rejected }
        draft.key = digest(of: draft.eventID)
        if case .reference = record.body { return .reference }
        return .fact
    }

    private mutating func identifier() -> Slice? {
        guard let value = value(source.eventID) else { return nil }
        guard value.kind == .text, value.slice.count <= 256 else {
            problems.append(
                RecordProblem(.badReference, at: source.eventID.path, "the id must be text of at most 256 bytes"))
            return nil
        }
        return value.slice
    }

    private mutating func recordPlan() -> CompiledSource.RecordPlan? {
        guard let kind = source.kind else { return source.records[0] }
        guard let value = value(kind) else { return nil }
        for record in source.records where record.kinds.contains(where: { equals(value.slice, $0) }) { return record }
        problems.append(RecordProblem(.unknownKind, at: kind.path, "the record's kind is not mapped"))
        return nil
    }

    private mutating func readFact(_ plan: FactPlan) {
        if let institution = institution(plan.institution) { draft.institution = institution }
        readType(plan)
        readSubject(plan)
        if let date = date(plan.date) { draft.date = date }
        if let time = plan.time, let moment = moment(time, zone: plan.zoneText, isRequired: false) {
            (draft.occurredAt, draft.offsetMinutes) = moment
        } else {
            draft.occurredAt = Timestamp(startOf: draft.date, offsetMinutes: plan.zoneMinutes)
            draft.offsetMinutes = plan.zoneMinutes
        }
        if let amount = plan.amount { draft.amount = quantity(amount, scale: plan.scale) }
        if draft.amount != nil, let unit = plan.unit { readUnit(unit) }
        readReversal(plan)
        readAttributes(plan)
        if problems.isEmpty { draft.content = contentDigest() }
    }

    mutating func institution(_ plan: FieldPlan) -> Slice? {
        guard let slice = reference(plan) else { return nil }
        for index in slice.range {
            let byte = work[index]
            guard byte &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x2D else {
                problems.append(
                    RecordProblem(
                        .badReference, at: plan.path, "an institution is lower-case letters, digits and hyphens"))
                return nil
            }
        }
        return slice
    }

    private mutating func readType(_ plan: FactPlan) {
        guard let type = reference(plan.type) else { return }
        draft.type = type
        guard !plan.isTypeKnown, !source.types.contains(where: { equals(type, $0) }) else { return }
        problems.append(RecordProblem(.unknownType, at: plan.type.path, "the fact type is not declared"))
    }

    private mutating func readSubject(_ plan: FactPlan) {
        if let customer = plan.customer, let id = reference(customer, isRequired: false) { draft.customer = id }
        for subject in plan.subjects {
            guard let id = reference(subject.id, isRequired: false) else { continue }
            draft.code = subject.kind
            draft.subject = id
            return
        }
        guard let credit = plan.credit else {
            if problems.isEmpty { problems.append(RecordProblem(.noSubject, "the record names no subject")) }
            return
        }
        draft.code = .credit
        let isOnlyWay = plan.subjects.isEmpty
        if let customer = reference(credit, isRequired: isOnlyWay) {
            draft.customer = customer
        } else if !isOnlyWay, problems.isEmpty {
            problems.append(RecordProblem(.noSubject, "the record names neither a subject nor a customer"))
        }
    }

    private mutating func readUnit(_ plan: FieldPlan) {
        guard let unit = reference(plan, limit: 16) else { return }
        guard source.units.contains(where: { equals(unit, $0) }) else {
            problems.append(
                RecordProblem(.badUnit, at: plan.path, "the amount is in a currency or unit that is not accepted"))
            return
        }
        draft.unit = unit
    }

    private mutating func readReversal(_ plan: FactPlan) {
        guard let flagPlan = plan.reversalFlag, let ofPlan = plan.reversalOf else { return }
        let isReversal = flag(flagPlan)
        let of = value(ofPlan, isRequired: isReversal)
        guard isReversal else {
            if of != nil {
                problems.append(
                    RecordProblem(.badReversal, at: ofPlan.path, "the record names an original but is no reversal"))
            }
            return
        }
        guard let of else { return }
        guard of.kind == .text, of.slice.count <= 256, string(of.slice) != string(draft.eventID) else {
            problems.append(
                RecordProblem(.badReversal, at: ofPlan.path, "the original's id is not another record's id"))
            return
        }
        draft.reversalOf = of.slice
        draft.reversedKey = digest(of: of.slice)
    }

    func digest(of slice: Slice) -> UUID128 {
        var digest = ContentDigest()
        digest.absorb(work.span.extracting(slice.range))
        return digest.finish()
    }

    private func contentDigest() -> UUID128 {
        var digest = ContentDigest()
        let bytes = work.span
        digest.absorb(UInt64(draft.code.rawValue) << 32 | UInt64(UInt32(bitPattern: draft.date.dayNumber)))
        digest.absorb(UInt64(bitPattern: draft.occurredAt.microseconds))
        digest.absorb(UInt64(bitPattern: Int64(draft.offsetMinutes)))
        digest.absorb(draft.amount.map { UInt64(bitPattern: $0.tenThousandths) } ?? .max)
        for slice in [draft.institution, draft.type, draft.subject, draft.customer, draft.unit, draft.attributes] {
            digest.absorb(bytes.extracting(slice.range))
        }
        return digest.finish()
    }
}

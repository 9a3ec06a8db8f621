import Domain

/// Credits movements of customers to managers through assignments: a pure function of a movement and the assignments
/// known, so that the same knowledge gives the same facts whenever, wherever and how often it is applied.
public struct Crediting: Sendable {
    public let stock: StockTypes

    public init(stock: StockTypes) { self.stock = stock }

    /// The attributes that crediting adds; a source's own attributes of these names are refused by its mapping.
    public static let reservedAttributes: Set<String> = ["sourceAmount", "movedOn", Movement.reversalAttribute]

    /// The credits of one movement under the assignments of its customer that are known now. None means suspense.
    ///
    /// A stock movement is credited on its date, and once more at each later hand-over: whoever loses the customer
    /// gives the balance away, whoever gets it receives it.
    public func lines(of movement: Movement, under assignments: [Assignment]) -> [CreditLine] {
        let holders = holders(assignments, on: movement.date)
        var lines = zip(holders, amounts(of: movement, among: holders)).map { holder, amount in
            line(movement, holder, type: movement.type, date: movement.date, amount: amount, extra: [:])
        }
        if stock.contains(movement.type), movement.amount != nil {
            lines += transfers(of: movement, under: assignments)
        }
        return lines
    }

    private func holders(_ assignments: [Assignment], on date: CalendarDate) -> [Assignment] {
        assignments.filter { $0.isValid(on: date) }.sorted { ($0.manager, $0.id, $0.no) < ($1.manager, $1.id, $1.no) }
    }

    private func amounts(of movement: Movement, among holders: [Assignment]) -> [Quantity?] {
        guard let amount = movement.amount else { return holders.map { _ in nil } }
        return Allocation.parts(of: amount, step: Self.step(movement.unit), among: holders)
            .map { Quantity(tenThousandths: $0) }
    }

    /// Amounts of a currency are divided in hundredths, everything else in ten-thousandths.
    private static func step(_ unit: String?) -> Int64 {
        unit.flatMap { Currency($0) } == nil ? 1 : 100
    }

    private func transfers(of movement: Movement, under assignments: [Assignment]) -> [CreditLine] {
        let boundaries = Set(assignments.flatMap { [$0.validFrom, $0.validTo].compactMap(\.self) })
            .filter { $0 > movement.date }.sorted()
        var before = holders(assignments, on: movement.date)
        var lines: [CreditLine] = []
        for boundary in boundaries {
            let after = holders(assignments, on: boundary)
            lines += transfer(movement, from: before, to: after, on: boundary)
            before = after
        }
        return lines
    }

    private func transfer(
        _ movement: Movement, from old: [Assignment], to new: [Assignment], on boundary: CalendarDate
    ) -> [CreditLine] {
        var change: [String: (holder: Assignment, amount: Int64)] = [:]
        for (holder, amount) in zip(old, amounts(of: movement, among: old)) {
            change[holder.id + "\u{1F}" + holder.manager] = (holder, -(amount?.tenThousandths ?? 0))
        }
        for (holder, amount) in zip(new, amounts(of: movement, among: new)) {
            let previous = change[holder.id + "\u{1F}" + holder.manager]?.amount ?? 0
            change[holder.id + "\u{1F}" + holder.manager] = (holder, previous + (amount?.tenThousandths ?? 0))
        }
        let extra: [String: AttributeValue] = [
            "from": .text(managers(old)), "to": .text(managers(new)), "movedOn": .text(movement.date.description),
        ]
        return change.sorted { $0.key < $1.key }.compactMap { _, change in
            guard change.amount != 0 else { return nil }
            return line(
                movement, change.holder, type: StockTypes.transfer(of: movement.type), date: boundary,
                amount: Quantity(tenThousandths: change.amount), extra: extra)
        }
    }

    private func managers(_ holders: [Assignment]) -> String {
        Set(holders.map(\.manager)).sorted().joined(separator: "+")
    }

    private func line(
        _ movement: Movement, _ holder: Assignment, type: String, date: CalendarDate, amount: Quantity?,
        extra: [String: AttributeValue]
    ) -> CreditLine {
        var attributes = movement.attributes.merging(extra) { _, added in added }
        if let reversalOf = movement.reversalOf { attributes[Movement.reversalAttribute] = .text(reversalOf) }
        if holder.share != .whole || !extra.isEmpty {
            attributes["sourceAmount"] = movement.amount.map { .text($0.description) }
        }
        let subject = Subject(institution: movement.institution, kind: .manager, id: holder.manager)
        var fact = Fact(
            id: UUID128(high: 0, low: 0), subject: subject, type: type, businessDate: date,
            occurredAt: movement.occurredAt, offsetMinutes: movement.offsetMinutes, sign: movement.sign, amount: amount,
            unit: movement.unit, customer: movement.customer, assignment: holder.id,
            share: holder.share == .whole ? nil : holder.share.description, source: movement.source,
            sourceID: movement.sourceID, attributes: attributes)
        let tag = CreditLine.tag(of: fact)
        fact.id = CreditLine.identifier(movement.key, subject, tag: tag)
        fact.reverses = movement.reversalOf.map {
            CreditLine.identifier(Movement.Key(source: movement.source, sourceID: $0), subject, tag: tag)
        }
        return CreditLine(fact: fact)
    }
}

import Contracts

/// A part of the reader's working bytes.
struct Slice: Hashable, Sendable {
    var start: Int32
    var count: Int32

    static let none = Slice(start: 0, count: 0)

    init(start: Int, count: Int) {
        self.start = Int32(truncatingIfNeeded: start)
        self.count = Int32(truncatingIfNeeded: count)
    }

    var isEmpty: Bool { count == 0 }
    var range: Range<Int> { Int(start)..<(Int(start) + Int(count)) }
}

/// A value whose place in the record is compiled to a slot, and whose constants already stand in the working bytes.
struct FieldPlan: Sendable {
    struct Entry: Sendable {
        var from: [UInt8]
        var to: Slice
        var kind: Constant.Kind
    }

    /// The slot, or -1 for a constant.
    var slot: Int
    var constant = Slice.none
    var constantKind = Constant.Kind.text
    var values: [Entry]?
    var fallback: Slice?
    var fallbackKind = Constant.Kind.text
    var isOptional: Bool
    var path: String
}

/// The plan by which a fact is read.
struct FactPlan: Sendable {
    struct SubjectPlan: Sendable {
        var kind: SubjectCode
        var id: FieldPlan
    }

    struct AttributePlan: Sendable {
        var name: Slice
        var value: FieldPlan
    }

    var institution: FieldPlan
    var type: FieldPlan
    /// The type is one of the configuration's own constants, so that it need not be looked up.
    var isTypeKnown: Bool
    var subjects: [SubjectPlan]
    var credit: FieldPlan?
    var customer: FieldPlan?
    var date: FieldPlan
    var time: FieldPlan?
    var zoneMinutes: Int
    var zoneText: [UInt8]
    var amount: FieldPlan?
    var scale: Int?
    var unit: FieldPlan?
    var attributes: [AttributePlan]
    var allAttributes: FieldPlan?
    var reversalFlag: FieldPlan?
    var reversalOf: FieldPlan?
}

/// The kind of a draft's subject; `credit` means the managers of its customer.
enum SubjectCode: UInt8, Sendable { case manager, unit, customer, loan, credit }

/// A source's configuration, compiled: names to slots, constants to bytes.
public struct CompiledSource: Sendable {
    struct PathNode: Sendable {
        var children: [(name: [UInt8], node: Int)] = []
        var slot = -1
    }

    struct RecordPlan: Sendable {
        enum Body: Sendable {
            case fact(FactPlan)
            case reference(ReferenceKind, [String: FieldPlan])
        }

        var kinds: [[UInt8]]
        var body: Body
    }

    public let definition: SourceDefinition
    let units: [[UInt8]]
    let types: [[UInt8]]
    let reserved: [[UInt8]]
    private(set) var nodes = [PathNode(), PathNode()]
    private(set) var slotCount = 0
    /// Every constant of the plans; slices of constants refer to it.
    private(set) var pool: [UInt8] = []
    private(set) var eventID: FieldPlan
    private(set) var kind: FieldPlan?
    private(set) var records: [RecordPlan] = []
    /// Set when a CloudEvents envelope is expected.
    let isEnveloped: Bool

    static let dataRoot = 0
    static let envelopeRoot = 1

    public init(_ definition: SourceDefinition, of document: SourceDocument) {
        self.definition = definition
        units = document.units.map { Array($0.utf8) }
        types = document.types.map { Array($0.utf8) }
        reserved = Crediting.reservedAttributes.sorted().map { Array($0.utf8) }
        switch definition.inlet {
        case .http: isEnveloped = true
        case .kafka(_, let cloudEvents): isEnveloped = cloudEvents
        case .folder: isEnveloped = false
        }
        eventID = FieldPlan(slot: -1, isOptional: false, path: "")
        eventID = plan(definition.eventID)
        kind = definition.kind.map { plan($0) }
        records = definition.records.map { rule in
            let kinds = rule.kinds.map { Array($0.utf8) }
            switch rule.body {
            case .fact(let fact): return RecordPlan(kinds: kinds, body: .fact(plan(fact)))
            case .reference(let kind, let fields):
                let plans = Dictionary(
                    uniqueKeysWithValues: fields.sorted { $0.key < $1.key }.map { ($0.key, plan($0.value)) })
                return RecordPlan(kinds: kinds, body: .reference(kind, plans))
            }
        }
    }

    private mutating func plan(_ rule: FactRule) -> FactPlan {
        var isTypeKnown = rule.type.values != nil
        if case .constant = rule.type.origin { isTypeKnown = true }
        return FactPlan(
            institution: plan(rule.institution), type: plan(rule.type), isTypeKnown: isTypeKnown,
            subjects: rule.subjects.map { .init(kind: Self.code($0.kind), id: plan($0.id)) },
            credit: rule.credit.map { plan($0) }, customer: rule.customer.map { plan($0) }, date: plan(rule.date),
            time: rule.time.map { plan($0) }, zoneMinutes: rule.zoneMinutes,
            zoneText: Array(Self.zoneText(rule.zoneMinutes).utf8), amount: rule.amount.map { plan($0) },
            scale: rule.scale, unit: rule.unit.map { plan($0) },
            attributes: rule.attributes.map { .init(name: intern($0.name), value: plan($0.value)) },
            allAttributes: rule.allAttributes.map { plan(FieldRule(.path($0), isOptional: true)) },
            reversalFlag: rule.reversalFlag.map { plan($0) }, reversalOf: rule.reversalOf.map { plan($0) })
    }

    private mutating func plan(_ rule: FieldRule) -> FieldPlan {
        let values = rule.values?.sorted { $0.key < $1.key }.map {
            FieldPlan.Entry(from: Array($0.key.utf8), to: intern($0.value.text), kind: $0.value.kind)
        }
        var plan = FieldPlan(
            slot: -1, values: values, fallback: rule.fallback.map { intern($0.text) },
            fallbackKind: rule.fallback?.kind ?? .text, isOptional: rule.isOptional, path: "")
        switch rule.origin {
        case .constant(let constant):
            plan.constant = intern(constant.text)
            plan.constantKind = constant.kind
        case .path(let path):
            plan.slot = slot(path)
            plan.path = path.description
        }
        return plan
    }

    private mutating func intern(_ text: String) -> Slice {
        let slice = Slice(start: pool.count, count: text.utf8.count)
        pool.append(contentsOf: text.utf8)
        return slice
    }

    private mutating func slot(_ path: FieldPath) -> Int {
        var node = path.isEnvelope ? Self.envelopeRoot : Self.dataRoot
        for name in path.names.map({ Array($0.utf8) }) {
            if let child = nodes[node].children.first(where: { $0.name == name }) {
                node = child.node
            } else {
                nodes.append(PathNode())
                nodes[node].children.append((name, nodes.count - 1))
                node = nodes.count - 1
            }
        }
        if nodes[node].slot < 0 {
            nodes[node].slot = slotCount
            slotCount += 1
        }
        return nodes[node].slot
    }

    private static func code(_ kind: String) -> SubjectCode {
        switch kind {
        case "unit": .unit
        case "customer": .customer
        case "loan": .loan
        default: .manager
        }
    }

    static func zoneText(_ minutes: Int) -> String {
        let magnitude = abs(minutes)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return (minutes < 0 ? "-" : "+") + two(magnitude / 60) + ":" + two(magnitude % 60)
    }
}

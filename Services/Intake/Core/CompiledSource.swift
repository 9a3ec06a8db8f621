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
///
/// A class, because plans are handed about for every record and must not be copied.
final class FieldPlan: Sendable {
    struct Entry: Sendable {
        let from: Slice
        let to: Slice
        let kind: Constant.Kind
    }

    /// The slot, or -1 for a constant.
    let slot: Int
    let constant: Slice
    let constantKind: Constant.Kind
    let values: [Entry]?
    let fallback: Slice?
    let fallbackKind: Constant.Kind
    let isOptional: Bool
    let path: String

    init(
        slot: Int, constant: Slice = .none, constantKind: Constant.Kind = .text, values: [Entry]? = nil,
        fallback: Slice? = nil, fallbackKind: Constant.Kind = .text, isOptional: Bool, path: String
    ) {
        self.slot = slot
        self.constant = constant
        self.constantKind = constantKind
        self.values = values
        self.fallback = fallback
        self.fallbackKind = fallbackKind
        self.isOptional = isOptional
        self.path = path
    }
}

/// The plan by which a fact is read.
final class FactPlan: Sendable {
    struct SubjectPlan: Sendable {
        let kind: SubjectCode
        let id: FieldPlan
    }

    struct AttributePlan: Sendable {
        let name: Slice
        let value: FieldPlan
    }

    let institution: FieldPlan
    let type: FieldPlan
    /// The type is one of the configuration's own constants, so that it need not be looked up.
    let isTypeKnown: Bool
    let subjects: [SubjectPlan]
    let credit: FieldPlan?
    let customer: FieldPlan?
    let date: FieldPlan
    let time: FieldPlan?
    let zoneMinutes: Int
    let zoneText: [UInt8]
    let amount: FieldPlan?
    let scale: Int?
    let unit: FieldPlan?
    let attributes: [AttributePlan]
    let allAttributes: FieldPlan?
    let reversalFlag: FieldPlan?
    let reversalOf: FieldPlan?

    /// Plans every part of a rule with `plan`, and keeps names with `intern`.
    init(_ rule: FactRule, intern: (String) -> Slice, plan: (FieldRule) -> FieldPlan) {
        institution = plan(rule.institution)
        type = plan(rule.type)
        if case .constant = rule.type.origin { isTypeKnown = true } else { isTypeKnown = rule.type.values != nil }
        subjects = rule.subjects.map { SubjectPlan(kind: SubjectCode($0.kind), id: plan($0.id)) }
        credit = rule.credit.map(plan)
        customer = rule.customer.map(plan)
        date = plan(rule.date)
        time = rule.time.map(plan)
        zoneMinutes = rule.zoneMinutes
        zoneText = Array(CompiledSource.zoneText(rule.zoneMinutes).utf8)
        amount = rule.amount.map(plan)
        scale = rule.scale
        unit = rule.unit.map(plan)
        attributes = rule.attributes.map { AttributePlan(name: intern($0.name), value: plan($0.value)) }
        allAttributes = rule.allAttributes.map { plan(FieldRule(.path($0), isOptional: true)) }
        reversalFlag = rule.reversalFlag.map(plan)
        reversalOf = rule.reversalOf.map(plan)
    }
}

/// The kind of a draft's subject; `credit` means the managers of its customer.
enum SubjectCode: UInt8, Sendable {
    case manager, unit, customer, loan, credit

    init(_ kind: String) {
        switch kind {
        case "unit": self = .unit
        case "customer": self = .customer
        case "loan": self = .loan
        default: self = .manager
        }
    }
}

/// A source's configuration, compiled: names to slots, constants to bytes.
public struct CompiledSource: Sendable {
    struct PathNode: Sendable {
        /// A member's name stands among the constants.
        struct Child: Sendable {
            let name: Slice
            let node: Int
        }

        var children: [Child] = []
        var slot = -1
    }

    final class RecordPlan: Sendable {
        enum Body: Sendable {
            case fact(FactPlan)
            case reference(ReferenceKind, [String: FieldPlan])
        }

        let kinds: [Slice]
        let body: Body

        init(kinds: [Slice], body: Body) {
            self.kinds = kinds
            self.body = body
        }
    }

    public let definition: SourceDefinition
    private(set) var units: [Slice] = []
    private(set) var types: [Slice] = []
    private(set) var reserved: [Slice] = []
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
        switch definition.inlet {
        case .http: isEnveloped = true
        case .kafka(_, let cloudEvents): isEnveloped = cloudEvents
        case .folder: isEnveloped = false
        }
        eventID = FieldPlan(slot: -1, isOptional: false, path: "")
        units = document.units.map { intern($0) }
        types = document.types.map { intern($0) }
        reserved = Crediting.reservedAttributes.sorted().map { intern($0) }
        eventID = plan(definition.eventID)
        kind = definition.kind.map { plan($0) }
        records = definition.records.map { rule in
            let kinds = rule.kinds.map { intern($0) }
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
        var copy = self
        let plan = FactPlan(rule, intern: { copy.intern($0) }, plan: { copy.plan($0) })
        self = copy
        return plan
    }

    private mutating func plan(_ rule: FieldRule) -> FieldPlan {
        let values = rule.values?.sorted { $0.key < $1.key }.map {
            FieldPlan.Entry(from: intern($0.key), to: intern($0.value.text), kind: $0.value.kind)
        }
        let fallback = rule.fallback.map { intern($0.text) }
        switch rule.origin {
        case .constant(let constant):
            return FieldPlan(
                slot: -1, constant: intern(constant.text), constantKind: constant.kind, values: values,
                fallback: fallback, isOptional: rule.isOptional, path: "")
        case .path(let path):
            return FieldPlan(
                slot: slot(path), values: values, fallback: fallback, fallbackKind: rule.fallback?.kind ?? .text,
                isOptional: rule.isOptional, path: path.description)
        }
    }

    private mutating func intern(_ text: String) -> Slice {
        let slice = Slice(start: pool.count, count: text.utf8.count)
        pool.append(contentsOf: text.utf8)
        return slice
    }

    private mutating func slot(_ path: FieldPath) -> Int {
        var node = path.isEnvelope ? Self.envelopeRoot : Self.dataRoot
        for name in path.names {
            if let child = nodes[node].children.first(where: { pool[$0.name.range].elementsEqual(name.utf8) }) {
                node = child.node
            } else {
                nodes.append(PathNode())
                nodes[node].children.append(PathNode.Child(name: intern(name), node: nodes.count - 1))
                node = nodes.count - 1
            }
        }
        if nodes[node].slot < 0 {
            nodes[node].slot = slotCount
            slotCount += 1
        }
        return nodes[node].slot
    }

    static func zoneText(_ minutes: Int) -> String {
        let magnitude = abs(minutes)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return (minutes < 0 ? "-" : "+") + two(magnitude / 60) + ":" + two(magnitude % 60)
    }
}

/// What Intake reads, and how each record becomes facts: the meaning of `sources.yaml`.
public struct SourceDocument: Hashable, Sendable {
    /// Minutes east of Greenwich of times that come without an offset.
    public var zoneMinutes = 480
    /// The currencies and unit words that amounts may have.
    public var units: [String] = []
    /// The fact types that records may name.
    public var types: [String] = []
    public var stock = StockTypes([])
    /// A fact about a manager or unit that no reference record names is held (`false`) or refused (`true`).
    public var refusesUnknownSubjects = false
    public var sources: [SourceDefinition] = []

    public init() {}
}

/// One stream of records with ids of its own.
public struct SourceDefinition: Hashable, Sendable {
    public var id: String
    public var inlet: Inlet
    /// The record's id, unique within the source.
    public var eventID: FieldRule
    /// The member that says which of `records` applies; `nil` when there is only one.
    public var kind: FieldRule?
    public var records: [RecordRule]
}

/// Where a source's records come from.
public enum Inlet: Hashable, Sendable {
    case kafka(topic: String, cloudEvents: Bool)
    case http
    case folder(FolderInlet)
}

/// A watched folder of files with control totals.
public struct FolderInlet: Hashable, Sendable {
    public enum Format: String, Hashable, Sendable, CaseIterable { case ndjson, csv }
    public enum Encoding: String, Hashable, Sendable, CaseIterable { case utf8 = "utf-8", gb18030 }
    /// Where the control total stands: in `NAME.ctl`, or in the file's first or last line.
    public enum Control: String, Hashable, Sendable, CaseIterable { case companion, header, trailer }

    public var path: String
    public var format: Format
    public var encoding: Encoding
    public var control: Control
    /// The member whose values the control sum adds.
    public var sum: FieldPath?
    /// CSV only.
    public var separator: UInt8
}

/// How the records of some kinds are read.
public struct RecordRule: Hashable, Sendable {
    public enum Body: Hashable, Sendable {
        case fact(FactRule)
        case reference(ReferenceKind, fields: [String: FieldRule])
    }

    /// The values of the kind member; empty for every record.
    public var kinds: [String]
    public var body: Body
}

/// What each part of a fact is taken from.
public struct FactRule: Hashable, Sendable {
    public struct SubjectRule: Hashable, Sendable {
        public var kind: String
        public var id: FieldRule
    }

    public struct AttributeRule: Hashable, Sendable {
        public var name: String
        public var value: FieldRule
    }

    public var institution: FieldRule
    public var type: FieldRule
    /// The first that a record gives is the subject.
    public var subjects: [SubjectRule] = []
    /// The customer through whose assignments a record without a subject is credited.
    public var credit: FieldRule?
    public var customer: FieldRule?
    public var date: FieldRule
    public var time: FieldRule?
    public var zoneMinutes: Int
    public var amount: FieldRule?
    /// Decimals of an amount that is sent as a whole number of smaller units; `nil` for decimal text.
    public var scale: Int?
    public var unit: FieldRule?
    /// Sorted by name.
    public var attributes: [AttributeRule] = []
    /// An object whose members are all attributes.
    public var allAttributes: FieldPath?
    public var reversalFlag: FieldRule?
    public var reversalOf: FieldRule?
}

/// A member of a record, or an attribute of its CloudEvents envelope.
public struct FieldPath: Hashable, Sendable, CustomStringConvertible {
    public var isEnvelope: Bool
    public var names: [String]

    /// Reads `/a/b` or `ce:name`.
    public init?(_ text: String) {
        if text.hasPrefix("ce:") {
            self.init(isEnvelope: true, names: [String(text.dropFirst(3))])
        } else if text.hasPrefix("/") {
            self.init(
                isEnvelope: false,
                names: text.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init))
        } else {
            return nil
        }
        guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
    }

    private init(isEnvelope: Bool, names: [String]) {
        self.isEnvelope = isEnvelope
        self.names = names
    }

    public var description: String { isEnvelope ? "ce:" + names.joined() : "/" + names.joined(separator: "/") }
}

/// A constant of the configuration with its JSON type.
public struct Constant: Hashable, Sendable {
    public enum Kind: Hashable, Sendable { case text, number, flag }
    public var text: String
    public var kind: Kind

    public init(_ text: String, _ kind: Kind = .text) {
        self.text = text
        self.kind = kind
    }
}

/// Where one value of a fact comes from.
public struct FieldRule: Hashable, Sendable {
    public enum Origin: Hashable, Sendable {
        case constant(Constant)
        case path(FieldPath)
    }

    public var origin: Origin
    /// What each value of the source stands for; without a table the value stands for itself.
    public var values: [String: Constant]?
    /// Taken when the source gives none.
    public var fallback: Constant?
    public var isOptional: Bool

    public init(
        _ origin: Origin, values: [String: Constant]? = nil, fallback: Constant? = nil, isOptional: Bool = false
    ) {
        self.origin = origin
        self.values = values
        self.fallback = fallback
        self.isOptional = isOptional
    }
}

/// The kinds of reference records.
public enum ReferenceKind: String, Hashable, Sendable, CaseIterable {
    case institution, unit, manager, customer, assignment, target, calendar

    /// The fields of a record of this kind; `true` for those that a record must give.
    public var fields: [(name: String, isRequired: Bool)] {
        switch self {
        case .institution: [("id", true), ("name", true), ("zone", false), ("currency", false)]
        case .unit: [("institution", true), ("id", true), ("name", true), ("parent", false), ("type", false)]
        case .manager:
            [
                ("institution", true), ("id", true), ("unit", true), ("name", false), ("email", false),
                ("webhook", false), ("language", false), ("status", true), ("role", true), ("entry", false),
                ("education", false), ("businessDate", true), ("occurredAt", true),
            ]
        case .customer: [("institution", true), ("id", true), ("unit", false), ("tier", false)]
        case .assignment:
            [
                ("institution", true), ("id", true), ("customer", true), ("manager", true), ("share", false),
                ("validFrom", true), ("validTo", false),
            ]
        case .target:
            [
                ("institution", true), ("manager", false), ("unit", false), ("kpi", true), ("period", true),
                ("amount", true), ("amountUnit", false), ("businessDate", true), ("occurredAt", true),
            ]
        case .calendar: [("institution", true), ("date", true), ("working", true), ("name", false)]
        }
    }
}

/// One thing that is wrong with a record: a stable code, where, what, and what to do. It never holds the value.
public struct RecordProblem: Hashable, Sendable {
    public var code: ProblemCode
    /// The member at fault, as a JSON Pointer, `ce:NAME` for a CloudEvents attribute, or empty for the whole record.
    public var path: String
    public var message: String
    public var remedy: String

    public init(_ code: ProblemCode, at path: String = "", _ message: String, remedy: String? = nil) {
        self.code = code
        self.path = path
        self.message = message
        self.remedy = remedy ?? code.remedy
    }
}

extension RecordProblem: CustomStringConvertible {
    public var description: String {
        "\(code.rawValue) \(path.isEmpty ? "record" : path): \(message); \(remedy)"
    }
}

/// The stable codes of Intake's refusals. A published code keeps its meaning.
public enum ProblemCode: String, Sendable, CaseIterable {
    case notJSON = "GR-INTAKE-101"
    case notAnObject = "GR-INTAKE-102"
    case wrongType = "GR-INTAKE-103"
    case missing = "GR-INTAKE-104"
    case badAmount = "GR-INTAKE-105"
    case badUnit = "GR-INTAKE-106"
    case badDate = "GR-INTAKE-107"
    case badTime = "GR-INTAKE-108"
    case badReference = "GR-INTAKE-109"
    case unknownKind = "GR-INTAKE-110"
    case unknownType = "GR-INTAKE-111"
    case badAttribute = "GR-INTAKE-112"
    case badReversal = "GR-INTAKE-113"
    case givenTwice = "GR-INTAKE-114"
    case tooLarge = "GR-INTAKE-115"
    case unknownValue = "GR-INTAKE-116"
    case noSubject = "GR-INTAKE-117"
    case badShare = "GR-INTAKE-118"
    case notCloudEvents = "GR-INTAKE-119"
    case unknownSubject = "GR-INTAKE-120"
    case conflict = "GR-INTAKE-121"
    case reversedTwice = "GR-INTAKE-122"
    case reversalDiffers = "GR-INTAKE-123"
    case badRange = "GR-INTAKE-124"
    case unknownSource = "GR-INTAKE-125"
    case controlTotal = "GR-INTAKE-130"
    case changedFile = "GR-INTAKE-131"
    case badControl = "GR-INTAKE-132"
    case wrongEncoding = "GR-INTAKE-133"
    case badRow = "GR-INTAKE-134"

    /// What the sender does about it, unless a problem says better.
    public var remedy: String {
        switch self {
        case .notJSON: "send one complete UTF-8 JSON text"
        case .notAnObject: "send a JSON object"
        case .wrongType: "send the JSON type that the format names"
        case .missing: "send the member"
        case .badAmount: "send decimal text with at most 4 decimals and less than 9·10¹³"
        case .badUnit: "send one of the units declared in the source configuration, or declare this one"
        case .badDate: "send an existing day from 1900 to 2199 as YYYY-MM-DD"
        case .badTime: "send a moment as 2026-03-05T10:00:00+08:00"
        case .badReference: "send 1 to 64 bytes without blanks, slashes, quotes, backslashes and control characters"
        case .unknownKind: "send a kind that the source configuration maps, or map this one"
        case .unknownType: "send a declared fact type, or declare this one"
        case .badAttribute: "send a flat object of text, decimal numbers and booleans, names of 1 to 64 bytes"
        case .badReversal: "send the original record again with a new id, the flag and the original's id"
        case .givenTwice: "send the member once"
        case .tooLarge: "split the message"
        case .unknownValue: "send a value that the source configuration maps, or map this one"
        case .noSubject: "name a manager, unit, loan or customer"
        case .badShare: "send a part above 0 and at most 1 with at most 6 decimals"
        case .notCloudEvents: "send the CloudEvents attributes specversion 1.0, id, source and type"
        case .unknownSubject: "send the reference record first, or let the source hold such records"
        case .conflict: "send a correction as a reversal and a new record with a new id"
        case .reversedTwice: "reverse a record once; reverse the reversal to restore it"
        case .reversalDiffers: "repeat every value of the original in its reversal"
        case .badRange: "send an end that is not before the start"
        case .unknownSource: "name a source of the configuration that accepts HTTP"
        case .controlTotal: "send the whole file again with the right control total"
        case .changedFile: "send corrections in a file with a new name"
        case .badControl: "send the control record as the source configuration says"
        case .wrongEncoding: "send the encoding that the source configuration names"
        case .badRow: "send as many fields as the header names"
        }
    }
}

/// One file of a scheme pack, as the caller read it.
public struct SchemeSource: Hashable, Sendable {
    /// The path inside the pack, such as `scheme.yaml` or `tests/pay.yaml`.
    public var file: String
    public var text: String

    public init(file: String, text: String) {
        self.file = file
        self.text = text
    }
}

/// A place in a file of a pack; lines and columns count from one.
public struct Place: Hashable, Sendable {
    public let file: String
    public let line: Int
    public let column: Int

    public init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
}

/// Something wrong in a scheme pack: where, what, and what to do about it.
public struct SchemeFault: Error, Hashable, Sendable {
    /// Whether a pack with the fault may be published.
    public enum Severity: String, Sendable { case error, warning }

    /// A stable code, `GR-SCHEME-nnn`.
    public let code: String
    public let place: Place
    public let what: String
    public let remedy: String
    public let severity: Severity

    public var file: String { place.file }
    public var line: Int { place.line }
    public var column: Int { place.column }

    init(_ code: FaultCode, at place: Place, _ what: String, _ remedy: String, severity: Severity = .error) {
        self.code = "GR-SCHEME-\(code.rawValue)"
        self.place = place
        self.what = what
        self.remedy = remedy
        self.severity = severity
    }
}

extension SchemeFault: CustomStringConvertible {
    public var description: String { "\(file):\(line):\(column): \(code) \(what); \(remedy)" }
}

/// All faults of a pack at once, in the order of the files' lines.
public struct SchemeFaults: Error, Sendable, CustomStringConvertible {
    public let faults: [SchemeFault]

    public var description: String { faults.map(\.description).joined(separator: "\n") }
}

/// The numbers of the faults; a number is never given another meaning.
enum FaultCode: String {
    case notYAML = "001"
    case missing = "002"
    case unknownKey = "003"
    case wrongForm = "004"
    case unknownName = "005"
    case duplicateName = "006"
    case formula = "007"
    case cycle = "008"
    case unknownFact = "009"
    case unknownChoice = "010"
    case wrongKind = "011"
    case overlap = "012"
    case gap = "013"
    case unreachable = "014"
    case weights = "015"
    case units = "016"
    case gradeWithoutPay = "017"
    case noApprover = "018"
    case neverHolds = "019"
    case constraint = "020"
    case unused = "021"
    case versions = "022"
    case testFailed = "023"
    case notCovered = "024"
    case leadsNowhere = "025"
    case noDeadline = "026"
    case noValue = "027"
    case template = "028"
    case noUnit = "029"
    case notChecked = "030"
}

/// Gathers faults while a pack is read, so that an author sees them all at once.
final class FaultLog {
    private(set) var faults: [SchemeFault] = []

    func report(
        _ code: FaultCode, at place: Place, _ what: String, _ remedy: String, severity: SchemeFault.Severity = .error
    ) {
        faults.append(SchemeFault(code, at: place, what, remedy, severity: severity))
    }

    var sorted: [SchemeFault] {
        faults.sorted { ($0.file, $0.line, $0.column, $0.code) < ($1.file, $1.line, $1.column, $1.code) }
    }

    var hasErrors: Bool { faults.contains { $0.severity == .error } }
}

/// One thing that is wrong with the settings a process was given.
public struct SettingsFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of fault it is; the raw value is the stable code.
    public enum Kind: String, Sendable {
        /// A required setting has no value anywhere.
        case missing = "GR-SET-001"
        /// A value is not of the setting's type.
        case malformed = "GR-SET-002"
        /// A value is of the right type but outside its bounds.
        case outOfBounds = "GR-SET-003"
        /// A variable, flag or file key that no setting has.
        case unknown = "GR-SET-004"
        /// A file that holds a secret cannot be read, or is empty.
        case unreadableSecret = "GR-SET-005"
        /// The settings file cannot be read or is not YAML or JSON.
        case unreadableFile = "GR-SET-006"
        /// The command line itself is malformed.
        case usage = "GR-SET-007"
        /// Two settings contradict each other.
        case contradiction = "GR-SET-008"
    }

    /// What kind of fault it is.
    public let kind: Kind
    /// One sentence: what is wrong, where, and what to do. Never holds a secret.
    public let text: String

    /// Describes a fault; `text` must not quote the value of a secret.
    public init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    /// The stable code of the fault.
    public var code: String { kind.rawValue }

    /// The line an operator reads: code and sentence.
    public var description: String { "\(code) \(text)" }
}

/// Every fault of a process's settings at once, so that one start shows all there is to repair.
public struct SettingsError: CodedError, Hashable, CustomStringConvertible {
    /// The faults, in the order of the keys.
    public let faults: [SettingsFault]

    /// Collects faults; there is at least one.
    public init(_ faults: [SettingsFault]) {
        self.faults = faults
    }

    /// The code of the first fault.
    public var code: String { faults.first?.code ?? "GR-SET-000" }

    /// `usage` when only the command line is wrong, otherwise `configuration`.
    public var exitCode: ExitCode {
        faults.allSatisfy { $0.kind == .usage } ? .usage : .configuration
    }

    /// All faults, one a line.
    public var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}

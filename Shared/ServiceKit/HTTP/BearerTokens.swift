/// What a caller may do: the name of a role in the tokens' setting.
public struct Role: RawRepresentable, Hashable, Sendable {
    /// The name: `intake-writer`.
    public let rawValue: String

    /// Names a role.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// May send facts and reference data.
    public static let intakeWriter = Role(rawValue: "intake-writer")
    /// May read statements and runs.
    public static let payrollReader = Role(rawValue: "payroll-reader")
    /// May read and acknowledge notices.
    public static let inboxReader = Role(rawValue: "inbox-reader")
    /// May operate a service.
    public static let operatorRole = Role(rawValue: "operator")
}

/// A system that calls, as its token says.
public struct Caller: Hashable, Sendable {
    /// The system's name.
    public let name: String
    /// What it may do.
    public let roles: Set<Role>
}

/// The static bearer tokens of a service; without any, every protected route refuses everybody.
public struct BearerTokens: Sendable, CustomStringConvertible {
    private let entries: [(token: [UInt8], caller: Caller)]

    /// Shorter tokens can be guessed.
    static let shortest = 16

    /// Reads lines of `name role[,role] token`; empty lines and lines that begin with `#` are left out.
    ///
    /// Faults name the line, never its content.
    static func parse(_ text: String) -> (tokens: BearerTokens, faults: [String]) {
        var entries: [(token: [UInt8], caller: Caller)] = []
        var faults: [String] = []
        let lines = text.split(omittingEmptySubsequences: false) { $0.isNewline || $0 == ";" }
        for (index, line) in lines.enumerated() {
            let words = line.split(separator: " ")
            guard let first = words.first, !first.hasPrefix("#") else { continue }
            guard words.count == 3 else {
                faults.append("line \(index + 1) does not read: name role[,role] token")
                continue
            }
            guard words[2].utf8.count >= shortest else {
                faults.append("line \(index + 1) has a token shorter than \(shortest) characters")
                continue
            }
            let roles = words[1].split(separator: ",").map { Role(rawValue: String($0)) }
            entries.append((Array(words[2].utf8), Caller(name: String(first), roles: Set(roles))))
        }
        return (BearerTokens(entries: entries), faults)
    }

    /// Who presents a token; takes the same time whichever token it resembles.
    public func caller(presenting token: some StringProtocol) -> Caller? {
        let presented = Array(token.utf8)
        var found: Caller?
        for entry in entries where BearerTokens.areEqual(entry.token, presented) {
            found = entry.caller
        }
        return found
    }

    /// Says how many there are.
    public var description: String { "\(entries.count) bearer tokens" }

    /// The tokens themselves, to keep out of the log.
    var texts: [String] { entries.map { String(decoding: $0.token, as: UTF8.self) } }

    /// Compares without stopping at the first difference.
    private static func areEqual(_ known: [UInt8], _ presented: [UInt8]) -> Bool {
        var difference = known.count ^ presented.count
        for index in known.indices {
            let byte = index < presented.count ? presented[index] : ~known[index]
            difference |= Int(known[index] ^ byte)
        }
        return difference == 0
    }
}

/// What a fact is about: whom the rules of a scheme judge.
public enum SubjectKind: String, Hashable, Sendable, CaseIterable, Codable {
    case manager, unit, customer, loan
}

/// One judged person, unit, customer or loan, by its reference within an institution.
///
/// The text `institution/kind/id` is the key on every topic. An id is a pseudonymous reference, never a name.
public struct Subject: Hashable, Sendable {
    public let institution: String
    public let kind: SubjectKind
    public let id: String

    public init(institution: String, kind: SubjectKind, id: String) {
        self.institution = institution
        self.kind = kind
        self.id = id
    }
}

extension Subject: Comparable {
    public static func < (lhs: Subject, rhs: Subject) -> Bool { lhs.description < rhs.description }
}

extension Subject: LosslessStringConvertible {
    public init?(_ description: String) {
        let parts = description.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let kind = SubjectKind(rawValue: String(parts[1])),
            !parts[0].isEmpty, !parts[2].isEmpty
        else { return nil }
        self.init(institution: String(parts[0]), kind: kind, id: String(parts[2]))
    }

    public var description: String { "\(institution)/\(kind.rawValue)/\(id)" }
}

extension Subject: Codable {
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let subject = Subject(text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a subject institution/kind/id"))
        }
        self = subject
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

public import Domain

/// How a path names a person: `institution:id`, a whole subject text, or the id alone where one institution is served.
public enum SubjectPath {
    /// The manager named by a path segment; nil when it names nobody.
    ///
    /// - Parameter institution: what a bare id belongs to; nil refuses bare ids.
    public static func manager(_ segment: String, institution: String?) -> Subject? {
        if let subject = Subject(segment) { return subject.kind == .manager ? subject : nil }
        guard segment.utf8.count <= 200, !segment.contains("/") else { return nil }
        let parts = segment.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
            return Subject(institution: String(parts[0]), kind: .manager, id: String(parts[1]))
        }
        guard let institution, !segment.isEmpty else { return nil }
        return Subject(institution: institution, kind: .manager, id: segment)
    }

    /// The segment that names a subject in links.
    public static func segment(_ subject: Subject) -> String { "\(subject.institution):\(subject.id)" }
}

public import Contracts
public import Domain

/// A notice to one reader, ready to be stored and delivered.
public struct PlannedNotice: Hashable, Sendable {
    public var id: UUID128
    public var recipient: Subject
    public var institution: String
    public var scheme: String
    public var version: Int
    public var name: String
    /// The rule and clause behind what happened; the notice's own where the event names none.
    public var rule: String
    public var clause: String
    /// The event that it answers, and the fact behind that.
    public var cause: UUID128
    public var causeType: EventType
    public var fact: UUID128?
    /// Whom it is about.
    public var about: Subject?
    public var language: ReadingLanguage
    public var title: String
    public var body: String
    public var dueAt: Timestamp
    public var channels: [Channel]
}

/// Turns an occasion into notices: finds the rules, resolves the audience, writes the text in each reader's language.
public enum NoticePlan {
    /// The notices of one occasion.
    ///
    /// - Parameters:
    ///   - rules: every notice rule of the schemes concerned.
    ///   - readers: everybody of the institution who is active.
    ///   - now: the earliest time to tell anybody; a due time in the past becomes now.
    public static func notices(
        _ occasion: NoticeOccasion, rules: [NoticeRule], readers: [Reader], now: Timestamp
    ) throws(NoticeFault) -> [PlannedNotice] {
        let answering = rules.filter { $0.answers(occasion) }
        if answering.isEmpty, occasion.type == .noticeRequested, let scheme = occasion.scheme {
            throw .unknownRule(scheme: scheme, version: occasion.version ?? 0, rule: occasion.rule ?? "")
        }
        let names = Dictionary(readers.map { ($0.subject.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let rows = rows(occasion.rows, names)
        var notices: [PlannedNotice] = []
        for rule in answering {
            let audience = resolved(occasion.audience ?? rule.audience, occasion)
            let told = Self.readers(of: audience, about: occasion.subject, among: readers)
            guard !told.isEmpty else { throw .nobody(rule: rule.name) }
            let texts = try NoticeTexts(rule)
            for reader in told {
                notices.append(try notice(occasion, rule, texts, reader, names, rows, now))
            }
        }
        return notices
    }

    /// Whom the rules that answer an occasion speak to: what a caller needs to look up.
    public static func audiences(_ occasion: NoticeOccasion, rules: [NoticeRule]) -> [Audience] {
        rules.filter { $0.answers(occasion) }.map { resolved(occasion.audience ?? $0.audience, occasion) }
    }

    /// The active readers of an audience, in order of their subjects, each once.
    public static func readers(of audience: Audience, about subject: Subject?, among readers: [Reader]) -> [Reader] {
        let chosen = readers.filter { reader in
            switch audience.kind {
            case .manager: reader.subject == subject
            case .role: reader.role == audience.name && (audience.unit == nil || reader.unit == audience.unit)
            case .unit: reader.unit == (audience.name ?? audience.unit)
            case .everyone: true
            }
        }
        return chosen.sorted { $0.subject < $1.subject }
    }

    /// A task's notice goes to the role and unit of the task unless the rule names another.
    private static func resolved(_ audience: Audience, _ occasion: NoticeOccasion) -> Audience {
        guard audience.kind == .role else { return audience }
        return Audience(
            kind: .role, name: audience.name ?? occasion.role,
            unit: audience.unit ?? (audience.name == nil ? occasion.unit : nil))
    }

    private static func notice(
        _ occasion: NoticeOccasion, _ rule: NoticeRule, _ texts: NoticeTexts, _ reader: Reader,
        _ names: [String: String], _ rows: [[String: String]], _ now: Timestamp
    ) throws(NoticeFault) -> PlannedNotice {
        var values = named(occasion.values, names)
        for (name, text) in occasion.texts { values[name] = reader.language.of(text) }
        values["recipientName"] = reader.name
        values["subjectName"] = names[occasion.subject?.id ?? ""] ?? occasion.subject?.id
        let (title, body) = try texts.render(values, rows, reader.language)
        return PlannedNotice(
            id: DeterministicID.make("notice", occasion.event.description, rule.scheme, rule.name, "\(reader.subject)"),
            recipient: reader.subject, institution: occasion.institution, scheme: rule.scheme, version: rule.version,
            name: rule.name, rule: occasion.rule ?? rule.rule, clause: occasion.clause ?? rule.clause,
            cause: occasion.event, causeType: occasion.type,
            fact: occasion.fact, about: occasion.subject, language: reader.language, title: title, body: body,
            dueAt: max(occasion.dueAt ?? now, now), channels: reader.reachable(rule.channels))
    }
}

extension NoticePlan {
    /// Managers are called by name where the reader's institution knows them.
    private static func named(_ values: [String: String], _ names: [String: String]) -> [String: String] {
        var values = values
        if let manager = values["manager"], let name = names[manager] { values["manager"] = name }
        return values
    }

    /// The rows of a bulletin. A figure that others have and a row has not is shown as missing, not left out.
    private static func rows(_ rows: [[String: String]], _ names: [String: String]) -> [[String: String]] {
        let columns = Set(rows.flatMap(\.keys))
        return rows.map { row in
            var row = named(row, names)
            for column in columns where row[column] == nil { row[column] = "—" }
            return row
        }
    }
}

/// The two templates of a rule in both languages, parsed once for all readers.
public struct NoticeTexts: Sendable {
    private let subjects: [ReadingLanguage: NoticeTemplate]
    private let bodies: [ReadingLanguage: NoticeTemplate]

    /// Parses the templates of a rule.
    public init(_ rule: NoticeRule) throws(NoticeFault) {
        var subjects: [ReadingLanguage: NoticeTemplate] = [:]
        var bodies: [ReadingLanguage: NoticeTemplate] = [:]
        for language in ReadingLanguage.allCases {
            subjects[language] = try NoticeTemplate(language.of(rule.subject), rule: rule.name)
            bodies[language] = try NoticeTemplate(language.of(rule.body), rule: rule.name)
        }
        self.subjects = subjects
        self.bodies = bodies
    }

    /// Title and text in one language; a title is one line.
    public func render(
        _ values: [String: String], _ rows: [[String: String]], _ language: ReadingLanguage
    ) throws(NoticeFault) -> (title: String, body: String) {
        let title = try subjects[language]?.render(values, rows: rows) ?? ""
        let body = try bodies[language]?.render(values, rows: rows) ?? ""
        let line = title.split { $0.isNewline }.joined(separator: " ")
        return (line, body)
    }
}

public import Contracts
public import Domain

/// A way to a reader.
public enum Channel: String, Hashable, Sendable, CaseIterable {
    case inbox, email, webhook
}

/// The language a reader reads.
public enum ReadingLanguage: String, Hashable, Sendable, CaseIterable {
    case zh, en

    /// What a text says in this language.
    public func of(_ text: BilingualText) -> String {
        switch self {
        case .zh: text.zh
        case .en: text.en.isEmpty ? text.zh : text.en
        }
    }
}

/// One notice that a scheme speaks of: on what, to whom, by which channels, in which words.
public struct NoticeRule: Hashable, Sendable {
    public var scheme: String
    public var version: Int
    /// The name of the notice in its scheme.
    public var name: String
    public var rule: String
    public var clause: String
    /// The type of event it answers; nil for one that Scoring requests.
    public var event: EventType?
    public var audience: Audience
    public var channels: [Channel]
    /// The line above the text, as a template.
    public var subject: BilingualText
    /// The text, as a template.
    public var body: BilingualText

    /// A rule of its parts.
    public init(
        scheme: String, version: Int, name: String, rule: String, clause: String, event: EventType?,
        audience: Audience, channels: [Channel], subject: BilingualText, body: BilingualText
    ) {
        self.scheme = scheme
        self.version = version
        self.name = name
        self.rule = rule
        self.clause = clause
        self.event = event
        self.audience = audience
        self.channels = channels
        self.subject = subject
        self.body = body
    }

    /// Whether this rule speaks to the occasion: its event, or the notice that the request names.
    public func answers(_ occasion: NoticeOccasion) -> Bool {
        if let scheme = occasion.scheme, scheme != self.scheme { return false }
        guard occasion.type == .noticeRequested else { return event == occasion.type }
        if let notice = occasion.values["notice"] { return notice == name }
        return event == nil && occasion.rule == rule
    }
}

/// Who may be told: one person of the organisation, as the reference data have him.
public struct Reader: Hashable, Sendable {
    public var subject: Subject
    public var unit: String?
    public var role: String?
    public var language: ReadingLanguage
    public var name: String
    public var email: String?
    public var webhook: String?

    /// A reader of his parts.
    public init(
        subject: Subject, unit: String?, role: String?, language: ReadingLanguage, name: String, email: String?,
        webhook: String?
    ) {
        self.subject = subject
        self.unit = unit
        self.role = role
        self.language = language
        self.name = name
        self.email = email
        self.webhook = webhook
    }

    /// The channels of a rule that lead to this reader; the inbox always does.
    public func reachable(_ channels: [Channel]) -> [Channel] {
        Channel.allCases.filter { channel in
            switch channel {
            case .inbox: true
            case .email: channels.contains(.email) && email?.isEmpty == false
            case .webhook: channels.contains(.webhook) && webhook?.isEmpty == false
            }
        }
    }
}

/// Why a notice cannot be made; the event is kept as a dead letter and can be retried when the cause is gone.
public enum NoticeFault: Error, Hashable, Sendable {
    /// The template uses a name that the event has no value for.
    case missingValue(name: String, rule: String)
    /// The template does not parse, or uses a tag that notices do not have.
    case brokenTemplate(rule: String, reason: String)
    /// Nobody belongs to the audience.
    case nobody(rule: String)
    /// A request names a notice that its scheme does not have.
    case unknownRule(scheme: String, version: Int, rule: String)
    /// The scheme version of an event is not in the store, or does not compile.
    case unusableScheme(name: String, version: Int)
    /// The event's data do not have the published form.
    case malformed(type: String, reason: String)
    /// The record does not say what type of event it is, or says one that this service does not know.
    case unknownType(String)

    /// A stable code for alerts and runbooks.
    public var code: String {
        switch self {
        case .missingValue: "GR-NOTE-101"
        case .brokenTemplate: "GR-NOTE-102"
        case .nobody: "GR-NOTE-103"
        case .unknownRule: "GR-NOTE-104"
        case .unusableScheme: "GR-NOTE-105"
        case .malformed: "GR-NOTE-201"
        case .unknownType: "GR-NOTE-202"
        }
    }
}

extension NoticeFault: CustomStringConvertible {
    /// What is wrong, where, and what to do.
    public var description: String {
        switch self {
        case .missingValue(let name, let rule):
            "notice \(rule): the template uses {{\(name)}}, which the event does not have; correct the template"
        case .brokenTemplate(let rule, let reason): "notice \(rule): \(reason); correct the template"
        case .nobody(let rule): "notice \(rule): its audience has no active reader; complete reference data, then retry"
        case .unknownRule(let scheme, let version, let rule):
            "scheme \(scheme) version \(version) has no notice for rule \(rule); publish a version that has, then retry"
        case .unusableScheme(let name, let version):
            "scheme \(name) version \(version) is not published or does not compile; publish it, then retry"
        case .malformed(let type, let reason): "event of type \(type): \(reason); correct the sender"
        case .unknownType(let type): "events of type \(type.prefix(80)) are not known here; correct the sender"
        }
    }
}

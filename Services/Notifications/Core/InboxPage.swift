public import Domain
import Pages

/// A notice as its reader sees it.
public struct InboxEntry: Hashable, Sendable {
    public var id: UUID128
    public var title: String
    public var body: String
    public var scheme: String
    public var version: Int
    public var rule: String
    public var clause: String
    public var fact: UUID128?
    public var state: NoticeState
    public var dueAt: Timestamp

    /// An entry of its parts.
    public init(
        id: UUID128, title: String, body: String, scheme: String, version: Int, rule: String, clause: String,
        fact: UUID128?, state: NoticeState, dueAt: Timestamp
    ) {
        self.id = id
        self.title = title
        self.body = body
        self.scheme = scheme
        self.version = version
        self.rule = rule
        self.clause = clause
        self.fact = fact
        self.state = state
        self.dueAt = dueAt
    }
}

/// A reader's notices as a page: what happened, why, and by which clause.
public struct InboxPage {
    private let recipient: Subject
    private let entries: [InboxEntry]
    private let language: ReadingLanguage

    /// The page of a reader's notices, the newest first.
    public init(_ recipient: Subject, _ entries: [InboxEntry], language: ReadingLanguage) {
        self.recipient = recipient
        self.entries = entries
        self.language = language
    }

    /// The whole document.
    public var html: String {
        let title = say("通知", "Notices")
        let cards = entries.isEmpty ? [none] : entries.map(card)
        return HTML.page(title: title, language: language.rawValue, header(title), .element("section", [:], cards))
    }

    private func header(_ title: String) -> HTML {
        let unread = entries.count { $0.state < .read }
        let other = language == .zh ? ("en", "English") : ("zh", "中文")
        return .element(
            "header", [:], .element("h1", text: title),
            .element(
                "p", ["class": "soft"], .text("\(recipient.institution) · \(recipient.id) · "),
                .text(say("未读 \(unread) 条 · ", "\(unread) unread · ")),
                .element("a", ["href": "?lang=\(other.0)"], text: other.1)))
    }

    private var none: HTML {
        .element("p", ["class": "card soft"], text: say("没有通知。", "There are no notices."))
    }

    private func card(_ entry: InboxEntry) -> HTML {
        let time = String(entry.dueAt.text(offsetMinutes: 480).prefix(16)).replacing("T", with: " ")
        return .element(
            "article", ["class": entry.state < .read ? "card unread" : "card", "id": entry.id.description],
            .element("h2", text: entry.title),
            .element(
                "p", [:], .element("span", ["class": "tag"], text: word(entry.state)),
                .element("span", ["class": "soft"], text: time)),
            .element("p", ["class": "body"], text: entry.body),
            .element("p", ["class": "soft"], text: say("依据:", "Clause: ") + entry.clause),
            sources(entry), entry.state < .acknowledged ? acknowledgement(entry) : .empty)
    }

    private func sources(_ entry: InboxEntry) -> HTML {
        var parts = [
            HTML.element("summary", text: say("来源", "Sources")),
            .text(say("方案 ", "Scheme ") + "\(entry.scheme) v\(entry.version) · "),
            .element("code", text: entry.rule),
        ]
        if let fact = entry.fact {
            parts.append(.element("p", [:], .text(say("事实 ", "Fact ")), .element("code", text: "\(fact)")))
        }
        return .element("details", [:], parts)
    }

    private func acknowledgement(_ entry: InboxEntry) -> HTML {
        .element(
            "form", ["method": "post", "action": "\(SubjectPath.segment(recipient))/\(entry.id)/acknowledge"],
            .element("button", text: say("确认已阅", "Acknowledge")))
    }

    private func word(_ state: NoticeState) -> String {
        switch state {
        case .issued, .delivered: say("未读", "unread")
        case .read: say("已读", "read")
        case .acknowledged: say("已确认", "acknowledged")
        }
    }

    private func say(_ zh: String, _ en: String) -> String { language == .zh ? zh : en }
}

import Contracts
import Domain
import NotificationsCore
import Postgres
import SchemeLibrary
import Schemes

/// The notice rules of published schemes in this service's own words.
struct RuleShelf: Sendable {
    private let library: SchemeLibrary

    init(_ library: SchemeLibrary) {
        self.library = library
    }

    /// The rules that may answer an occasion: those of its scheme, or of every scheme of the institution now in force.
    func rules(
        for occasion: NoticeOccasion, on connection: Connection, today: CalendarDate
    ) throws -> [NotificationsCore.NoticeRule] {
        if let name = occasion.scheme {
            let version = occasion.version ?? 0
            switch try library.scheme(name, version: version, on: connection) {
            case .success(let scheme): return Self.rules(of: scheme)
            case .failure: throw NoticeFault.unusableScheme(name: name, version: version)
            }
        }
        let schemes = try library.schemes(of: occasion.institution, on: today, connection: connection)
        return schemes.flatMap { Self.rules(of: $0) }
    }

    private static func rules(of scheme: Scheme) -> [NotificationsCore.NoticeRule] {
        scheme.notices.compactMap { rule in
            var event: EventType?
            if case .event(let type) = rule.trigger {
                guard let known = EventType(rawValue: type) else { return nil }
                event = known
            }
            return NotificationsCore.NoticeRule(
                scheme: scheme.id, version: scheme.version, name: rule.name, rule: rule.rule, clause: rule.clause,
                event: event, audience: audience(rule.audience),
                channels: rule.channels.compactMap { Channel(rawValue: $0) },
                subject: .init(zh: rule.subject.zh, en: rule.subject.en),
                body: .init(zh: rule.body.zh, en: rule.body.en))
        }
    }

    private static func audience(_ audience: Schemes.Audience) -> Contracts.Audience {
        switch audience.kind {
        case .manager: .init(kind: .manager)
        case .role: .init(kind: .role, name: audience.value)
        case .unit: .init(kind: .unit, name: audience.value)
        case .everyone: .init(kind: .everyone)
        }
    }
}

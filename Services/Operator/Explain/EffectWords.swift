import Contracts
import Domain
import Schemes
import ScoringCore

extension Explanation {
    /// An effect by itself: what, when, under which clause.
    init(_ record: EffectRecord, subject: Subject) {
        switch record {
        case .finding(let event):
            self.init(.finding, .init(zh: event.text.zh, en: event.text.en), subject: event.subject.description)
            value = event.amount
            period = event.period.description
            day = event.date
            properties = [.init(zh: "日期", en: "date", event.date.description)]
            if let fund = event.fund { properties.append(.init(zh: "归入", en: "goes to", fund)) }
            clause = event.clause
        case .task(let event, _):
            self.init(.task, .init(zh: event.text.zh, en: event.text.en), subject: event.subject.description)
            properties = [
                .init(zh: "由谁决定", en: "who decides", event.role), .init(zh: "期限", en: "due", event.dueAt.description),
                .init(zh: "可选", en: "options", event.options.joined(separator: ", ")),
            ]
            clause = event.clause
        case .grade(let event, let decided):
            self.init(.grade, .init(zh: event.reason.zh, en: event.reason.en), subject: event.subject.description)
            value = event.to
            day = event.effectiveFrom
            properties = [
                .init(zh: "级别体系", en: "ladder", event.ladder), .init(zh: "原级别", en: "before", event.from ?? "–"),
                .init(zh: "生效日", en: "from", event.effectiveFrom.description),
                .init(zh: "状态", en: "state", decided ? "decided" : "proposed"),
            ]
            clause = event.clause
        case .status(let event):
            self.init(.status, .init(zh: event.status, en: event.status), subject: event.subject.description)
            day = event.from
            properties = [.init(zh: "自", en: "from", event.from.description)]
            clause = event.clause
        case .notice(let event):
            let name = event.values["notice"] ?? event.rule
            self.init(.notice, .init(zh: name, en: name), subject: (event.subject ?? subject).description)
            properties = [.init(zh: "发出", en: "due", event.dueAt.description)]
            clause = event.clause
        case .gradeWithdrawn(let event):
            self.init(
                .grade, .init(zh: "撤销 \(event.to)", en: "withdrawal of \(event.to)"), subject: event.subject.description
            )
            clause = event.clause
        case .findingWithdrawn(let id, let rule), .statusWithdrawn(let id, let rule), .taskClosed(let id, let rule, _),
            .taskReopened(let id, let rule):
            self.init(.notice, .init(zh: "撤销 \(id)", en: "withdrawal of \(id)"), subject: subject.description)
            clause = rule
        }
        id = record.id.description
        if let (name, number) = record.scheme { (scheme, version) = (name, number) }
    }
}

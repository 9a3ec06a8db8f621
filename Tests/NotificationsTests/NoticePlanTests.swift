import Contracts
import Domain
import NotificationsCore
import Testing

@Suite struct NoticePlanTests {
    static let now = Timestamp(microseconds: 1_772_700_000_000_000)

    static func reader(
        _ id: String, unit: String = "centre", role: String = "manager", _ language: ReadingLanguage = .zh,
        email: String? = nil
    ) -> Reader {
        Reader(
            subject: Subject(institution: "bank", kind: .manager, id: id), unit: unit, role: role, language: language,
            name: "name of \(id)", email: email, webhook: nil)
    }

    static let readers = [
        reader("rm-2", .en, email: "rm-2@example.org"), reader("rm-1"), reader("head", role: "centre-head"),
        reader("other", unit: "branch", role: "centre-head"),
    ]

    static func rule(_ audience: Audience, event: EventType? = .findingRaised, body: String) -> NoticeRule {
        NoticeRule(
            scheme: "bank/centre", version: 1, name: "fine", rule: "late", clause: "S76.R2", event: event,
            audience: audience, channels: [.email],
            subject: BilingualText(zh: "扣罚 {{amount}} 元", en: "Fine {{amount}}"),
            body: BilingualText(zh: body, en: body))
    }

    static var finding: FindingEvent {
        FindingEvent(
            id: DeterministicID.make("finding", "1"), institution: "bank",
            subject: Subject(institution: "bank", kind: .manager, id: "rm-2"), scheme: "bank/centre", version: 1,
            rule: "late", clause: "S76.R2", date: CalendarDate("2026-02-03") ?? .earliest,
            period: .month(year: 2026, month: 2), amount: "20.00", currency: .cny, fund: nil,
            fact: DeterministicID.make("fact", "1"), text: BilingualText(zh: "晨会迟到", en: "Late at the meeting"))
    }

    private func notices(
        _ rule: NoticeRule, _ occasion: NoticeOccasion = NoticeOccasion(finding, type: .findingRaised)
    ) throws(NoticeFault) -> [PlannedNotice] {
        try NoticePlan.notices(occasion, rules: [rule], readers: Self.readers, now: Self.now)
    }

    @Test func tellsTheManagerInHisLanguageByTheChannelsThatReachHim() throws {
        let made = try notices(
            Self.rule(Audience(kind: .manager), body: "{{date}} {{text}}: {{amount}} < {{recipientName}}"))
        let notice = try #require(made.first)
        #expect(made.count == 1)
        #expect(notice.title == "Fine 20.00")
        #expect(notice.body == "2026-02-03 Late at the meeting: 20.00 < name of rm-2")
        #expect(notice.channels == [.inbox, .email])
        #expect(notice.fact == DeterministicID.make("fact", "1"))
        #expect(notice.dueAt == Self.now)
    }

    @Test func resolvesEveryKindOfAudience() throws {
        func told(_ audience: Audience) throws(NoticeFault) -> [String] {
            try notices(Self.rule(audience, body: "x")).map(\.recipient.id)
        }
        #expect(try told(Audience(kind: .everyone)) == ["head", "other", "rm-1", "rm-2"])
        #expect(try told(Audience(kind: .unit, name: "centre")) == ["head", "rm-1", "rm-2"])
        #expect(try told(Audience(kind: .role, name: "centre-head")) == ["head", "other"])
        #expect(try told(Audience(kind: .role, name: "centre-head", unit: "branch")) == ["other"])
        #expect(throws: NoticeFault.nobody(rule: "fine")) { try told(Audience(kind: .role, name: "auditor")) }
    }

    @Test func writesChineseByDefault() throws {
        let made = try notices(Self.rule(Audience(kind: .unit, name: "centre"), body: "{{text}}"))
        #expect(made.first { $0.recipient.id == "rm-1" }?.title == "扣罚 20.00 元")
        #expect(made.first { $0.recipient.id == "rm-1" }?.body == "晨会迟到")
    }

    @Test func reportsAMissingValueInsteadOfLeavingAGap() {
        #expect(throws: NoticeFault.missingValue(name: "distance", rule: "fine")) {
            try notices(Self.rule(Audience(kind: .manager), body: "{{distance}}"))
        }
    }

    @Test func leavesOutASectionWhoseValueIsAbsent() throws {
        let made = try notices(
            Self.rule(Audience(kind: .manager), body: "a{{#fund}}: {{fund}}{{/fund}}{{^fund}}!{{/fund}}"))
        #expect(made.first?.body == "a!")
    }

    @Test(arguments: ["{{> part}}", "{{<layout}}{{/layout}}", "{{=<% %>=}}", "{{open", "{{#a}}x"])
    func refusesTagsThatNoticesDoNotHave(body: String) {
        #expect(throws: NoticeFault.self) { try notices(Self.rule(Audience(kind: .manager), body: body)) }
    }

    @Test func writesOneLineForEachRowOfABulletin() throws {
        let request = NoticeRequest(
            id: DeterministicID.make("request", "1"), institution: "bank", scheme: "bank/centre", version: 1,
            rule: "late", clause: "S80.R2", audience: Audience(kind: .unit, name: "centre"), subject: nil,
            values: ["week": "2026-W10"], rows: [["name": "rm-1", "sum": "5"], ["name": "rm-2", "sum": "3"]],
            dueAt: Self.now.adding(seconds: 3600), fact: nil)
        var rule = Self.rule(
            Audience(kind: .manager), event: nil, body: "{{week}}\n{{#rows}}{{name}} {{sum}} {{week}}\n{{/rows}}")
        rule.subject = BilingualText(zh: "周报", en: "Bulletin")
        let made = try notices(rule, NoticeOccasion(request))
        #expect(made.count == 3)
        #expect(made[0].body == "2026-W10\nrm-1 5 2026-W10\nrm-2 3 2026-W10\n")
        #expect(made[0].dueAt == Self.now.adding(seconds: 3600))
    }

    @Test func namesOfFiguresMayHaveSpacesAndAnyLetters() throws {
        let template = try NoticeTemplate(
            "{{{new balance}}} {{ 本月 新增 }} {{&a}}{{! a remark }}{{#no one}}!{{/no one}}", rule: "x")
        #expect(try template.render(["new balance": "5", "本月 新增": "<6>", "a": "&"], rows: []) == "5 <6> &")
    }

    @Test func makesADueTimeInThePastNow() throws {
        var occasion = NoticeOccasion(Self.finding, type: .findingRaised)
        occasion.dueAt = Self.now.adding(seconds: -60)
        #expect(try notices(Self.rule(Audience(kind: .manager), body: "x"), occasion)[0].dueAt == Self.now)
    }

    @Test func reportsARequestThatItsSchemeDoesNotKnow() {
        let request = NoticeRequest(
            id: DeterministicID.make("request", "1"), institution: "bank", scheme: "bank/centre", version: 1,
            rule: "other", clause: "S80.R2", audience: Audience(kind: .everyone), subject: nil, values: [:], rows: [],
            dueAt: Self.now, fact: nil)
        #expect(throws: NoticeFault.unknownRule(scheme: "bank/centre", version: 1, rule: "other")) {
            try notices(Self.rule(Audience(kind: .everyone), event: nil, body: "x"), NoticeOccasion(request))
        }
    }

    @Test func givesTheSameIdsInEveryReplay() throws {
        let rule = Self.rule(Audience(kind: .everyone), body: "x")
        let ids = try notices(rule).map(\.id)
        #expect(Set(ids).count == 4)
        #expect(try notices(rule).map(\.id) == ids)
    }
}

@Suite struct NoticeStateTests {
    @Test func readsWhatIsAcknowledgedUnread() {
        #expect(NoticeState.delivered.steps(to: .acknowledged) == [.read, .acknowledged])
        #expect(NoticeState.issued.steps(to: .delivered) == [.delivered])
        #expect(NoticeState.acknowledged.steps(to: .read).isEmpty)
        #expect(NoticeState.issued.steps(to: .read) == [.read])
    }

    @Test func waitsLongerAfterEachFailureAndGivesUp() {
        let policy = DeliveryPolicy(attempts: 5, firstWaitSeconds: 10, longestWaitSeconds: 30)
        let now = Timestamp(microseconds: 0)
        let waits = (1...4).map { policy.decide(.later(code: "451"), attempt: $0, now: now) }
        #expect(waits == [10, 20, 30, 30].map { .again(at: now.adding(seconds: $0), code: "451") })
        #expect(policy.decide(.later(code: "451"), attempt: 5, now: now) == .givenUp(code: "451"))
        #expect(policy.decide(.never(code: "550"), attempt: 1, now: now) == .failed(code: "550"))
        #expect(policy.decide(.delivered, attempt: 3, now: now) == .delivered)
    }
}

@Suite struct InboxPageTests {
    @Test func showsReasonAndClauseAndEscapesTheText() {
        let entry = InboxEntry(
            id: DeterministicID.make("notice", "1"), title: "<b>扣罚", body: "行一\n行二 & \"x\"", scheme: "bank/centre",
            version: 1, rule: "late", clause: "S76.R2 「每次扣罚20元」", fact: DeterministicID.make("fact", "1"),
            state: .delivered, dueAt: NoticePlanTests.now)
        let recipient = Subject(institution: "bank", kind: .manager, id: "rm-1")
        let page = InboxPage(recipient, [entry], language: .zh).html
        #expect(page.contains("&lt;b&gt;扣罚") && !page.contains("<b>"))
        #expect(page.contains("行二 &amp; &quot;x&quot;"))
        #expect(page.contains("依据:S76.R2 「每次扣罚20元」"))
        #expect(page.contains(DeterministicID.make("fact", "1").description))
        #expect(InboxPage(recipient, [], language: .en).html.contains("There are no notices."))
    }
}

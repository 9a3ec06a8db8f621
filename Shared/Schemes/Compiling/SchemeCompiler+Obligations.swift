import Domain
import FEEL

extension SchemeCompiler {
    func compileObligation(_ head: ElementHead) {
        let fields = head.fields
        let shapes = shapes([fields.required("fact")].compactMap { $0 })
        guard let due = due(fields), let shape = shapes.first else { return }
        let items = items(fields)
        check(due, items, fields)
        storage.obligations.append(
            ObligationRule(
                head: ruleHead(head), due: due, every: head.every.isEmpty ? [header.basePeriod] : head.every,
                factType: shape.type, filter: factFormula(fields, "where", shapes, parameters: true),
                waived: factFormula(fields, "waived", shapes, parameters: true),
                instance: fields.text("instance")?.text,
                same: same(fields, shape, items), deadline: deadline(fields), anchor: anchor(fields, due), items: items,
                amount: formula(fields, "amount"),
                fund: fields.text("fund")?.text, atLeast: count(fields, "at least") ?? 1,
                proration: fields.choice("prorate", Proration.self)))
    }

    /// What a table chooses is chosen for an item; what a fact sets off is due once for the fact.
    private func check(_ due: ObligationRule.Due, _ items: ItemList?, _ fields: Fields) {
        let place = fields.place(of: "due")
        switch due {
        case .chosen where items == nil:
            faults.report(.missing, at: place, "nothing says for what it is due", "add `for each: <list>`")
        case .fact where items != nil:
            faults.report(
                .wrongForm, at: place, "it cannot be due once for a fact and for each entry of a list",
                "let it be due every day, month or quarter, or leave out `for each`")
        default: break
        }
    }

    private func same(_ fields: Fields, _ shape: FactShape, _ items: ItemList?) -> [String] {
        let names = fields.has("same") ? fields.texts("same") : []
        let known = shape.attributes.map(\.name) + ["customer"]
        for name in names where !known.contains(name.text) {
            faults.report(
                .unknownName, at: name.place, "`\(shape.type)` has no attribute `\(name.text)`",
                nearest(name.text, in: known))
        }
        return names.isEmpty && items != nil ? ["customer"] : names.map(\.text)
    }

    /// The date attribute that the deadline is counted from.
    private func anchor(_ fields: Fields, _ due: ObligationRule.Due) -> String? {
        guard let deadline = fields.fields("deadline") else { return nil }
        guard case .fact(let type) = due else {
            for key in ["of", "before"] where deadline.has(key) {
                faults.report(
                    .wrongForm, at: deadline.place(of: key),
                    "only what is due for a fact has a deadline `\(key)` a day",
                    "write `after: …`")
            }
            return nil
        }
        guard deadline.has("of"), let name = deadline.text("of") else { return nil }
        let dates = (header.facts[type]?.attributes ?? []).filter { $0.form == .date }.map(\.name)
        if !dates.contains(name.text) {
            faults.report(
                .unknownName, at: name.place, "`\(type)` has no date `\(name.text)`", nearest(name.text, in: dates))
        }
        return name.text
    }

    private func due(_ fields: Fields) -> ObligationRule.Due? {
        guard let text = fields.required("due") else { return nil }
        if let rhythm = Rhythm(text.text) { return .every(rhythm) }
        if let day = CalendarDate(text.text) { return .on(day) }
        if header.facts[text.text] != nil { return .fact(text.text) }
        return slot(text).map { .chosen(slot: $0) }
    }

    private func deadline(_ fields: Fields) -> Deadline {
        let standard = Deadline(after: .days(0), at: .endOfDay, rolls: false)
        guard let inner = fields.fields("deadline") else { return standard }
        defer { inner.finish() }
        let after = inner.text("after")
        let at = inner.text("at")
        let rolls = inner.text("roll")?.text == "next working day"
        let before = inner.has("before") ? inner.text("before") : nil
        _ = inner.has("of") ? inner.text("of") : nil
        guard let span = before.map({ Deadline.before($0.text) }) ?? Deadline.after(after?.text ?? "0 days") else {
            faults.report(
                .wrongForm, at: inner.place(of: "after"), "`\(after?.text ?? "")` is not a time limit",
                "write for example `3 days`, `3 working days` or `end of next month`")
            return standard
        }
        guard let time = TimeOfDay(at?.text ?? "24:00") else {
            faults.report(
                .wrongForm, at: inner.place(of: "at"), "`\(at?.text ?? "")` is not a time", "write for example `12:00`")
            return standard
        }
        return Deadline(after: span, at: time, rolls: rolls)
    }

    func compileNotice(_ head: ElementHead) {
        let fields = head.fields
        let by = fields.text("by").flatMap { TimeOfDay($0.text) } ?? TimeOfDay(seconds: 9 * 3600)
        let channels = fields.texts("channels").map(\.text)
        let subject = fields.bilingual("headline") ?? head.title
        let body = fields.bilingual("body") ?? head.title
        let audience = audience(fields)
        func rule(_ trigger: NoticeRule.Trigger) -> NoticeRule {
            NoticeRule(
                name: head.name.text, rule: head.clause.rule, clause: head.clause.text, trigger: trigger,
                audience: audience, channels: channels.isEmpty ? ["inbox"] : channels, subject: subject, body: body)
        }
        if fields.has("event") {
            let type = fields.text("event")?.text ?? ""
            storage.notices.append(plan(rule(.event(type: type)), head, by: by))
        } else if fields.has("on") {
            let shapes = shapes(fields.texts("on"))
            var plan = plan(rule(.fact), head, by: by)
            plan.when = factFormula(fields, "when", shapes, parameters: true)
            storage.notices.append(plan)
            for shape in shapes { storage.factNotices[shape.type, default: []].append(plan) }
        } else {
            compilePeriodNotice(head, by: by, rule: rule)
        }
    }

    private func compilePeriodNotice(
        _ head: ElementHead, by: TimeOfDay, rule: (NoticeRule.Trigger) -> NoticeRule
    ) {
        let fields = head.fields
        let rows = fields.fields("rows")
        for kind in (head.every.isEmpty ? [header.basePeriod] : head.every).sorted(by: { $0.rawValue < $1.rawValue }) {
            var plan = plan(rule(rows == nil ? .period(kind) : .across(kind)), head, by: by)
            plan.reminder = reminder(fields)
            plan.figures = (rows ?? fields).texts("figures").compactMap(slot)
            plan.condition = formula(fields, "when")
            if let rows {
                plan.orderSlot = rows.text("order").flatMap(slot)
                plan.lowestFirst = rows.choice("first", First.self) == .lowest
                plan.limit = rows.text("limit").flatMap { Int($0.text) }
            }
            storage.notices.append(plan)
        }
        rows?.finish()
    }

    private func plan(_ rule: NoticeRule, _ head: ElementHead, by: TimeOfDay) -> NoticePlan {
        NoticePlan(
            notice: rule, when: nil, by: by, figures: [], orderSlot: nil, lowestFirst: false, limit: nil,
            condition: nil, state: head.state)
    }

    private func audience(_ fields: Fields) -> Audience {
        guard let text = fields.text("to") else { return Audience(kind: .manager) }
        if let kind = Audience.Kind(rawValue: text.text) { return Audience(kind: kind) }
        return Audience(kind: .role, value: text.text)
    }
}

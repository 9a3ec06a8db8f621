import Domain
import FEEL

extension SchemeChecker {
    /// A notice may only name values that it gets, in tags that notices have.
    func checkNotices() {
        var seen: Set<String> = []
        for plan in storage.notices where seen.insert(plan.notice.name).inserted {
            guard let written = storage.elements.first(where: { $0.kind == "notice" && $0.name == plan.notice.name })
            else { continue }
            let rule = plan.notice
            let known = names(for: plan)
            let texts = [
                ("headline", rule.subject.zh), ("headline", rule.subject.en), ("body", rule.body.zh),
                ("body", rule.body.en),
            ]
            for (key, text) in texts { check(Template(text), known, rule.name, written.places[key] ?? written.place) }
            if case .event(let type) = rule.trigger, Self.events[type] == nil {
                faults.report(
                    .unknownChoice, at: written.places["event"] ?? written.place,
                    "no service sends the event `\(type)`",
                    "use one of \(Self.events.keys.sorted().joined(separator: ", "))")
            }
        }
    }

    private struct Known {
        var values: Set<String>
        /// Inside `{{#rows}}`; empty when the notice has no rows.
        var row: Set<String> = []
        /// Figures of a result stand under their own names.
        var hasFigures = false
    }

    private func check(_ template: Template, _ known: Known, _ notice: String, _ place: Place) {
        if let broken = template.broken {
            faults.report(
                .template, at: place, "a text of `\(notice)` is no template: \(broken)", "close the tag or the section")
        }
        for tag in template.names {
            let allowed = tag.inRows ? known.row.union(known.values) : known.values
            if allowed.contains(tag.name) || tag.name == "." { continue }
            if tag.name == "rows", !known.row.isEmpty { continue }
            if known.hasFigures, storage.publishedSlots.contains(where: { storage.names.all[$0] == tag.name }) {
                continue
            }
            let close = allowed.min {
                (Spelling.distance($0, tag.name), $0) < (Spelling.distance($1, tag.name), $1)
            }
            faults.report(
                .template, at: place, "`\(notice)` names `{{\(tag.name)}}`, and gets no such value",
                close.map { "did you mean `{{\($0)}}`? It gets \(allowed.sorted().joined(separator: ", "))" }
                    ?? "leave it out")
        }
    }

    private func names(for plan: NoticePlan) -> Known {
        let always: Set<String> = [
            "institution", "recipientName", "subjectName", "subject", "scheme", "version", "rule", "clause",
        ]
        let figures = Set((plan.figures + [plan.orderSlot].compactMap { $0 }).map { storage.names.all[$0] })
        switch plan.notice.trigger {
        case .fact:
            var values = always.union(["manager", "date", "amount", "customer"])
            for (type, plans) in storage.factNotices where plans.contains(where: { $0.notice.name == plan.notice.name })
            {
                values.formUnion(storage.header.facts[type]?.attributes.map(\.name) ?? [])
            }
            return Known(values: values)
        case .period where plan.reminder != nil:
            return Known(values: always.union(["manager", "period", "deadline", "item"]))
        case .period: return Known(values: always.union(["manager", "period"]).union(figures))
        case .across: return Known(values: always.union(["period"]), row: figures.union(["rank", "manager"]))
        case .event(let type):
            guard let values = Self.events[type] else { return Known(values: always) }
            return Known(values: always.union(values), hasFigures: type.hasPrefix("gradus.score."))
        }
    }

    /// What the events of the services say, by their type; Notifications takes the values from their data.
    private static let events: [String: Set<String>] = {
        let result: Set<String> = ["period", "revision", "score", "grade"]
        let grade: Set<String> = ["ladder", "from", "to", "effectiveFrom", "reason"]
        let finding: Set<String> = ["date", "period", "amount", "currency", "fund", "text"]
        let task: Set<String> = ["task", "role", "unit", "deadline", "options", "decision", "text"]
        let line: Set<String> = ["component", "amount", "currency", "earnedMonth", "payMonth", "title", "basis"]
        let run: Set<String> = [
            "run", "month", "state", "statements", "lines", "corrections", "currency", "total", "payable", "actor",
        ]
        return [
            "gradus.score.finalised.v1": result, "gradus.score.revised.v1": result,
            "gradus.grade.proposed.v1": grade, "gradus.grade.decided.v1": grade,
            "gradus.finding.raised.v1": finding, "gradus.finding.withdrawn.v1": finding,
            "gradus.task.requested.v1": task, "gradus.task.closed.v1": task,
            "gradus.status.changed.v1": ["status", "from"],
            "gradus.pay.line.v1": line, "gradus.pay.correction.v1": line,
            "gradus.pay.statement.finalised.v1": [
                "run", "month", "currency", "total", "carriedIn", "payable", "carriedOut", "lines",
            ],
            "gradus.pay.run.opened.v1": run, "gradus.pay.run.calculated.v1": run, "gradus.pay.run.approved.v1": run,
            "gradus.pay.run.released.v1": run,
        ]
    }()
}

/// The tags of a mustache template.
private struct Template {
    private(set) var names: [(name: String, inRows: Bool)] = []
    private(set) var broken: String?

    init(_ text: String) {
        var open: [String] = []
        var rest = text[...]
        while let start = rest.firstRange(of: "{{") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "}}") else {
                broken = "a tag is not closed"
                return
            }
            let tag = rest[..<end.lowerBound]
            rest = rest[end.upperBound...]
            if tag.first == "{", rest.first == "}" { rest = rest.dropFirst() }
            read(tag, &open)
        }
        if let section = open.last { broken = "the section `\(section)` is not closed" }
    }

    private mutating func read(_ tag: Substring, _ open: inout [String]) {
        let marks: Set<Character> = ["#", "^", "/", "{", "&"]
        let sign = tag.first.flatMap { marks.contains($0) ? $0 : nil }
        if tag.first == "!" { return }
        let name = Names.normalised(String(sign == nil ? tag : tag.dropFirst()))
        switch sign {
        case "#", "^":
            names.append((name, open.contains("rows")))
            open.append(name)
        case "/":
            if open.last == name { open.removeLast() } else { broken = "`{{/\(name)}}` closes no section" }
        default: names.append((name, open.contains("rows")))
        }
    }
}

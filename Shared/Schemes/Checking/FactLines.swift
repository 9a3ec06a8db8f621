import Domain

/// Reads the facts of a scheme test: one line each, or one line for every day of a span.
struct FactLines {
    let scheme: Scheme
    let subject: String
    let calendar: WorkCalendar
    let faults: FaultLog

    private static let ownKeys: Set<String> = [
        "type", "date", "at", "amount", "customer", "subject", "kind of subject", "undoes", "label", "each", "from day",
        "through", "except", "attributes",
    ]

    func facts(_ lines: [Fields]) -> [Fact] {
        var facts: [Fact] = []
        var labels: [String: Fact] = [:]
        for line in lines {
            for fact in read(line, number: facts.count, labels) {
                if let label = line.text("label")?.text { labels[label] = fact }
                facts.append(fact)
            }
            line.finish()
        }
        return facts
    }

    private func read(_ line: Fields, number: Int, _ labels: [String: Fact]) -> [Fact] {
        if let label = line.text("undoes") {
            guard let original = labels[label.text] else {
                faults.report(.unknownName, at: label.place, "no fact before has this label", "add `label:` to it")
                return []
            }
            return [undo(original)]
        }
        guard let type = line.required("type") else { return [] }
        return days(line).enumerated().map { index, day in fact(line, type.text, day, "\(number).\(index)") }
    }

    private func days(_ line: Fields) -> [CalendarDate] {
        guard let each = line.text("each") else {
            return SchemeHeader.date(line, "date").map { [$0] } ?? []
        }
        guard let first = SchemeHeader.date(line, "from day"), let last = SchemeHeader.date(line, "through"),
            let cadence = Cadence(rawValue: each.text)
        else { return [] }
        let except = Set(line.texts("except").compactMap { CalendarDate($0.text) })
        return cadence.spans(from: first, through: last, calendar).map(\.last).filter { !except.contains($0) }
    }

    private func fact(_ line: Fields, _ type: String, _ day: CalendarDate, _ number: String) -> Fact {
        let at = line.text("at")?.text ?? "08:00"
        let seconds = TimeOfDay(at)?.seconds ?? 0
        let kind = line.text("kind of subject").flatMap { SubjectKind(rawValue: $0.text) } ?? scheme.subjectKind
        let id = line.text("subject")?.text ?? subject
        let who = Subject(institution: scheme.institution, kind: kind, id: id)
        return Fact(
            id: DeterministicID.make("test-fact", id, type, day.description, number), subject: who, type: type,
            businessDate: day, occurredAt: Timestamp(startOf: day).adding(seconds: seconds),
            amount: line.text("amount").flatMap { Quantity($0.text) }, customer: line.text("customer")?.text,
            source: "test", sourceID: number, attributes: attributes(line, day))
    }

    private func attributes(_ line: Fields, _ day: CalendarDate) -> [String: AttributeValue] {
        var attributes: [String: AttributeValue] = [:]
        var pairs = line.keys.filter { !Self.ownKeys.contains($0.text) }.map { ($0.text, line.text($0.text)?.text) }
        if let inner = line.fields("attributes") { pairs += inner.keys.map { ($0.text, inner.text($0.text)?.text) } }
        for (name, text) in pairs {
            guard let text else { continue }
            switch text {
            case "true": attributes[name] = .flag(true)
            case "false": attributes[name] = .flag(false)
            case "that day": attributes[name] = .text(day.description)
            default: attributes[name] = .text(text)
            }
        }
        return attributes
    }

    private func undo(_ original: Fact) -> Fact {
        var fact = original
        fact.id = DeterministicID.make("test-undo", original.id.description)
        fact.sign = -original.sign
        fact.reverses = original.id
        return fact
    }
}

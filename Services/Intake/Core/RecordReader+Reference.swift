import Domain

extension RecordReader {
    /// Reads a reference record; fields that are wrong become problems, all of them.
    mutating func readReference(_ kind: ReferenceKind, _ fields: [String: FieldPlan]) {
        switch kind {
        case .institution: reference = readInstitution(fields)
        case .unit: reference = readUnit(fields)
        case .manager: reference = readManager(fields)
        case .customer: reference = readCustomer(fields)
        case .assignment: reference = readAssignment(fields)
        case .target: reference = readTarget(fields)
        case .calendar: reference = readCalendarDay(fields)
        }
        if problems.isEmpty, reference == nil { problems.append(RecordProblem(.missing, "a member is missing")) }
        draft.content = referenceDigest(fields)
    }

    /// Every field of the record as it was sent: the content by which a repetition is known.
    private mutating func referenceDigest(_ fields: [String: FieldPlan]) -> UUID128 {
        var digest = ContentDigest()
        let before = problems
        for (name, plan) in fields.sorted(by: { $0.key < $1.key }) {
            digest.absorb(name)
            if let value = value(plan, isRequired: false) { digest.absorb(work.span.extracting(value.slice.range)) }
        }
        problems = before
        return digest.finish()
    }

    private mutating func id(_ name: String, _ fields: [String: FieldPlan]) -> String? {
        fields[name].flatMap { reference($0) }.map { string($0) }
    }

    private mutating func words(_ name: String, _ fields: [String: FieldPlan], limit: Int = 200) -> String? {
        guard let plan = fields[name], let value = value(plan) else { return nil }
        guard value.kind == .text, value.slice.count <= limit else {
            problems.append(
                RecordProblem(.wrongType, at: plan.path, "the member must be text of at most \(limit) bytes"))
            return nil
        }
        return string(value.slice)
    }

    private mutating func scope(_ fields: [String: FieldPlan], _ name: String = "institution") -> String? {
        fields[name].flatMap { institution($0) }.map { string($0) }
    }

    private mutating func day(_ name: String, _ fields: [String: FieldPlan]) -> CalendarDate? {
        fields[name].flatMap { date($0) }
    }

    private mutating func readInstitution(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (id, name) = (scope(fields, "id"), words("name", fields))
        let zone = words("zone", fields, limit: 6) ?? "+08:00"
        let currency = words("currency", fields, limit: 3) ?? "CNY"
        if Currency(currency) == nil {
            problems.append(RecordProblem(.badUnit, at: "/currency", "the currency is not an ISO code"))
        }
        guard let id, let name else { return nil }
        return .institution(id: id, name: name, zone: zone, currency: currency)
    }

    private mutating func readUnit(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (institution, id, name) = (scope(fields), id("id", fields), words("name", fields))
        let (parent, type) = (self.id("parent", fields), words("type", fields))
        guard let institution, let id, let name else { return nil }
        return .unit(institution: institution, id: id, name: name, parent: parent, type: type)
    }

    private mutating func readManager(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (institution, id, unit) = (scope(fields), id("id", fields), id("unit", fields))
        let (name, email, webhook) = (
            words("name", fields), words("email", fields), words("webhook", fields, limit: 500)
        )
        let (language, status, role) = (words("language", fields), words("status", fields), words("role", fields))
        let (entry, education) = (day("entry", fields), words("education", fields))
        let date = day("businessDate", fields)
        let moment = fields["occurredAt"].flatMap { self.moment($0, zone: Self.zone) }
        guard let institution, let id, let unit, let status, let role, let date, let moment else { return nil }
        return .manager(
            ManagerRecord(
                institution: institution, id: id, unit: unit, name: name, email: email, webhook: webhook,
                language: language, status: status, role: role, entry: entry, education: education, date: date,
                occurredAt: moment.0, offsetMinutes: moment.1))
    }

    private static let zone = Array("+08:00".utf8)

    private mutating func readCustomer(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (institution, id) = (scope(fields), id("id", fields))
        let (unit, tier) = (self.id("unit", fields), words("tier", fields))
        guard let institution, let id else { return nil }
        return .customer(institution: institution, id: id, unit: unit, tier: tier)
    }

    private mutating func readAssignment(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (institution, id) = (scope(fields), id("id", fields))
        let (customer, manager) = (self.id("customer", fields), self.id("manager", fields))
        let share = share(fields)
        let (from, to) = (day("validFrom", fields), day("validTo", fields))
        if let from, let to, to < from {
            problems.append(
                RecordProblem(.badRange, at: fields["validTo"]?.path ?? "", "the assignment ends before it begins"))
        }
        guard let institution, let id, let customer, let manager, let share, let from else { return nil }
        return .assignment(
            Assignment(
                no: 0, institution: institution, id: id, customer: customer, manager: manager, share: share,
                validFrom: from, validTo: to))
    }

    private mutating func share(_ fields: [String: FieldPlan]) -> Share? {
        guard let plan = fields["share"], let value = value(plan, isRequired: false) else { return .whole }
        guard value.kind != .flag, let share = Share(string(value.slice)) else {
            problems.append(RecordProblem(.badShare, at: plan.path, "the share is not a part of one"))
            return nil
        }
        return share
    }

    private mutating func readTarget(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let institution = scope(fields)
        let (manager, unit) = (id("manager", fields), id("unit", fields))
        if (manager == nil) == (unit == nil), problems.isEmpty {
            problems.append(RecordProblem(.noSubject, "a target names either a manager or a unit"))
        }
        let (kpi, periodText) = (id("kpi", fields), words("period", fields, limit: 16))
        let period = periodText.flatMap { Period($0) }
        if periodText != nil, period == nil {
            problems.append(RecordProblem(.badDate, at: fields["period"]?.path ?? "", "there is no such period"))
        }
        let amount = fields["amount"].flatMap { quantity($0, scale: nil) }
        let amountUnit = id("amountUnit", fields)
        let date = day("businessDate", fields)
        let moment = fields["occurredAt"].flatMap { self.moment($0, zone: Self.zone) }
        guard let institution, let subject = manager ?? unit, let kpi, let period, let amount, let date, let moment
        else { return nil }
        return .target(
            TargetRecord(
                subject: Subject(institution: institution, kind: manager == nil ? .unit : .manager, id: subject),
                kpi: kpi,
                period: period, amount: amount, unit: amountUnit ?? "CNY", date: date, occurredAt: moment.0,
                offsetMinutes: moment.1))
    }

    private mutating func readCalendarDay(_ fields: [String: FieldPlan]) -> ReferenceRecord? {
        let (institution, date) = (scope(fields), day("date", fields))
        let isWorking = fields["working"].map { flag($0) } ?? false
        let name = words("name", fields)
        guard let institution, let date else { return nil }
        return .calendarDay(institution: institution, date: date, isWorking: isWorking, name: name)
    }
}

import Domain

/// The lines above the chapters.
struct SchemeHeader {
    let institution: String
    let name: String
    let version: Int
    let effectiveFrom: CalendarDate
    let effectiveTo: CalendarDate?
    let title: BilingualText
    let subject: SubjectKind
    let currency: Currency
    let basePeriod: Period.Kind
    let covers: Located?
    let carriesBelowZero: Bool
    /// The part of the gross pay that deductions may take: a percentage or a formula of parameters.
    let deductionLimit: Located?
    let profile: [AttributeShape]
    let facts: [String: FactShape]

    init(_ root: Fields) {
        let faults = root.faults
        let id = root.required("scheme")
        let parts = (id?.text ?? "/").split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if let id, parts.count != 2 || parts.contains("") {
            faults.report(
                .wrongForm, at: id.place, "`\(id.text)` is not a scheme's name", "write `institution/scheme`")
        }
        institution = parts.first ?? ""
        name = parts.count > 1 ? parts[1] : ""
        version = Self.number(root, "version")
        let effective = root.fields("effective")
        effectiveFrom = effective.flatMap { Self.date($0, "from") } ?? .earliest
        effectiveTo = effective.flatMap { $0.has("to") ? Self.date($0, "to") : nil }
        if effective == nil {
            faults.report(
                .missing, at: root.place, "`effective` is missing", "add `effective: { from: 2026-01-01 }`")
        }
        effective?.finish()
        title = root.bilingual("title") ?? BilingualText(zh: name, en: name)
        subject = root.choice("subject", SubjectKind.self) ?? .manager
        currency = Self.currency(root)
        basePeriod = root.choice("period", Period.Kind.self) ?? .month
        covers = root.text("covers")
        let netPay = root.fields("net pay")
        carriesBelowZero = netPay?.choice("below zero", BelowZero.self) ?? .carry == .carry
        deductionLimit = netPay.flatMap { $0.has("deductions up to") ? $0.text("deductions up to") : nil }
        netPay?.finish()
        profile = AttributeShape.read(root.fields("profile"))
        facts = Self.facts(root.fields("facts"))
    }

    private enum BelowZero: String, CaseIterable {
        case carry
        case allow
    }

    private static func number(_ root: Fields, _ key: String) -> Int {
        guard let text = root.required(key) else { return 0 }
        if let number = Int(text.text), number > 0 { return number }
        root.faults.report(
            .wrongForm, at: text.place, "`\(key)` is not a positive number", "write for example `\(key): 1`")
        return 0
    }

    static func date(_ fields: Fields, _ key: String) -> CalendarDate? {
        guard let text = fields.required(key) else { return nil }
        if let date = CalendarDate(text.text) { return date }
        fields.faults.report(
            .wrongForm, at: text.place, "`\(text.text)` is not a date", "write for example `2026-01-01`")
        return nil
    }

    private static func currency(_ root: Fields) -> Currency {
        guard let text = root.text("currency") else { return .cny }
        if let currency = Currency(text.text) { return currency }
        root.faults.report(
            .wrongForm, at: text.place, "`\(text.text)` is not a currency", "write an ISO 4217 code such as CNY")
        return .cny
    }

    private static func facts(_ fields: Fields?) -> [String: FactShape] {
        guard let fields else { return [:] }
        var shapes: [String: FactShape] = [:]
        for key in fields.keys {
            shapes[key.text] = FactShape(type: key.text, attributes: AttributeShape.read(fields.fields(key.text)))
        }
        return shapes
    }
}

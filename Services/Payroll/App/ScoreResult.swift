import Contracts
import Domain

/// A `gradus.score.…` event as Payroll stores it; its figures stay the JSON that came.
struct ScoreResult {
    var message: Int
    var id: UUID128
    var institution: String
    var subject: Subject
    var subjectText: String
    var scheme: String
    var version: Int
    var period: Period
    var revision: Int
    var close: UUID128
    var score: String?
    var grade: String?
    var figures: [UInt8]
    var causes: [UUID128]
    var isRevision: Bool
}

/// Reads events from their bytes, because a close brings one for every manager at once.
struct ScoreReader {
    private var tape = JSONTape()

    /// - Throws: ``ScoreFault/malformed(type:)`` when the bytes are not the event's data.
    mutating func result(_ bytes: Span<UInt8>, message: Int, _ type: EventType) throws(ScoreFault) -> ScoreResult {
        do {
            try tape.scan(bytes)
        } catch {
            throw .malformed(type: type.rawValue)
        }
        let members = members(bytes)
        guard let id = members["id"].flatMap({ UUID128(text($0, bytes)) }),
            let subjectText = members["subject"].map({ text($0, bytes) }), let subject = Subject(subjectText),
            let institution = members["institution"].map({ text($0, bytes) }),
            let scheme = members["scheme"].map({ text($0, bytes) }),
            let version = members["version"].flatMap({ Int(text($0, bytes)) }),
            let period = members["period"].flatMap({ Period(text($0, bytes)) }),
            let revision = members["revision"].flatMap({ Int(text($0, bytes)) }),
            let close = members["close"].flatMap({ UUID128(text($0, bytes)) }),
            let figures = members["figures"], let causes = members["causes"], members["cut"] != nil,
            tape.tokens[figures].kind == .object, tape.tokens[causes].kind == .array, areTexts(figures)
        else { throw .malformed(type: type.rawValue) }
        var ids: [UUID128] = []
        for cause in tape.elements(of: causes) {
            guard let id = UUID128(text(cause, bytes)) else { throw .malformed(type: type.rawValue) }
            ids.append(id)
        }
        let range = tape.tokens[figures].range
        return ScoreResult(
            message: message, id: id, institution: institution, subject: subject, subjectText: subjectText,
            scheme: scheme, version: version, period: period, revision: revision, close: close,
            score: optionalText(members["score"], bytes), grade: optionalText(members["grade"], bytes),
            figures: range.map { bytes[$0] }, causes: ids, isRevision: type == .scoreRevised)
    }

    /// - Throws: ``ScoreFault/malformed(type:)`` when the bytes are not the event's data.
    mutating func finding(_ bytes: Span<UInt8>, _ type: EventType) throws(ScoreFault) -> FindingEvent {
        do {
            try tape.scan(bytes)
        } catch {
            throw .malformed(type: type.rawValue)
        }
        let members = members(bytes)
        func string(_ name: String) -> String? { optionalText(members[name], bytes) }
        guard let id = string("id").flatMap({ UUID128($0) }), let institution = string("institution"),
            let subject = string("subject").flatMap({ Subject($0) }), let scheme = string("scheme"),
            let version = members["version"].flatMap({ Int(text($0, bytes)) }), let rule = string("rule"),
            let clause = string("clause"), let date = string("date").flatMap({ CalendarDate($0) }),
            let period = string("period").flatMap({ Period($0) }), let words = members["text"],
            let zh = tape.member("zh", of: words, in: bytes), let en = tape.member("en", of: words, in: bytes),
            tape.tokens[zh].kind == .string, tape.tokens[en].kind == .string
        else { throw .malformed(type: type.rawValue) }
        let currency = string("currency").map { Currency($0) }
        let fact = string("fact").map { UUID128($0) }
        if case .some(nil) = currency { throw .malformed(type: type.rawValue) }
        if case .some(nil) = fact { throw .malformed(type: type.rawValue) }
        return FindingEvent(
            id: id, institution: institution, subject: subject, scheme: scheme, version: version, rule: rule,
            clause: clause, date: date, period: period, amount: string("amount"), currency: currency ?? nil,
            fund: string("fund"), fact: fact ?? nil, text: BilingualText(zh: text(zh, bytes), en: text(en, bytes)))
    }

    /// The value tokens of the event's members, by name; of a member given twice the first.
    private func members(_ bytes: Span<UInt8>) -> [String: Int] {
        guard tape.tokens.first?.kind == .object else { return [:] }
        var members: [String: Int] = [:]
        var index = 1
        while index < Int(tape.tokens[0].next) {
            let name = text(index, bytes)
            if members[name] == nil { members[name] = index + 1 }
            index = Int(tape.tokens[index + 1].next)
        }
        return members
    }

    private func areTexts(_ object: Int) -> Bool {
        var index = object + 1
        while index < Int(tape.tokens[object].next) {
            guard tape.tokens[index + 1].kind == .string else { return false }
            index = Int(tape.tokens[index + 1].next)
        }
        return true
    }

    private func text(_ token: Int, _ bytes: Span<UInt8>) -> String {
        JSONTape.text(tape.tokens[token], of: bytes)
    }

    private func optionalText(_ token: Int?, _ bytes: Span<UInt8>) -> String? {
        token.flatMap { tape.tokens[$0].kind == .string ? text($0, bytes) : nil }
    }
}

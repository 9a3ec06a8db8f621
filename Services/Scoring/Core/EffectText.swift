public import Contracts
public import Domain
import Foundation

/// A finding as it stands in a stored result: what the store's columns need, and the event as it was written.
public struct StoredFinding: Hashable, Sendable {
    public let id: UUID128
    /// The subject's text, which is the event's key.
    public let subject: String
    public let scheme: String
    public let rule: String
    public let date: CalendarDate
    public let period: String
    public let amount: String?
    /// The JSON of the ``FindingEvent``.
    public let event: [UInt8]
}

/// Effects as they are stored with a result: a JSON array of ``EffectRecord``.
///
/// Findings are written and read by hand, because a close may have a score of them for each subject.
public enum EffectText {
    /// The array.
    public static func bytes(_ records: [EffectRecord]) throws -> [UInt8] {
        var bytes: [UInt8] = [UInt8(ascii: "[")]
        for (index, record) in records.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            if case .finding(let event) = record {
                bytes.append(contentsOf: #"{"finding":{"_0":"#.utf8)
                append(event, to: &bytes)
                bytes.append(contentsOf: "}}".utf8)
            } else {
                bytes.append(contentsOf: try JSONText.bytes(record))
            }
        }
        bytes.append(UInt8(ascii: "]"))
        return bytes
    }

    /// The JSON of a finding, its keys in byte order as everywhere.
    public static func append(_ event: FindingEvent, to bytes: inout [UInt8]) {
        var separator: UInt8 = UInt8(ascii: "{")
        func add(_ key: String, _ text: String?) {
            guard let text else { return }
            bytes.append(separator)
            separator = UInt8(ascii: ",")
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: key.utf8)
            bytes.append(contentsOf: "\":".utf8)
            JSONText.append(text, to: &bytes)
        }
        add("amount", event.amount)
        add("clause", event.clause)
        add("currency", event.currency?.code)
        add("date", event.date.description)
        add("fact", event.fact?.description)
        add("fund", event.fund)
        add("id", event.id.description)
        add("institution", event.institution)
        add("period", event.period.description)
        add("rule", event.rule)
        add("scheme", event.scheme)
        add("subject", event.subject.description)
        bytes.append(contentsOf: #","text":{"en":"#.utf8)
        JSONText.append(event.text.en, to: &bytes)
        bytes.append(contentsOf: #","zh":"#.utf8)
        JSONText.append(event.text.zh, to: &bytes)
        bytes.append(contentsOf: "},\"version\":\(event.version)}".utf8)
    }
}

/// Reads stored effects; one reader serves many texts, so that its memory is used again.
public struct EffectReader {
    private var tape = JSONTape()

    public init() {}

    /// The findings, and everything else, each in the order in which they were stored.
    ///
    /// - Throws: ``ScoringFault/unreadableResult``.
    public mutating func read(_ text: [UInt8]) throws(ScoringFault) -> (
        findings: [StoredFinding], others: [EffectRecord]
    ) {
        guard text.count > 2 else { return ([], []) }
        let bytes = text.span
        do {
            try tape.scan(bytes)
        } catch {
            throw .unreadableResult
        }
        var findings: [StoredFinding] = []
        var others: [EffectRecord] = []
        for element in tape.elements(of: 0) {
            if tape.tokens[element].kind == .object, isNamed(element + 1, "finding", bytes) {
                findings.append(try finding(element + 4, text))
            } else {
                let range = tape.tokens[element].range
                guard let record = try? JSONDecoder().decode(EffectRecord.self, from: Data(text[range])) else {
                    throw .unreadableResult
                }
                others.append(record)
            }
        }
        return (findings, others)
    }

    private func isNamed(_ token: Int, _ name: String, _ bytes: Span<UInt8>) -> Bool {
        let range = tape.tokens[token].range
        guard range.count == name.utf8.count else { return false }
        return zip(range, name.utf8).allSatisfy { bytes[$0] == $1 }
    }

    /// The finding whose object is token `object`: the value of `_0` inside the value of `finding`.
    private func finding(_ object: Int, _ text: [UInt8]) throws(ScoringFault) -> StoredFinding {
        guard object < tape.tokens.count, tape.tokens[object].kind == .object else { throw .unreadableResult }
        let bytes = text.span
        var texts: [String: String] = [:]
        var index = object + 1
        while index < Int(tape.tokens[object].next) {
            if let name = Self.columns.first(where: { isNamed(index, $0, bytes) }) {
                texts[name] = JSONTape.text(tape.tokens[index + 1], of: bytes)
            }
            index = Int(tape.tokens[index + 1].next)
        }
        guard let id = texts["id"].flatMap({ UUID128($0) }), let subject = texts["subject"],
            let scheme = texts["scheme"], let rule = texts["rule"],
            let date = texts["date"].flatMap({ CalendarDate($0) }), let period = texts["period"]
        else { throw .unreadableResult }
        return StoredFinding(
            id: id, subject: subject, scheme: scheme, rule: rule, date: date, period: period, amount: texts["amount"],
            event: Array(text[tape.tokens[object].range]))
    }

    private static let columns = ["amount", "date", "id", "period", "rule", "scheme", "subject"]
}

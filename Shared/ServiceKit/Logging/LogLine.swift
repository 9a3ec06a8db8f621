import Domain
import Logging

/// One log statement, ready to be written as JSON or as text for people.
struct LogLine {
    let microseconds: Int64
    let level: Logger.Level
    let service: String
    let message: String
    /// `code` and `traceparent`, which are members of their own.
    private let code: String?
    private let traceparent: String?
    private let metadata: [(key: String, value: Logger.MetadataValue)]

    init(
        microseconds: Int64, level: Logger.Level, service: String, message: String, metadata: Logger.Metadata
    ) {
        self.microseconds = microseconds
        self.level = level
        self.service = service
        self.message = message
        code = metadata["code"]?.description
        traceparent = metadata["traceparent"]?.description
        self.metadata = metadata.filter { $0.key != "code" && $0.key != "traceparent" }
            .sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// One JSON object and a line feed.
    func json() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(256)
        bytes.append(contentsOf: "{\"ts\":\"\(Timestamp(microseconds: microseconds))\"".utf8)
        bytes.append(contentsOf: ",\"level\":\"\(level.rawValue)\",\"service\":".utf8)
        LogLine.quote(service, into: &bytes)
        bytes.append(contentsOf: ",\"msg\":".utf8)
        LogLine.quote(message, into: &bytes)
        for (name, text) in [("code", code), ("traceparent", traceparent)] {
            guard let text else { continue }
            bytes.append(contentsOf: ",\"\(name)\":".utf8)
            LogLine.quote(text, into: &bytes)
        }
        if !metadata.isEmpty {
            bytes.append(contentsOf: ",\"metadata\":".utf8)
            LogLine.object(metadata, into: &bytes)
        }
        bytes.append(contentsOf: "}\n".utf8)
        return bytes
    }

    /// A line for people, in the colour of its level if asked.
    func text(coloured: Bool) -> [UInt8] {
        let word = level.rawValue.uppercased()
        let padded = word + String(repeating: " ", count: max(0, 8 - word.count))
        var bytes = Array("\(Timestamp(microseconds: microseconds)) ".utf8)
        bytes.append(contentsOf: (coloured ? "\(colour)\(padded)\u{1B}[0m" : padded).utf8)
        bytes.append(contentsOf: " \(service)  ".utf8)
        LogLine.escape(message, into: &bytes, quotes: false)
        if let code { bytes.append(contentsOf: "  code=\(code)".utf8) }
        for (key, value) in metadata {
            bytes.append(contentsOf: "  \(key)=".utf8)
            let shown = Redaction.isPersonal(key) ? Redaction.mark : LogLine.flat(value)
            LogLine.escape(shown, into: &bytes, quotes: false)
        }
        bytes.append(0x0A)
        return bytes
    }

    private var colour: String {
        switch level {
        case .trace, .debug: "\u{1B}[2m"
        case .info: "\u{1B}[32m"
        case .notice: "\u{1B}[36m"
        case .warning: "\u{1B}[33m"
        case .error, .critical: "\u{1B}[31m"
        }
    }

    private static func flat(_ value: Logger.MetadataValue) -> String {
        switch value {
        case .dictionary(let members):
            let shown = members.sorted { $0.key < $1.key }.map { key, value in
                "\(key)=\(Redaction.isPersonal(key) ? Redaction.mark : flat(value))"
            }
            return "{\(shown.joined(separator: " "))}"
        case .array(let items): return "[\(items.map(flat).joined(separator: " "))]"
        default: return value.description
        }
    }

    private static func object(_ members: [(key: String, value: Logger.MetadataValue)], into bytes: inout [UInt8]) {
        bytes.append(0x7B)
        for (index, (key, value)) in members.enumerated() {
            if index > 0 { bytes.append(0x2C) }
            quote(key, into: &bytes)
            bytes.append(0x3A)
            if Redaction.isPersonal(key) {
                quote(Redaction.mark, into: &bytes)
            } else {
                append(value, into: &bytes)
            }
        }
        bytes.append(0x7D)
    }

    private static func append(_ value: Logger.MetadataValue, into bytes: inout [UInt8]) {
        switch value {
        case .dictionary(let members):
            object(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, into: &bytes)
        case .array(let items):
            bytes.append(0x5B)
            for (index, item) in items.enumerated() {
                if index > 0 { bytes.append(0x2C) }
                append(item, into: &bytes)
            }
            bytes.append(0x5D)
        default: quote(value.description, into: &bytes)
        }
    }

    private static func quote(_ text: String, into bytes: inout [UInt8]) {
        bytes.append(0x22)
        escape(text, into: &bytes, quotes: true)
        bytes.append(0x22)
    }

    /// Control characters are written as escapes in both forms, so that one statement is always one line.
    private static func escape(_ text: String, into bytes: inout [UInt8], quotes: Bool) {
        for byte in text.utf8 {
            switch byte {
            case 0x22 where quotes, 0x5C where quotes:
                bytes.append(0x5C)
                bytes.append(byte)
            case 0x0A: bytes.append(contentsOf: "\\n".utf8)
            case 0x00..<0x20, 0x7F:
                let digits = String(byte, radix: 16)
                bytes.append(contentsOf: "\\u\(digits.count < 2 ? "000" : "00")\(digits)".utf8)
            default: bytes.append(byte)
            }
        }
    }
}

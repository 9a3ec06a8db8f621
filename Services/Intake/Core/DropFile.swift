import Contracts
import Domain

/// A file of records, checked as a whole before a single record of it is taken.
public struct DropFile: Sendable {
    /// JSON objects, one for each record.
    public let bytes: [UInt8]
    public let ranges: [Range<Int>]

    /// What a file promises about itself.
    public struct Control: Hashable, Sendable {
        public var records: Int
        /// In ten-thousandths; `nil` when none is given.
        public var sum: Int64?

        /// Reads `{"records": 3, "sum": "1234.56"}`.
        public init(_ text: Span<UInt8>) throws(FileFault) {
            var tape = JSONTape()
            do {
                try tape.scan(text)
            } catch {
                throw .badControl("the control record is not JSON: \(error)")
            }
            guard let records = tape.member("records", of: 0, in: text),
                let count = Int(JSONTape.text(tape.tokens[records], of: text)), count >= 0
            else { throw .badControl("the control record has no 'records'") }
            self.records = count
            guard let sum = tape.member("sum", of: 0, in: text), tape.tokens[sum].kind != .null else { return }
            guard let value = Decimal128(JSONTape.text(tape.tokens[sum], of: text)), value.fractionDigits <= 4,
                let units = value.units(scale: 4, rounding: .down)
            else { throw .badControl("the control record's 'sum' is not a decimal number") }
            self.sum = units
        }
    }

    /// Reads a whole file.
    ///
    /// - Parameters:
    ///   - content: the file in UTF-8.
    ///   - companion: the content of `NAME.ctl`, where the control total stands there.
    /// - Throws: why the file is refused as a whole.
    public init(_ content: [UInt8], companion: [UInt8]?, as inlet: FolderInlet) throws(FileFault) {
        guard UTF8Span.isValid(content) else { throw .wrongEncoding }
        var lines = Self.lines(content, quoted: inlet.format == .csv)
        var controlText = companion
        switch inlet.control {
        case .companion: break
        case .header: controlText = lines.isEmpty ? nil : Array(content[lines.removeFirst()])
        case .trailer: controlText = lines.popLast().map { Array(content[$0]) }
        }
        guard let controlText else { throw .badControl("there is no control record") }
        let control = try Control(controlText.span)
        switch inlet.format {
        case .ndjson: (bytes, ranges) = (content, lines)
        case .csv: (bytes, ranges) = try CSVText.objects(content, lines, separator: inlet.separator)
        }
        guard ranges.count == control.records else {
            throw .controlTotal("the control record says \(control.records) records, the file has \(ranges.count)")
        }
        guard let path = inlet.sum, let expected = control.sum else { return }
        let sum = try Self.sum(of: path, bytes, ranges)
        guard sum == expected else {
            throw .controlTotal("the records do not add up to the control sum")
        }
    }

    /// Lines without their ends; empty lines are left out. A quoted line break stays within its line.
    static func lines(_ content: [UInt8], quoted: Bool) -> [Range<Int>] {
        var lines: [Range<Int>] = []
        var start = 0
        var isQuoted = false
        for index in 0...content.count {
            if index < content.count {
                if quoted, content[index] == UInt8(ascii: "\"") { isQuoted.toggle() }
                guard content[index] == 0x0A, !isQuoted else { continue }
            }
            var end = index
            if end > start, content[end - 1] == 0x0D { end -= 1 }
            if end > start { lines.append(start..<end) }
            start = index + 1
        }
        return lines
    }

    private static func sum(of path: FieldPath, _ bytes: [UInt8], _ ranges: [Range<Int>]) throws(FileFault) -> Int64 {
        var tape = JSONTape()
        var sum: Int64 = 0
        for (number, range) in ranges.enumerated() {
            let span = bytes.span.extracting(range)
            guard (try? tape.scan(span)) != nil else {
                throw .controlTotal("record \(number + 1) is not JSON, so that the control sum cannot be checked")
            }
            var token: Int? = 0
            for name in path.names { token = token.flatMap { tape.member(name, of: $0, in: span) } }
            guard let token, let amount = Quantity(JSONTape.text(tape.tokens[token], of: span)) else {
                throw .controlTotal(
                    "record \(number + 1) has no amount at \(path), so that the control sum cannot be checked")
            }
            let (next, overflow) = sum.addingReportingOverflow(amount.tenThousandths)
            guard !overflow else { throw .controlTotal("the sum of the records is too large") }
            sum = next
        }
        return sum
    }
}

/// Why a file is refused as a whole; nothing of it was taken.
public enum FileFault: Error, Hashable, Sendable {
    case badControl(String)
    case controlTotal(String)
    case wrongEncoding
    case badRow(Int, String)
    case changed

    /// The stable code.
    public var code: ProblemCode {
        switch self {
        case .badControl: .badControl
        case .controlTotal: .controlTotal
        case .wrongEncoding: .wrongEncoding
        case .badRow: .badRow
        case .changed: .changedFile
        }
    }

    public var message: String {
        switch self {
        case .badControl(let text), .controlTotal(let text): text
        case .wrongEncoding: "the file is not in the encoding that its source names"
        case .badRow(let number, let text): "row \(number): \(text)"
        case .changed: "a file of this name with other content was taken before; nothing of this one was"
        }
    }

    public var remedy: String { code.remedy }
}

/// Comma-separated text (RFC 4180) as JSON objects, so that one mapping serves both.
enum CSVText {
    /// The first line names the members.
    static func objects(
        _ content: [UInt8], _ lines: [Range<Int>], separator: UInt8
    ) throws(FileFault) -> ([UInt8], [Range<Int>]) {
        guard let header = lines.first else { throw .badRow(1, "there is no header row") }
        let names = try fields(content[header], separator, row: 1)
        var bytes: [UInt8] = []
        var ranges: [Range<Int>] = []
        for (index, line) in lines.dropFirst().enumerated() {
            let values = try fields(content[line], separator, row: index + 2)
            guard values.count == names.count else {
                throw .badRow(index + 2, "\(values.count) fields where the header names \(names.count)")
            }
            let start = bytes.count
            for (position, (name, value)) in zip(names, values).enumerated() {
                bytes.append(position == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
                JSONText.appendString(name, to: &bytes)
                bytes.append(UInt8(ascii: ":"))
                JSONText.appendString(value, to: &bytes)
            }
            bytes.append(UInt8(ascii: "}"))
            ranges.append(start..<bytes.count)
        }
        return (bytes, ranges)
    }

    private static func fields(_ line: ArraySlice<UInt8>, _ separator: UInt8, row: Int) throws(FileFault) -> [[UInt8]] {
        let quote = UInt8(ascii: "\"")
        var fields: [[UInt8]] = [[]]
        var index = line.startIndex
        var isQuoted = false
        while index < line.endIndex {
            let byte = line[index]
            if isQuoted {
                if byte != quote {
                    fields[fields.count - 1].append(byte)
                } else if index + 1 < line.endIndex, line[index + 1] == quote {
                    fields[fields.count - 1].append(quote)
                    index += 1
                } else {
                    isQuoted = false
                }
            } else if byte == separator {
                fields.append([])
            } else if byte == quote {
                guard fields[fields.count - 1].isEmpty else { throw .badRow(row, "a quote stands within a field") }
                isQuoted = true
            } else {
                fields[fields.count - 1].append(byte)
            }
            index += 1
        }
        guard !isQuoted else { throw .badRow(row, "a quoted field does not end") }
        return fields
    }
}

extension UTF8Span {
    static func isValid(_ bytes: [UInt8]) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }
}

import Domain

// Writing JSON into a buffer that is used again and again: nothing here makes an object for a value without escapes.
extension [UInt8] {
    mutating func append(text: StaticString) {
        append(contentsOf: text.description.utf8)
    }

    mutating func append(key: StaticString, _ value: String?) {
        guard let value else { return }
        append(text: key)
        append(string: value)
    }

    /// A JSON string with its quotes.
    mutating func append(string: String) {
        append(UInt8(ascii: "\""))
        let start = count
        append(contentsOf: string.utf8)
        for index in start..<count where self[index] < 0x20 || self[index] == 0x22 || self[index] == 0x5C {
            removeSubrange(start...)
            appendEscaped(string)
            break
        }
        append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ string: String) {
        for byte in string.utf8 {
            switch byte {
            case 0x22, 0x5C:
                append(0x5C)
                append(byte)
            case 0..<0x20:
                append(text: #"\u00"#)
                append(Self.hexadecimalDigit(byte >> 4))
                append(Self.hexadecimalDigit(byte & 15))
            default: append(byte)
            }
        }
    }

    mutating func append(uuid: UUID128) {
        append(word: uuid.high, dashes: 0x0000_0000_8000_8000)
        append(UInt8(ascii: "-"))
        append(word: uuid.low, dashes: 0x0000_8000_0000_0000)
    }

    /// Sixteen hexadecimal digits, with a dash before the digit whose highest bit is set in `dashes`.
    private mutating func append(word: UInt64, dashes: UInt64) {
        var shift: UInt64 = 60
        while true {
            if dashes >> shift & 8 != 0 { append(UInt8(ascii: "-")) }
            append(Self.hexadecimalDigit(UInt8(truncatingIfNeeded: word >> shift & 15)))
            if shift == 0 { return }
            shift -= 4
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }

    mutating func append(date: CalendarDate) {
        let (year, month, day) = date.civil
        append(digits: year, width: 4)
        append(UInt8(ascii: "-"))
        append(digits: month, width: 2)
        append(UInt8(ascii: "-"))
        append(digits: day, width: 2)
    }

    mutating func append(moment: Timestamp, offsetMinutes: Int) {
        append(date: moment.date(offsetMinutes: offsetMinutes))
        let time = moment.timeOfDay(offsetMinutes: offsetMinutes)
        let seconds = Int(time / 1_000_000)
        append(UInt8(ascii: "T"))
        append(digits: seconds / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: seconds / 60 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: seconds % 60, width: 2)
        append(UInt8(ascii: "."))
        append(digits: Int(time % 1_000_000), width: 6)
        if offsetMinutes == 0 { return append(UInt8(ascii: "Z")) }
        append(offsetMinutes < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        append(digits: abs(offsetMinutes) / 60, width: 2)
        append(UInt8(ascii: ":"))
        append(digits: abs(offsetMinutes) % 60, width: 2)
    }

    mutating func append(quantity: Quantity) {
        let magnitude = quantity.tenThousandths.magnitude
        if quantity.tenThousandths < 0 { append(UInt8(ascii: "-")) }
        let whole = Int(magnitude / 10_000)
        append(digits: whole, width: Self.width(of: whole))
        var fraction = Int(magnitude % 10_000)
        guard fraction != 0 else { return }
        var width = 4
        while fraction % 10 == 0 {
            fraction /= 10
            width -= 1
        }
        append(UInt8(ascii: "."))
        append(digits: fraction, width: width)
    }

    private static func width(of value: Int) -> Int {
        var width = 1
        var rest = value / 10
        while rest > 0 {
            rest /= 10
            width += 1
        }
        return width
    }

    mutating func append(digits value: Int, width: Int) {
        let start = count
        for _ in 0..<width { append(UInt8(ascii: "0")) }
        var rest = value
        var index = start + width - 1
        while rest > 0, index >= start {
            self[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
            index -= 1
        }
    }

    /// The attributes in the byte order of their keys, so that equal facts have equal bytes.
    mutating func append(attributes: [String: AttributeValue]) {
        append(text: #","attributes":"#)
        var separator = UInt8(ascii: "{")
        for (key, value) in attributes.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            append(separator)
            separator = UInt8(ascii: ",")
            append(string: key)
            append(UInt8(ascii: ":"))
            switch value {
            case .text(let text): append(string: text)
            case .number(let number): append(contentsOf: number.utf8)
            case .flag(let flag): append(text: flag ? "true" : "false")
            }
        }
        append(UInt8(ascii: "}"))
    }
}

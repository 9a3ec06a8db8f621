/// Reads dates, times and durations from text, by the lexical rules of the standard.
struct TemporalReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    static func date(_ text: String) -> FEELDate? {
        var reader = TemporalReader(text)
        guard let date = reader.readDate(), reader.isAtEnd else { return nil }
        return date
    }

    static func time(_ text: String) -> FEELTime? {
        var reader = TemporalReader(text)
        _ = reader.take("T")
        guard let time = reader.readTime(), reader.isAtEnd else { return nil }
        return time
    }

    /// A date and time; a date alone stands for its midnight.
    static func dateTime(_ text: String) -> FEELDateTime? {
        var reader = TemporalReader(text)
        guard let date = reader.readDate() else { return nil }
        if reader.isAtEnd {
            return FEELDateTime(date: date, time: FEELTime(secondOfDay: 0, nanosecond: 0, zone: .local))
        }
        guard reader.take("T"), let time = reader.readTime(), reader.isAtEnd else { return nil }
        return FEELDateTime(date: date, time: time)
    }

    static func duration(_ text: String) -> Value? {
        var reader = TemporalReader(text)
        return reader.readDuration()
    }

    /// The value of an at-literal: whichever of the four the text is.
    static func any(_ text: String) -> Value? {
        if let date = date(text) { return .date(date) }
        if let value = dateTime(text) {
            return .dateTime(value)
        }
        if let time = time(text) { return .time(time) }
        return duration(text)
    }

    private var isAtEnd: Bool { position == bytes.count }
    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard current == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func digits(upTo limit: Int = 18) -> (value: Int, count: Int) {
        var value = 0
        var count = 0
        while let byte = current, byte >= 48, byte <= 57, count < limit {
            value = value * 10 + Int(byte - 48)
            count += 1
            position += 1
        }
        return (value, count)
    }

    private mutating func two() -> Int? {
        let (value, count) = digits(upTo: 2)
        return count == 2 ? value : nil
    }

    private mutating func readDate() -> FEELDate? {
        let negative = take("-")
        let first = current
        let year = digits(upTo: 10)
        guard year.count >= 4, year.count == 4 || first != UInt8(ascii: "0") else { return nil }
        guard take("-"), let month = two(), take("-"), let day = two() else { return nil }
        return FEELDate(year: negative ? -year.value : year.value, month: month, day: day)
    }

    private mutating func readTime() -> FEELTime? {
        guard let hour = two(), take(":"), let minute = two(), take(":"), let second = two() else { return nil }
        var nanosecond = 0
        if take(".") {
            guard let fraction = readFraction() else { return nil }
            nanosecond = fraction
        }
        guard let zone = readZone() else { return nil }
        return FEELTime(hour: hour, minute: minute, second: second, nanosecond: nanosecond, zone: zone)
    }

    /// Nanoseconds from the digits after a point; finer digits are cut off.
    private mutating func readFraction() -> Int? {
        let (value, count) = digits(upTo: 9)
        guard count > 0 else { return nil }
        var nanoseconds = value
        for _ in count..<9 { nanoseconds *= 10 }
        _ = digits(upTo: 1_000)
        return nanoseconds
    }

    private mutating func readZone() -> FEELZone? {
        if isAtEnd { return .local }
        if take("Z") { return .offset(seconds: 0) }
        if take("@") {
            let name = String(decoding: bytes[position...], as: UTF8.self)
            position = bytes.count
            return ZoneRules.knows(name) ? .named(name) : nil
        }
        let negative = take("-")
        guard negative || take("+") else { return nil }
        guard let hours = two(), take(":"), let minutes = two(), minutes < 60 else { return nil }
        var seconds = 0
        if take(":") {
            guard let value = two(), value < 60 else { return nil }
            seconds = value
        }
        let size = hours * 3_600 + minutes * 60 + seconds
        guard size <= 18 * 3_600 else { return nil }
        return .offset(seconds: Int32(negative ? -size : size))
    }

    private mutating func readDuration() -> Value? {
        let negative = take("-")
        guard take("P") else { return nil }
        var fields: [UInt8: Int] = [:]
        guard readFields(into: &fields, order: "YMD"), isAtEnd || take("T") else { return nil }
        let dateFields = fields
        var nanoseconds: Int?
        if bytes[position - 1] == UInt8(ascii: "T") {
            fields = [:]
            guard readTimeFields(into: &fields, nanoseconds: &nanoseconds), isAtEnd else { return nil }
            guard !fields.isEmpty || nanoseconds != nil else { return nil }
        } else {
            guard !fields.isEmpty else { return nil }
            fields = [:]
        }
        return duration(negative: negative, dateFields, fields, nanoseconds)
    }

    private func duration(
        negative: Bool, _ date: [UInt8: Int], _ time: [UInt8: Int], _ nanoseconds: Int?
    ) -> Value? {
        let years = date[UInt8(ascii: "Y")]
        let months = date[UInt8(ascii: "M")]
        let days = date[UInt8(ascii: "D")]
        if years != nil || months != nil {
            guard days == nil, time.isEmpty, nanoseconds == nil else { return nil }
            let total = (years ?? 0) * 12 + (months ?? 0)
            return .yearsMonthsDuration(YearsMonthsDuration(totalMonths: Int64(negative ? -total : total)))
        }
        let seconds =
            Int128(days ?? 0) * 86_400 + Int128(time[UInt8(ascii: "H")] ?? 0) * 3_600
            + Int128(time[UInt8(ascii: "M")] ?? 0) * 60 + Int128(time[UInt8(ascii: "S")] ?? 0)
        let total = seconds * 1_000_000_000 + Int128(nanoseconds ?? 0)
        return DaysTimeDuration(totalNanoseconds: negative ? -total : total).map(Value.daysTimeDuration)
    }

    /// Reads `3Y2M` and the like: each letter once, in the order given.
    private mutating func readFields(into fields: inout [UInt8: Int], order: String) -> Bool {
        var remaining = Array(order.utf8)[...]
        while let byte = current, byte >= 48, byte <= 57 {
            let (value, _) = digits(upTo: 15)
            guard let letter = current, let place = remaining.firstIndex(of: letter) else { return false }
            remaining = remaining[(place + 1)...]
            position += 1
            fields[letter] = value
        }
        return true
    }

    private mutating func readTimeFields(into fields: inout [UInt8: Int], nanoseconds: inout Int?) -> Bool {
        var remaining = Array("HMS".utf8)[...]
        while let byte = current, byte >= 48, byte <= 57 {
            let (value, _) = digits(upTo: 15)
            if take(".") {
                // `PT0.S` is a valid xsd:duration of older processors and harmless.
                nanoseconds = readFraction() ?? 0
                guard current == UInt8(ascii: "S") else { return false }
            }
            guard let letter = current, let place = remaining.firstIndex(of: letter) else { return false }
            remaining = remaining[(place + 1)...]
            position += 1
            fields[letter] = value
        }
        return true
    }
}

public import Domain

extension FEELDate {
    /// A business date as expressions see it.
    public init(_ date: CalendarDate) {
        self = FEELDate(daysSince1970: Int64(date.dayNumber)) ?? .epoch
    }

    /// This day as a business date; nil when it lies too far off.
    public var calendarDate: CalendarDate? {
        Int32(exactly: daysSince1970).map(CalendarDate.init(dayNumber:))
    }
}

extension Value {
    /// A business date.
    public static func date(_ date: CalendarDate) -> Value {
        .date(FEELDate(date))
    }
}

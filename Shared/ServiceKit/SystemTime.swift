import Foundation

/// The only place where a service takes the time; pure modules are given it as a value.
public enum SystemTime {
    /// Microseconds since 1970-01-01T00:00:00Z by the wall clock.
    public static func now() -> Int64 {
        read(CLOCK_REALTIME) / 1_000
    }

    /// Nanoseconds of a clock that never goes back, for durations; its zero means nothing.
    public static func monotonicNanoseconds() -> Int64 {
        read(CLOCK_MONOTONIC)
    }

    /// Nanoseconds of processor time this process has used.
    static func processorNanoseconds() -> Int64 {
        read(CLOCK_PROCESS_CPUTIME_ID)
    }

    /// RFC 3339 text in UTC with six decimals: `2026-03-05T02:00:00.000123Z`.
    public static func text(microseconds: Int64) -> String {
        let (seconds, fraction) = floored(microseconds, by: 1_000_000)
        let (days, second) = floored(seconds, by: 86_400)
        let (year, month, day) = civil(days)
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        let time = "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
        return "\(date)T\(time).\(padded(fraction, 6))Z"
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
        let remainder = ((value % divisor) + divisor) % divisor
        return ((value - remainder) / divisor, remainder)
    }

    /// The Gregorian date of a day number, counted in 400-year eras that begin on 1 March.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floored(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

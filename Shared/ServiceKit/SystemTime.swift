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

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

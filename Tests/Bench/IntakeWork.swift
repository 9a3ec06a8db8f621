import ArgumentParser
import Foundation

/// Deposit movements as core banking sends them, of customers who each belong to one manager.
struct IntakeWork {
    let messages: Int
    let customers: Int
    let managers: Int
    let seed: UInt64

    static func customer(_ number: Int) -> String { "c-\(100_000 + number)" }

    /// One in a hundred comes twice.
    func generate(_ body: (_ customer: String, _ value: [UInt8]) throws -> Void) rethrows {
        var random = SeededNumbers(seed: seed)
        for number in 0..<messages {
            let event = number % 100 == 99 ? number - 50 : number
            if number % 100 != 99 {
                random = SeededNumbers(seed: seed &+ UInt64(number))
            } else {
                random = SeededNumbers(seed: seed &+ UInt64(event))
            }
            let customer = Self.customer(random.below(customers))
            let day = 1 + random.below(28)
            let date = "2026-03-" + (day < 10 ? "0\(day)" : "\(day)")
            let amount = "\(random.below(2) == 0 ? "-" : "")\(random.below(100_000)).\(10 + random.below(89))"
            let value = """
                {"eventId":"core-2026-\(10_000_000 + event)","kind":"movement","institution":"bank","customer":"\(customer)",\
                "businessDate":"\(date)","bookedAt":"\(date)T10:\(10 + random.below(49)):00+08:00","amount":"\(amount)",\
                "currency":"CNY","product":"savings","channel":"counter"}
                """
            try body(customer, Array(value.utf8))
        }
    }
}

struct IntakeOptions: ParsableArguments {
    @Option var messages = 1_000_000
    @Option var customers = 100_000
    @Option var managers = 2_000
    @Option var seed: UInt64 = 20_261_121

    var work: IntakeWork { IntakeWork(messages: messages, customers: customers, managers: managers, seed: seed) }
}

/// Processor time of this process so far, so that a busy machine does not spoil a figure.
func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

import ArgumentParser
import Domain
import Foundation

/// Deposit movements as core banking sends them, of customers who each belong to one manager: one in a hundred comes
/// twice, one in a thousand is damaged. Each message depends on its number alone.
struct IntakeWork {
    /// What a manager's movements of the month must come to.
    struct Truth: Equatable {
        var count: Int64 = 0
        var sum: Int64 = 0
        var last: Int64 = 0
        var order = (day: 0, event: 0)

        static func == (lhs: Truth, rhs: Truth) -> Bool {
            lhs.count == rhs.count && lhs.sum == rhs.sum && lhs.last == rhs.last
        }
    }

    private enum Lot { case fresh, again, damaged }

    private struct Movement {
        var event: Int
        var customer: Int
        var day: Int
        /// In fen.
        var amount: Int64
    }

    static let institution = "bank"

    let messages: Int
    let customers: Int
    let managers: Int
    let seed: UInt64

    static func customer(_ number: Int) -> String { "c-\(100_000 + number)" }
    func manager(of customer: Int) -> Int { customer % managers }

    var repeats: Int { messages / 100 }
    var damaged: Int { (messages + 499) / 1000 }
    var accepted: Int { messages - repeats - damaged }

    /// Hands every message to `body`, in order.
    func generate(_ body: (_ customer: String, _ value: [UInt8]) throws -> Void) rethrows {
        for number in 0..<messages {
            let lot = lot(number)
            let movement = movement(lot == .again ? number - 50 : number)
            var value = text(movement)
            if lot == .damaged { damage(&value, number) }
            try body(Self.customer(movement.customer), value)
        }
    }

    /// By manager, what has to be stored in the end.
    func truth() -> [Int: Truth] {
        var truth: [Int: Truth] = [:]
        for number in 0..<messages where lot(number) == .fresh {
            let movement = movement(number)
            var entry = truth[manager(of: movement.customer)] ?? Truth()
            entry.count += 1
            entry.sum += movement.amount * 100
            if (movement.day, movement.event) > entry.order {
                entry.order = (movement.day, movement.event)
                entry.last = movement.amount * 100
            }
            truth[manager(of: movement.customer)] = entry
        }
        return truth
    }

    private func lot(_ number: Int) -> Lot {
        if number % 100 == 99 { return .again }
        return number % 1000 == 500 ? .damaged : .fresh
    }

    private func movement(_ event: Int) -> Movement {
        var random = SeededNumbers(seed: seed &+ UInt64(event))
        let customer = random.below(customers)
        let amount = Int64(random.below(10_000_000) + 1)
        return Movement(
            event: event, customer: customer, day: 1 + random.below(28),
            amount: random.below(2) == 0 ? -amount : amount)
    }

    /// The moment rises with the event's number, so that one movement of a day is the last.
    private func text(_ movement: Movement) -> [UInt8] {
        let date = "2026-03-" + padded(movement.day, 2)
        let second = movement.event / 1_000_000 % 60
        let moment = "\(date)T10:30:\(padded(second, 2)).\(padded(movement.event % 1_000_000, 6))+08:00"
        let size = movement.amount.magnitude
        let amount = "\(movement.amount < 0 ? "-" : "")\(size / 100).\(padded(Int(size % 100), 2))"
        let value = """
            {"eventId":"core-2026-\(10_000_000 + movement.event)","kind":"movement","institution":"bank",\
            "customer":"\(Self.customer(movement.customer))","businessDate":"\(date)","bookedAt":"\(moment)",\
            "amount":"\(amount)","currency":"CNY","product":"savings","channel":"counter"}
            """
        return Array(value.utf8)
    }

    /// Five kinds of damage, each of which must be put aside with its reason.
    private func damage(_ value: inout [UInt8], _ number: Int) {
        switch number / 1000 % 5 {
        case 0: value.removeLast(20)
        case 1: replace(#""amount":""#, #""amount":{""#, in: &value)
        case 2: replace(#""businessDate":"2026-"#, #""businessDate":"2026/"#, in: &value)
        case 3: value[value.count / 2] = 0xFF
        default: replace(#""currency":"CNY""#, #""currency":"?NY""#, in: &value)
        }
    }

    private func replace(_ old: String, _ new: String, in value: inout [UInt8]) {
        if let range = value.firstRange(of: Array(old.utf8)) { value.replaceSubrange(range, with: new.utf8) }
    }

    private func padded(_ number: Int, _ width: Int) -> String {
        let digits = "\(number)"
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}

struct IntakeOptions: ParsableArguments {
    @Option var messages = 1_000_000
    @Option var customers = 100_000
    @Option(help: "Managers who hold the customers.") var managers = 10_000
    @Option var seed: UInt64 = 20_261_121

    var work: IntakeWork { IntakeWork(messages: messages, customers: customers, managers: managers, seed: seed) }
}

/// Processor time of this process so far, so that a busy machine does not spoil a figure.
func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}

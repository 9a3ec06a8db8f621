import Contracts
import Domain
import Schemes

/// Repeatable numbers; the seed is printed with a failure.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

func day(_ text: String) -> CalendarDate { CalendarDate(text) ?? .earliest }
func month(_ text: String) -> Period { Period(text) ?? .year(1900) }

/// Facts of the Dongguan Post centre, made up but repeatable.
struct Story {
    static let institution = "dongguan-post"
    var random: SeededNumbers
    private var count = 0

    init(seed: UInt64) { random = SeededNumbers(seed: seed) }

    static func manager(_ number: Int) -> Subject {
        Subject(institution: institution, kind: .manager, id: "rm-\(100 + number)")
    }

    mutating func fact(
        _ type: String, _ subject: Subject, on date: CalendarDate, amount: Int64? = nil, customer: String? = nil,
        attributes: [String: AttributeValue] = [:]
    ) -> Fact {
        count += 1
        return Fact(
            id: DeterministicID.make("fact", "story", String(count), subject.description, ""), subject: subject,
            type: type, businessDate: date,
            occurredAt: Timestamp(startOf: date).adding(seconds: Int64(30_000 + random.below(20_000))),
            amount: amount.map { Quantity(tenThousandths: $0 * 10_000) }, unit: amount == nil ? nil : "CNY",
            customer: customer, source: "story", sourceID: "s-\(count)", attributes: attributes)
    }

    mutating func profile(_ subject: Subject, on date: CalendarDate) -> Fact {
        fact(
            "manager.profile", subject, on: date,
            attributes: ["unit": .text("u-01"), "status": .text("active"), "appointed": .text("2025-07-01")])
    }

    /// Something that happens on a working day.
    mutating func event(_ subject: Subject, on date: CalendarDate) -> Fact {
        let customer = "c-\(random.below(30))"
        switch random.below(6) {
        case 0:
            return fact(
                "attendance.recorded", subject, on: date,
                attributes: [
                    "occasion": .text("morning-meeting"), "status": .text(random.pick(["on-time", "late", "absent"])),
                    "excused": .flag(random.below(5) == 0),
                ])
        case 1:
            return fact(
                "conduct.found", subject, on: date,
                attributes: ["kind": .text(random.pick(["no-badge", "unrelated-activity", "counter-obstruction"]))])
        case 2:
            return fact(
                "customer.developed", subject, on: date, amount: Int64(random.below(300_000)), customer: customer,
                attributes: ["outlet": .text("o-1"), "first": .flag(random.below(2) == 0)])
        case 3:
            return fact(
                "report.submitted", subject, on: date,
                attributes: ["kind": .text("daily-log"), "for": .text(date.description)])
        default:
            return fact(
                "deposit.moved", subject, on: date, amount: Int64(random.below(2_000_000)) - 500_000,
                customer: customer,
                attributes: ["product": .text("savings")])
        }
    }

    static func reversal(of fact: Fact) -> Fact {
        var reversal = fact
        reversal.id = DeterministicID.make("reversal", fact.id.description)
        reversal.sign = -fact.sign
        reversal.reverses = fact.id
        return reversal
    }
}

import Domain
import Testing

@testable import Schemes

struct PayTests {
    private let rules = """
        - measure: sold
          clause: R1 x
          fact: deal.closed
          window: month
        - parameter: rate
          clause: R1 x
          value: 0.0333
        - pay: commission
          clause: R2 x
          formula: sold * rate
        - pay: tax on it
          clause: R3 x
          kind: deduction
          formula: commission * 0.1
        - pay: fines
          clause: R4 x
          deducts: findings
        """

    private func inputs(_ sold: String, fines: [Int64] = [], carry: Int64 = 0) throws -> PayInputs {
        let day = try #require(CalendarDate("2026-03-05"))
        return PayInputs(
            subject: Sample.manager, period: try Sample.month("2026-03"), figures: ["sold": sold],
            findings: fines.enumerated().map { number, amount in
                PayFinding(
                    id: UUID128(high: 0, low: UInt64(number)), rule: "R4", clause: "R4 x", date: day,
                    amount: Money(minorUnits: amount, .cny), fund: "fund", text: BilingualText(zh: "罚", en: "fine"))
            },
            carryIn: Money(minorUnits: carry, .cny))
    }

    @Test func everyLineIsRoundedHalfUpOnceAndLaterLinesReadTheRoundedAmount() throws {
        let pay = try Sample.compile(rules).pay(try inputs("150.15"))
        #expect(pay.lines.map(\.amount.amountText) == ["5.00", "-0.50"])
        #expect(pay.lines.first?.exact.text == "4.999995")
        #expect(pay.lines.first?.basis.en == "sold * rate = 150.15 × 0.0333")
        #expect(pay.net.amountText == "4.50")
    }

    @Test func theSumsAlwaysBalance() throws {
        let scheme = try Sample.compile(rules)
        for (sold, fines, carry) in [
            ("1000", [1000, 500], 0), ("10", [5000], -300), ("0", [], 0), ("9999999", [1], -1),
        ]
            as [(String, [Int64], Int64)]
        {
            let pay = scheme.pay(try inputs(sold, fines: fines, carry: carry))
            let left = pay.gross.minorUnits - pay.deductions.minorUnits + carry
            #expect(left == pay.net.minorUnits + pay.carryOut.minorUnits)
            #expect(pay.net.minorUnits >= 0)
            #expect(pay.carryOut.minorUnits <= 0)
            #expect(
                pay.lines.reduce(0) { $0 + $1.amount.minorUnits } == pay.gross.minorUnits - pay.deductions.minorUnits)
        }
    }

    @Test func aMissingFigureIsReportedInsteadOfPaidAsZero() throws {
        var inputs = try inputs("1")
        inputs.figures = [:]
        let pay = try Sample.compile(rules).pay(inputs)
        #expect(pay.lines.isEmpty)
        #expect(pay.gaps.map(\.kind) == [.missingAmount, .missingAmount])
    }
}

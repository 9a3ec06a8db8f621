import Domain
import Testing

@Suite("Decimal128")
struct Decimal128Tests {
    private func number(_ text: String) throws -> Decimal128 {
        try #require(Decimal128(text))
    }

    @Test(arguments: [
        ("0.1", "0.2", "0.3"), ("1", "1e-34", "1"), ("9999999999999999999999999999999999", "1", "1e34"),
        ("1e34", "-1", "9999999999999999999999999999999999"), ("12.50", "-12.5", "0"), ("1e6000", "1", "1e6000"),
    ])
    func addsExactlyUpTo34Digits(_ left: String, _ right: String, _ sum: String) throws {
        #expect(try number(left) + number(right) == number(sum))
        #expect(try number(sum) - number(sum) == .zero)
    }

    @Test(arguments: [
        ("1", "3", "0.3333333333333333333333333333333333"), ("2", "3", "0.6666666666666666666666666666666667"),
        ("10", "4", "2.5"), ("1", "1024", "0.0009765625"), ("-7", "2", "-3.5"),
        ("32500000", "0.001", "32500000000"),
    ])
    func dividesToTheNearestEven(_ left: String, _ right: String, _ quotient: String) throws {
        #expect(try (number(left) / number(right)).text == quotient)
    }

    @Test func roundsInEveryMode() throws {
        let modes: [(Decimal128.RoundingMode, String, String)] = [
            (.halfUp, "2.5", "3"), (.halfUp, "-2.5", "-3"), (.halfEven, "2.5", "2"), (.halfEven, "3.5", "4"),
            (.halfDown, "2.5", "2"), (.halfDown, "2.51", "3"), (.up, "2.1", "3"), (.up, "-2.1", "-3"),
            (.down, "2.9", "2"), (.floor, "-2.1", "-3"), (.ceiling, "-2.9", "-2"), (.ceiling, "1e-60", "1"),
        ]
        for (mode, given, expected) in modes {
            #expect(try number(given).rounded(scale: 0, mode) == number(expected), "\(given) \(mode)")
        }
        #expect(try number("1234.5678").rounded(scale: 2, .halfEven).text == "1234.57")
        #expect(try number("1234.5678").rounded(scale: -2, .halfEven).text == "1200")
    }

    @Test func convertsToIntegersOnlyWhenTheyFit() throws {
        #expect(try Int64(exactly: number("9223372036854775807")) == Int64.max)
        #expect(try Int64(exactly: number("-9223372036854775808")) == Int64.min)
        #expect(try Int64(exactly: number("9223372036854775808")) == nil)
        #expect(try Int64(exactly: number("1.50")) == nil)
        #expect(try Int64(exactly: number("1.00")) == 1)
        #expect(try number("12.345").units(scale: 2, rounding: .halfEven) == 1234)
        #expect(try number("12.345").units(scale: 2, rounding: .halfUp) == 1235)
        #expect(Decimal128(Int64.min).text == "-9223372036854775808")
    }

    @Test func failuresStayFailures() throws {
        let failed = Decimal128.one / .zero
        #expect(failed.isNaN)
        #expect((failed + 1).isNaN && (1 + failed).isNaN && (failed * 0).isNaN && (0 * failed).isNaN)
        #expect((-failed).isNaN && failed.magnitude.isNaN && (failed - failed).isNaN)
        #expect((Decimal128.greatestFiniteMagnitude * 10).isNaN)
        #expect((-Decimal128.one).squareRoot.isNaN && Decimal128.zero.naturalLogarithm.isNaN)
        #expect(Decimal128.zero.modulo(.zero).isNaN)
    }

    @Test(arguments: ["", "-", ".", "1.2.3", "1e", "1x", "e5", "1e99999", " 1", "１"])
    func refusesWhatIsNoNumber(_ text: String) {
        #expect(Decimal128(text) == nil)
    }

    @Test(arguments: [
        ("1.500", "1.5"), ("-0", "0"), ("1e3", "1000"), (".5", "0.5"), ("5.", "5"), ("1e-7", "0.0000001"),
        ("123456789012345678901234567890123456", "123456789012345678901234567890123500"),
    ])
    func writesPlainTextWithoutTrailingZeros(_ given: String, _ text: String) throws {
        #expect(try number(given).text == text)
    }

    @Test func functionsAreExactTo34Digits() throws {
        #expect(Decimal128(2).squareRoot.text == "1.414213562373095048801688724209698")
        #expect(Decimal128(4).exponential.text == "54.59815003314423907811026120286088")
        #expect(Decimal128(4).naturalLogarithm.text == "1.386294361119890618834464242916353")
        #expect(try number("1.003125").power(-360).text == "0.3252224591723127419700637978073457")
        #expect(Decimal128(10).power(Decimal128(units: 5, scale: 1)).text == "3.162277660168379331998893544432719")
        #expect(Decimal128(9).squareRoot.text == "3")
        #expect(Decimal128(-2).power(3) == -8)
        #expect(Decimal128(10).power(7000).isNaN)
        #expect(try number("1.0000000001").power(900_000_000).rounded(scale: 6, .halfEven).text == "1.094174")
    }

    @Test func moduloTakesTheSignOfTheDivisor() throws {
        #expect(Decimal128(-12).modulo(5) == 3)
        #expect(Decimal128(12).modulo(-5) == -3)
        #expect(try number("10.1").modulo(number("-4.5")) == number("-3.4"))
    }
}

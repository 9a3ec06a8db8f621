import Contracts
import Domain
import PayrollCore
import Testing

/// A scheme's pay of one component with the amount that the figure `pay` says, and a deduction for all findings.
private func plainPrice(
    _ result: ScoredResult, _ findings: [ChargedFinding], _ carriedIn: Int64
) throws(PayFault) -> PricedPay {
    let gross = Money(amountText: result.figures["pay"] ?? "0", .cny)?.minorUnits ?? 0
    let fines = findings.reduce(0) { $0 + $1.amount }
    var items = [
        PricedPay.Item(
            component: "base", title: BilingualText(zh: "底薪", en: "Base"), amount: gross, rule: "base",
            clause: "S82.R2", basis: BilingualText(zh: "底薪", en: "base"))
    ]
    if !findings.isEmpty {
        items.append(
            PricedPay.Item(
                component: "fines", title: BilingualText(zh: "扣罚", en: "Fines"), amount: -fines, rule: "fines",
                clause: "S82.D5", basis: BilingualText(zh: "扣罚", en: "fines"), findings: findings.map(\.id)))
    }
    let balance = gross - fines + carriedIn
    return PricedPay(items: items, net: max(0, balance), carriedOut: min(0, balance))
}

private func result(_ period: Period, pay: String, revision: Int = 1, scheme: String = "bank/centre") -> ScoredResult {
    ScoredResult(
        scheme: scheme, version: 1, period: period, revision: revision, grade: nil, figures: ["pay": pay])
}

private func finding(_ name: String, _ amount: Int64, scheme: String = "bank/centre") -> ChargedFinding {
    ChargedFinding(
        id: DeterministicID.make("finding", name), scheme: scheme, version: 1, rule: "late", clause: "S76.R2",
        date: CalendarDate("2026-02-03") ?? .earliest, amount: amount, fund: nil,
        fact: DeterministicID.make("fact", name), text: BilingualText(zh: "迟到", en: "Late"))
}

@Suite struct PayCalculationTests {
    static let february = Period.month(year: 2026, month: 2)
    static let march = Period.month(year: 2026, month: 3)
    let subject = Subject(institution: "bank", kind: .manager, id: "rm-1")

    private func calculation(_ month: Period) -> PayCalculation {
        PayCalculation(run: PayRun.id(institution: "bank", month: month), month: month, price: plainPrice)
    }

    private func statement(_ month: Period, _ periods: [EarnedPeriod], carriedIn: Int64 = 0) throws -> PayStatement? {
        let statement = try calculation(month).statement(of: subject, periods: periods, carriedIn: carriedIn)
        if let statement {
            #expect(statement.lines.reduce(0) { $0 + $1.item.amount } == statement.total)
            #expect(statement.total + statement.carriedIn == statement.payable + statement.carriedOut)
        }
        return statement
    }

    @Test func deductsEachFindingAsALineOfItsOwn() throws {
        let period = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "3000.00")],
            findings: [finding("a", 2000), finding("b", 2000)])
        let statement = try #require(try statement(Self.february, [period]))
        #expect(statement.lines.map(\.item.amount) == [300_000, -2000, -2000])
        #expect(statement.payable == 296_000)
        #expect(Set(statement.lines.map(\.id)).count == 3)
        #expect(Set(statement.lines.suffix(2).flatMap(\.item.facts)).count == 2)
    }

    @Test func carriesANegativeNetToTheNextMonth() throws {
        let first = try #require(
            try statement(
                Self.february,
                [
                    EarnedPeriod(
                        period: Self.february, results: [result(Self.february, pay: "100")],
                        findings: [finding("a", 15_000)])
                ]))
        #expect(first.payable == 0)
        #expect(first.carriedOut == -5000)
        let second = try #require(
            try statement(
                Self.march,
                [EarnedPeriod(period: Self.march, results: [result(Self.march, pay: "80")], findings: [])],
                carriedIn: first.carriedOut))
        #expect(second.payable == 3000)
        #expect(second.carriedOut == 0)
    }

    @Test func keepsACarryAliveThroughAMonthWithoutPay() throws {
        let statement = try #require(try statement(Self.march, [], carriedIn: -700))
        #expect(statement.lines.isEmpty)
        #expect(statement.payable == 0)
        #expect(statement.carriedOut == -700)
    }

    @Test func paysOnlyTheDifferenceOfARevisedMonth() throws {
        let february = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1200")], findings: [])
        let first = try #require(try statement(Self.february, [february]))
        let cause = DeterministicID.make("fact", "late movement")
        let revised = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1250.50", revision: 2)], findings: [],
            booked: first.lines.map(\.item), causes: [cause])
        let march = EarnedPeriod(period: Self.march, results: [result(Self.march, pay: "10")], findings: [])
        let second = try #require(try statement(Self.march, [march, revised]))
        let correction = try #require(second.lines.last)
        #expect(correction.isCorrection)
        #expect(correction.earned == Self.february)
        #expect(correction.item.amount == 5050)
        #expect(correction.item.revision == 2)
        #expect(correction.causes == [cause])
        #expect(second.payable == 6050)
    }

    @Test func returnsAWithdrawnFine() throws {
        let february = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1200")], findings: [finding("a", 2000)])
        let first = try #require(try statement(Self.february, [february]))
        let withdrawn = EarnedPeriod(
            period: Self.february, results: february.results, findings: [], booked: first.lines.map(\.item))
        let second = try #require(try statement(Self.march, [withdrawn]))
        #expect(second.lines.map(\.item.amount) == [2000])
        #expect(second.lines[0].causes == [DeterministicID.make("fact", "a")])
        #expect(second.payable == 2000)
    }

    @Test func booksNothingTwice() throws {
        let february = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1200")], findings: [finding("a", 2000)])
        let first = try #require(try statement(Self.february, [february]))
        var again = february
        again.booked = first.lines.map(\.item)
        #expect(try statement(Self.march, [again]) == nil)
    }

    @Test func netsACorrectionAgainstTheMonth() throws {
        let february = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1200")], findings: [])
        let first = try #require(try statement(Self.february, [february]))
        let revised = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "200", revision: 2)], findings: [],
            booked: first.lines.map(\.item))
        let march = EarnedPeriod(period: Self.march, results: [result(Self.march, pay: "400")], findings: [])
        let second = try #require(try statement(Self.march, [revised, march]))
        #expect(second.payable == 0)
        #expect(second.carriedOut == -60_000)
    }

    @Test func deductsAFineWhoseSchemePaysNothing() throws {
        let period = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "100")],
            findings: [finding("a", 3000, scheme: "bank/conduct")])
        let statement = try #require(try statement(Self.february, [period]))
        #expect(statement.payable == 7000)
        #expect(statement.lines.last?.item.key.scheme == "bank/conduct")
    }

    @Test func givesTheSameStatementForAnyOrderOfInputs() throws {
        let findings = (1...6).map { finding("f\($0)", Int64($0) * 100) }
        let results = [
            result(Self.february, pay: "100", scheme: "bank/b"), result(Self.february, pay: "200", scheme: "bank/a"),
        ]
        let march = EarnedPeriod(period: Self.march, results: [result(Self.march, pay: "5")], findings: [])
        func make(_ findings: [ChargedFinding], _ results: [ScoredResult], turned: Bool) throws -> PayStatement? {
            let february = EarnedPeriod(period: Self.february, results: results, findings: findings)
            return try statement(Self.march, turned ? [march, february] : [february, march])
        }
        let first = try make(findings, results, turned: false)
        #expect(try make(findings.reversed(), results.reversed(), turned: true) == first)
    }

    @Test func refusesPayThatDoesNotAddUp() throws {
        let wrong = PayCalculation(run: PayRun.id(institution: "bank", month: Self.february), month: Self.february) {
            (result, findings, carriedIn) throws(PayFault) -> PricedPay in
            var pay = try plainPrice(result, findings, carriedIn)
            pay.net += 1
            return pay
        }
        let period = EarnedPeriod(
            period: Self.february, results: [result(Self.february, pay: "1")], findings: [])
        #expect(throws: PayFault.unbalanced(scheme: "bank/centre", period: Self.february)) {
            try wrong.statement(of: subject, periods: [period], carriedIn: 0)
        }
    }
}

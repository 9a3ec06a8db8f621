import Contracts
import Domain
import PayrollCore
import Testing

@Suite struct PayRunTests {
    static let february = Period.month(year: 2026, month: 2)

    private func run(_ state: PayRun.State, approvedBy: String? = nil) -> PayRun {
        PayRun(
            id: PayRun.id(institution: "bank", month: Self.february), institution: "bank", month: Self.february,
            currency: .cny, state: state, openedBy: "li", approvedBy: approvedBy)
    }

    @Test func opensEachMonthOnceAndWithoutGaps() throws {
        let first = try RunStep.open(
            institution: "bank", month: "2026-02", currency: .cny, by: "li", existing: nil, latest: nil)
        #expect(first.isNew)
        let again = try RunStep.open(
            institution: "bank", month: "2026-02", currency: .cny, by: "wang", existing: first.run,
            latest: Self.february)
        #expect(!again.isNew && again.run == first.run)
        #expect(throws: RunRefusal.notTheNextMonth(expected: Self.february.next)) {
            try RunStep.open(
                institution: "bank", month: "2026-04", currency: .cny, by: "li", existing: nil, latest: Self.february)
        }
        #expect(throws: RunRefusal.notAMonth("2026-Q1")) {
            try RunStep.open(
                institution: "bank", month: "2026-Q1", currency: .cny, by: "li", existing: nil, latest: nil)
        }
    }

    @Test func refusesTheOpenerAsApprover() {
        #expect(throws: RunRefusal.sameHand(who: "li")) { try RunStep.approve(run(.calculated), by: "li") }
    }

    @Test func releasesOnlyWhatAnotherPersonApproved() throws {
        #expect(throws: RunRefusal.wrongState(.calculated, needs: .approved)) {
            try RunStep.release(run(.calculated), by: "wang")
        }
        let approved = try RunStep.approve(run(.calculated), by: "wang")
        let released = try RunStep.release(approved, by: "li")
        #expect(released.state == .released)
        #expect(try RunStep.release(released, by: "zhao") == released)
        #expect(throws: RunRefusal.sameHand(who: "li")) {
            try RunStep.release(run(.approved, approvedBy: "li"), by: "zhao")
        }
    }

    @Test func approvesOnlyACalculatedRun() throws {
        #expect(throws: RunRefusal.wrongState(.open, needs: .calculated)) {
            try RunStep.approve(run(.open), by: "wang")
        }
        let approved = run(.approved, approvedBy: "wang")
        #expect(try RunStep.approve(approved, by: "wang") == approved)
        #expect(throws: RunRefusal.wrongState(.approved, needs: .calculated)) {
            try RunStep.approve(approved, by: "zhao")
        }
    }

    @Test func waitsUntilTheCountsAgree() {
        #expect(CloseControl(finalised: 3, revised: 1, receivedFinalised: 3, receivedRevised: 1).agrees)
        #expect(
            CloseControl(finalised: 3, revised: 1, receivedFinalised: 2, receivedRevised: 1).reason
                == "results 2 of 3, revisions 1 of 1")
        #expect(
            CloseControl(finalised: 3, revised: 0, receivedFinalised: 4, receivedRevised: 0).reason?
                .contains("more than the close announced") == true)
    }
}

@Suite struct PayFileTests {
    static let month = Period.month(year: 2026, month: 2)

    static func statement(_ id: String, _ amounts: [Int64], carriedIn: Int64 = 0) -> PayStatement {
        let subject = Subject(institution: "bank", kind: .manager, id: id)
        let lines = amounts.enumerated().map { index, amount in
            BookedLine(
                id: DeterministicID.make("line", id, "\(index)"), ordinal: index + 1, earned: month,
                item: PayItem(
                    key: ItemKey(scheme: "bank/centre", component: "c\(index)"), version: 1,
                    title: BilingualText(zh: "=项目,\"一\"", en: "item"), amount: amount, rule: "r", clause: "S82.R1",
                    basis: BilingualText(zh: "", en: ""), revision: 1),
                isCorrection: false, causes: [])
        }
        let total = amounts.reduce(0, +)
        return PayStatement(
            id: DeterministicID.make("statement", id), subject: subject, lines: lines, total: total,
            carriedIn: carriedIn, payable: max(0, total + carriedIn), carriedOut: min(0, total + carriedIn))
    }

    static func run(_ statements: [PayStatement]) -> PayRun {
        var totals = RunTotals.none
        for statement in statements { totals.add(statement) }
        return PayRun(
            id: PayRun.id(institution: "bank", month: month), institution: "bank", month: month, currency: .cny,
            state: .released, openedBy: "li", approvedBy: "wang", releasedBy: "li", totals: totals)
    }

    static let statements = [
        statement("rm-1", [120_000, 150_000, -12_000]), statement("rm-2", [5000, -9000]),
        statement("rm-3", [10_000], carriedIn: -4000),
    ]

    @Test func endsTheFileWithItsControlTotal() throws {
        let run = Self.run(Self.statements)
        let text = PayFileCSV.text(run, Self.statements)
        let control = try #require(PayFileCSV.readControl(text, currency: .cny))
        #expect(control.payments == control.trailer)
        #expect(control.trailer == PayFileControl(count: 3, sum: run.totals.payable))
        #expect(text.hasSuffix("total,3,2026-02,,,2640.00,CNY,\(run.id)\r\n"))
        #expect(text.contains("line,rm-1,2026-02,c0,\"'=项目,\"\"一\"\"\",1200.00,CNY,"))
    }

    @Test func writesThePaymentsAsAnISO20022File() {
        let run = Self.run(Self.statements)
        let party = PayingParty(name: "Bank & Sons", account: "S-1", agent: "305584000000")
        let text = PayFilePain001.text(
            run, Self.statements, party: party,
            created: Timestamp("2026-03-05T10:00:00+08:00") ?? .init(microseconds: 0),
            executeOn: CalendarDate("2026-03-10") ?? .earliest)
        #expect(text.components("<CdtTrfTxInf>") == 2)
        #expect(text.components("<NbOfTxs>2</NbOfTxs><CtrlSum>2640.00</CtrlSum>") == 2)
        #expect(text.contains("<Nm>Bank &amp; Sons</Nm>"))
        #expect(text.contains("<InstdAmt Ccy=\"CNY\">2580.00</InstdAmt>"))
        #expect(text.contains("<Cd>SALA</Cd>"))
    }

    @Test func findsEveryContradiction() {
        var run = Self.run(Self.statements)
        var audit = RunAudit(run)
        for (statement, before) in zip(Self.statements, [Int64(0), 0, -4000]) {
            audit.add(statement, carriedBefore: before)
        }
        audit.finish(file: PayFileCSV.control(Self.statements))
        #expect(audit.differences.isEmpty)

        run.totals.total += 1
        var tampered = RunAudit(run)
        var statement = Self.statements[0]
        statement.total += 1
        tampered.add(statement, carriedBefore: -1)
        tampered.finish(file: PayFileControl(count: 1, sum: 0))
        #expect(
            tampered.differences.map(\.code)
                == ["GR-PAY-301", "GR-PAY-302", "GR-PAY-304", "GR-PAY-305", "GR-PAY-306"])
    }
}

extension String {
    /// How often a text occurs.
    func components(_ text: String) -> Int { ranges(of: text).count }
}

@Suite struct StatementPageTests {
    @Test func explainsEachLineAndEscapesWhatItShows() {
        var statements = PayFileTests.statements
        statements[0].lines[0].item.title = BilingualText(zh: "<script>底薪", en: "Base")
        statements[0].lines[0].item.facts = [DeterministicID.make("fact", "x")]
        let run = PayFileTests.run(statements)
        let page = StatementPage(run, statements[0], language: "zh").html
        #expect(page.contains("&lt;script&gt;底薪"))
        #expect(!page.contains("<script"))
        #expect(page.contains("2580.00 CNY"))
        #expect(page.contains("S82.R1"))
        #expect(page.contains(DeterministicID.make("fact", "x").description))
        #expect(StatementPage(run, statements[0], language: "en").html.contains("Pay statement 2026-02"))
    }
}

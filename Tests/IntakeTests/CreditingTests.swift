import Domain
import IntakeCore
import Testing

@Suite struct CreditingTests {
    let crediting = Crediting(stock: StockTypes(["deposit.moved"]))

    func date(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

    func movement(_ amount: String, on day: String, type: String = "deposit.moved") throws -> Movement {
        Movement(
            institution: "bank", source: "core", sourceID: "e-1", type: type, customer: "c-1", date: try date(day),
            occurredAt: Timestamp(startOf: try date(day)), offsetMinutes: 480, amount: Quantity(amount),
            unit: "CNY")
    }

    func assignment(_ id: String, _ manager: String, _ share: String, _ from: String, _ to: String? = nil) throws
        -> Assignment
    {
        Assignment(
            no: 1, institution: "bank", id: id, customer: "c-1", manager: manager, share: try #require(Share(share)),
            validFrom: try date(from), validTo: try to.map { try date($0) })
    }

    @Test func splitsSixtyFortyToTheFen() throws {
        let lines = crediting.lines(
            of: try movement("100.01", on: "2026-03-05"),
            under: [
                try assignment("a-1", "rm-1", "0.6", "2026-01-01"), try assignment("a-2", "rm-2", "0.4", "2026-01-01"),
            ])
        #expect(lines.map { $0.fact.amount?.description } == ["60.01", "40"])
        #expect(lines.map(\.fact.share) == ["0.6", "0.4"])
        #expect(lines.allSatisfy { $0.fact.attributes["sourceAmount"] == .text("100.01") })
    }

    @Test func givesTheResidualToTheSmallestManagerAmongEquals() throws {
        let lines = crediting.lines(
            of: try movement("-0.01", on: "2026-03-05"),
            under: [
                try assignment("a-1", "rm-2", "0.5", "2026-01-01"), try assignment("a-2", "rm-1", "0.5", "2026-01-01"),
            ])
        #expect(lines.map { $0.fact.amount?.description } == ["-0.01", "0"])
        #expect(lines.map(\.fact.subject.id) == ["rm-1", "rm-2"])
    }

    @Test func movesTheBalanceAtAHandOver() throws {
        let lines = crediting.lines(
            of: try movement("500", on: "2026-01-01"),
            under: [
                try assignment("a-1", "rm-1", "1", "2026-01-01", "2026-03-10"),
                try assignment("a-2", "rm-2", "1", "2026-03-10"),
            ])
        #expect(lines.map(\.fact.type) == ["deposit.moved", "deposit.transferred", "deposit.transferred"])
        #expect(
            lines.map { "\($0.fact.subject.id) \($0.fact.businessDate) \($0.fact.amount?.description ?? "")" } == [
                "rm-1 2026-01-01 500", "rm-1 2026-03-10 -500", "rm-2 2026-03-10 500",
            ])
        #expect(lines[1].fact.attributes["from"] == .text("rm-1"))
        #expect(lines[1].fact.attributes["to"] == .text("rm-2"))
    }

    @Test func leavesWhatHappenedWithTheManagerWhoHeldTheCustomer() throws {
        let lines = crediting.lines(
            of: try movement("500", on: "2026-03-09", type: "customer.developed"),
            under: [
                try assignment("a-1", "rm-1", "1", "2026-01-01", "2026-03-10"),
                try assignment("a-2", "rm-2", "1", "2026-03-10"),
            ])
        #expect(lines.map(\.fact.subject.id) == ["rm-1"])
        #expect(lines.first?.fact.assignment == "a-1")
    }

    @Test func holdsAMovementWithoutAHolderAndReleasesItLater() throws {
        let movement = try movement("10", on: "2026-03-05")
        #expect(crediting.lines(of: movement, under: []).isEmpty)
        let correction = crediting.correction(
            existing: [], held: [movement], assignments: [try assignment("a-1", "rm-1", "1", "2026-01-01")])
        #expect(correction.released == [movement.key])
        #expect(correction.facts.map(\.type).sorted() == ["deposit.moved", "portfolio.joined"])
    }

    @Test func reCreditsByReversalAndNewFact() throws {
        let movement = try movement("10", on: "2026-03-05")
        let old = [try assignment("a-1", "rm-1", "1", "2026-01-01")]
        let new = [try assignment("a-2", "rm-2", "1", "2026-01-01")]
        let existing =
            crediting.lines(of: movement, under: old).map(\.fact)
            + Portfolio.lines(of: old, offsetMinutes: 480).map(\.fact)
        let correction = crediting.correction(existing: existing, held: [], assignments: new)
        let moved = correction.facts.filter { $0.type == "deposit.moved" }
        #expect(moved.count == 2)
        let reversal = try #require(moved.first { $0.sign == -1 })
        #expect(reversal.reverses == existing[0].id)
        #expect(reversal.subject.id == "rm-1")
        #expect(reversal.amount == existing[0].amount)
        #expect(moved.first { $0.sign == 1 }?.subject.id == "rm-2")
        #expect(correction.reversed == 2)
    }

    @Test func keepsAHeldMovementExactly() throws {
        var movement = try movement("-12.34", on: "2026-03-05")
        movement.sign = -1
        movement.reversalOf = "e-0"
        movement.attributes = ["product": .text("储蓄"), "first": .flag(true), "rate": .number("1.10")]
        #expect(Movement(held: movement.held) == movement)
    }

    @Test(arguments: ["0", "1.1", "-0.5", "0.", ".5", "0.1234567", "x", ""])
    func refusesWhatIsNoShare(text: String) {
        #expect(Share(text) == nil)
    }
}

import Domain
import Testing

@testable import Schemes

/// What follows from comparing people, and what is counted by the words of an attribute.
struct ComparisonTests {
    private func fact(
        _ type: String, of id: String, amount: String?, _ attributes: [String: AttributeValue], number: Int
    ) throws -> Fact {
        let day = try #require(CalendarDate("2026-03-05"))
        return Fact(
            id: DeterministicID.make("c", type, id, String(number)),
            subject: Subject(institution: "bank", kind: .manager, id: id), type: type, businessDate: day,
            occurredAt: Timestamp(startOf: day), amount: amount.flatMap(Quantity.init), customer: nil, source: "t",
            sourceID: String(number), attributes: attributes)
    }

    private static let lowest = """
        - measure: volume
          clause: R1 x
          fact: deal.closed
          window: month
        - comparison: place
          clause: R1 x
          of: volume
          first: lowest
        - comparison: best of the rank
          clause: R1 x
          of: volume
          take: highest
          among: rank
        - task: talk
          clause: R2 x
          when: place = 1 and best of the rank > 15
          figures: [volume, best of the rank]
          steps: [{ role: head, within: 3 working days, options: { done: end } }]
        """

    @Test func aTaskMayFollowFromAComparison() throws {
        let scheme = try Sample.compile(Self.lowest)
        var store = MemoryStore(scheme)
        for (number, (id, amount, rank)) in [("a", "10", "low"), ("b", "20", "low"), ("c", "5", "high")].enumerated() {
            store.add(try fact("deal.closed", of: id, amount: amount, [:], number: number))
            store.add(try fact("manager.profile", of: id, amount: nil, ["rank": .text(rank)], number: number))
        }
        let close = store.close(try Sample.month("2026-03"))
        let own = close.evaluations.values.flatMap(\.effects)
        #expect(own.isEmpty)
        #expect(close.across?.effects.isEmpty == true)
        store.add(try fact("deal.closed", of: "c", amount: "100", [:], number: 9))
        let later = store.close(try Sample.month("2026-03"))
        let tasks = (later.across?.effects ?? []).compactMap { if case .task(let task) = $0 { task } else { nil } }
        #expect(tasks.map(\.subject.id) == ["a"])
        #expect(tasks.first?.context["best of the rank"] == "20")
    }

    @Test func moneyAndGradesMayNotFollowFromAComparisonAlone() {
        let finding =
            Self.lowest + """

                - finding: last
                  clause: R3 x
                  when: place = 1
                  amount: 10
                """
        #expect(Sample.codes(finding).contains("011"))
        #expect(
            Sample.codes(Self.lowest.replacing("when: place = 1", with: "times: place\n  when: place = 1")).contains(
                "011"))
    }

    @Test(arguments: [("mean", "15"), ("sum", "30")])
    func aMeanIsTakenOverFacts(_ take: String, _ expected: String) throws {
        let rules = """
            - measure: seen
              clause: R1 x
              fact: deal.closed
              take: \(take)
              window: month
            - figure: result
              clause: R2 x
              formula: seen
            """
        var store = MemoryStore(try Sample.compile(rules))
        for (number, amount) in ["10", "20"].enumerated() {
            store.add(try fact("deal.closed", of: "rm-1", amount: amount, [:], number: number))
        }
        let evaluation = store.close(try Sample.month("2026-03")).evaluations[Sample.manager]
        #expect(evaluation?.text(of: "result") == expected)
        #expect(
            store.close(try Sample.month("2026-04")).evaluations[Sample.manager]?.text(of: "result")
                == (take == "mean" ? nil : "0"))
    }
}

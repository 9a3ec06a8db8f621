import Domain
import Testing

@testable import Schemes

/// Time limits before and after a day, rhythms of days, steps that are needed only sometimes, and silence.
struct RouteTests {
    private func day(_ text: String) throws -> CalendarDate { try #require(CalendarDate(text)) }

    @Test(arguments: [
        ("2026-06-12", 2, "2026-06-10"), ("2026-06-15", 2, "2026-06-11"), ("2026-06-14", 1, "2026-06-12"),
        ("2026-06-22", 1, "2026-06-18"), ("2026-06-12", 0, "2026-06-12"),
    ])
    func workingDaysAreCountedBackOverWeekendsAndHolidays(_ from: String, _ count: Int, _ expected: String) throws {
        let calendar = WorkCalendar(holidays: [try day("2026-06-19")])
        let deadline = Deadline(after: .workingDaysBefore(count), at: .closeOfBusiness, rolls: false)
        #expect(deadline.date(after: try day(from), calendar) == (try day(expected)))
    }

    @Test func aRhythmOfDaysCountsFromItsBeginning() throws {
        let rhythm = try #require(Rhythm("7 days"))
        let spans = rhythm.spans(
            from: try day("2026-02-01"), through: try day("2026-02-16"), counting: try day("2026-01-05"),
            WorkCalendar())
        #expect(
            spans.map { "\($0.first)–\($0.last)" } == [
                "2026-01-26–2026-02-01", "2026-02-02–2026-02-08", "2026-02-09–2026-02-15",
            ])
        #expect(Rhythm("0 days") == nil)
        #expect(Rhythm("quarter of a month") == .calendar(.quarterOfMonth))
    }

    @Test func aRouteIsReadBackAsItWasWritten() throws {
        let route = TaskRoute(
            places: [.init(step: 0, role: "head"), .init(step: 2, role: "union delegate")], isPlain: false)
        let again = try #require(TaskRoute(route.context))
        #expect(again.places.map(\.step) == [0, 2])
        #expect(again.places.map(\.role) == ["head", "union delegate"])
        #expect(TaskRoute(places: route.places, isPlain: true).context.isEmpty)
    }

    @Test func aTaskOfWhichNoStepIsNeededIsNotAsked() throws {
        let scheme = try Sample.compile(
            """
            - task: decide
              clause: R1 x
              on: deal.closed
              steps: [{ role: head, when: amount > 10, options: { done: end } }]
            """)
        for (amount, count) in [("10", 0), ("11", 1)] {
            let start = Timestamp(startOf: try day("2026-03-02"))
            let fact = Fact(
                id: DeterministicID.make("r", amount), subject: Sample.manager, type: "deal.closed",
                businessDate: try day("2026-03-02"), occurredAt: start, amount: Quantity(amount), customer: nil,
                source: "t", sourceID: "1", attributes: [:])
            #expect(scheme.arrivals(of: fact).count == count)
        }
    }

    private static let duty = """
        - obligation: report
          clause: R1 x
          due: DUE
          fact: report.filed
          deadline: { DEADLINE }
        """

    private func codes(_ rules: String) -> [String] {
        let head = Sample.head.replacing(
            "facts:\n",
            with: "facts:\n          report.filed: {}\n          day.planned: { day: date, name: text }\n"
                .replacing("          ", with: "  "))
        let body = rules.split(separator: "\n").map { "      " + $0 }.joined(separator: "\n")
        return SchemeCheck.check([SchemeSource(file: "scheme.yaml", text: head + body + "\n")])
            .map { $0.code.replacing("GR-SCHEME-", with: "") }
    }

    @Test(arguments: [
        ("day.planned", "of: day, before: 2 working days", []), ("day.planned", "of: name, before: 1 day", ["005"]),
        ("day.planned", "before: soon", ["004"]), ("month", "before: 1 day", ["004"]),
        ("2026-05-31", "after: 0 days", []), ("10 days", "after: 0 days", []), ("tomorrow", "after: 0 days", ["005"]),
    ])
    func aDeadlineThatMeansNothingIsAFault(_ due: String, _ deadline: String, _ expected: [String]) {
        let found = codes(Self.duty.replacing("DUE", with: due).replacing("DEADLINE", with: deadline))
        #expect(expected.allSatisfy(found.contains) && found.isEmpty == expected.isEmpty, "\(found)")
    }

    @Test(arguments: [
        (
            "- task: a\n  clause: R1 x\n  on: deal.closed\n  steps: [{ role: head, options: { yes: end }, silence: no }]",
            "010"
        ),
        ("- finding: a\n  clause: R1 x\n  on: deal.closed\n  every: year\n  when: amount > 3", "010"),
        ("- notice: a\n  clause: R1 x\n  reminds of: report\n  before: 1 day", "005"),
    ])
    func whatLeadsNowhereIsAFault(_ rules: String, _ code: String) {
        #expect(codes(rules).contains(code))
    }

    @Test(arguments: [
        ("year", "0 days", "2026-12"), ("200 days", "0 days", "2026-07"), ("month", "6 months", "2026-08"),
    ])
    func whatWasDoneLongBeforeItsDeadlineCounts(_ due: String, _ after: String, _ period: String) throws {
        let rules = """
            - obligation: report
              clause: R1 x
              due: \(due)
              fact: deal.closed
              deadline: { after: \(after) }
            """
        for (isDone, count) in [(true, 0), (false, 1)] {
            var store = MemoryStore(try Sample.compile(rules))
            let first = try day(period == "2026-08" ? "2026-02-03" : "2026-01-03")
            for (type, isWanted) in [("deal.closed", isDone), ("complaint.judged", true)] where isWanted {
                store.add(
                    Fact(
                        id: DeterministicID.make("o", type), subject: Sample.manager, type: type, businessDate: first,
                        occurredAt: Timestamp(startOf: first), amount: nil, customer: nil, source: "t", sourceID: "1",
                        attributes: [:]))
            }
            let close = store.close(try Sample.month(period))
            #expect(close.evaluations[Sample.manager]?.effects.count == count)
        }
    }
}

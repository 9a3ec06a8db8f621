import Domain
import Testing

@Suite struct CalendarTests {
    @Test func datesRoundTripThroughDayNumbers() throws {
        var day = CalendarDate.earliest
        var previous = day.adding(days: -1)
        while day <= .latest {
            let (year, month, dayOfMonth) = day.civil
            #expect(CalendarDate(year: year, month: month, day: dayOfMonth) == day)
            #expect(day > previous)
            previous = day
            day = day.adding(days: 13)
        }
        #expect(CalendarDate.earliest.description == "1900-01-01")
        #expect(CalendarDate.latest.description == "2199-12-31")
    }

    @Test(arguments: ["2026-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "20260101", "2026-01-01 ", "２０２６-01-01"])
    func refusesImpossibleDates(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test func knowsLeapDaysAndWeekdays() throws {
        let leap = try #require(CalendarDate("2024-02-29"))
        #expect(leap.weekday == 4)
        #expect(leap.adding(months: 12).description == "2025-02-28")
        #expect(try #require(CalendarDate("2026-11-21")).weekday == 6)
    }

    @Test(arguments: ["2026-03-05", "2026-W01", "2026-W53", "2026-03", "2026-Q1", "2026"])
    func periodsRoundTrip(text: String) throws {
        let period = try #require(Period(text))
        #expect(period.description == text)
        #expect(period.next.previous == period)
        #expect(period.last.adding(days: 1) == period.next.first)
    }

    @Test func periodsKnowTheirBounds() throws {
        let quarter = try #require(Period("2026-Q1"))
        #expect(quarter.parts(.month).map(\.description) == ["2026-01", "2026-02", "2026-03"])
        #expect(quarter.last.description == "2026-03-31")
        #expect(Period("2025-W53") == nil, "2025 has 52 ISO weeks")
        #expect(Period("2026-W01")?.first.description == "2025-12-29")
    }

    @Test func countsWorkingDaysFromTheNextOne() throws {
        // Catalogue X14: published Monday 9 June 2025, five working days end on Monday 16 June.
        let calendar = WorkCalendar()
        let published = try #require(CalendarDate("2025-06-09"))
        #expect(calendar.date(5, workingDaysAfter: published).description == "2025-06-16")
        let holiday = WorkCalendar(holidays: [try #require(CalendarDate("2025-06-10"))])
        #expect(holiday.date(5, workingDaysAfter: published).description == "2025-06-17")
    }

    @Test func momentsKeepTheirZone() throws {
        let moment = try #require(Timestamp("2026-03-05T00:30:00.25+08:00"))
        #expect(moment.description == "2026-03-04T16:30:00.250000Z")
        #expect(moment.date().description == "2026-03-05")
        #expect(moment.text(offsetMinutes: 480) == "2026-03-05T00:30:00.250000+08:00")
        #expect(Timestamp("2026-03-05T00:30:00") == nil, "a time without an offset has no meaning")
    }
}

@Suite struct QuantityTests {
    @Test(arguments: [
        ("0", 0), ("-1234.56", -12_345_600), ("94.5", 945_000), ("0.0325", 325), ("100000.00", 1_000_000_000),
    ])
    func readsPlainDecimals(text: String, expected: Int64) {
        #expect(Quantity(text)?.tenThousandths == expected)
    }

    @Test(arguments: [
        "", "-", "1.", ".5", "1e3", "+1", "1.23456", "123456789012345678901234567890", "90000000000001",
        "999999999999999.9999", "99999999999999.9999", "1,000", "１",
    ])
    func refusesWhatIsNotExact(text: String) {
        #expect(Quantity(text) == nil)
    }

    @Test func writesCanonicalText() {
        for value: Int64 in [0, 1, -1, 10_000, -12_345_600, 325, 945_000] {
            let quantity = Quantity(tenThousandths: value)
            #expect(Quantity(quantity.description) == quantity)
        }
        #expect(Quantity(tenThousandths: -5).description == "-0.0005")
        #expect(Money(minorUnits: -123_450, .cny).amountText == "-1234.50")
    }
}

@Suite struct IdentifierTests {
    @Test func identifiersAreNameBasedAndStable() throws {
        let id = DeterministicID.make("fact", "core", "evt-1", "dongguan-post/manager/rm-001", "")
        #expect(id == DeterministicID.make("fact", "core", "evt-1", "dongguan-post/manager/rm-001", ""))
        #expect(id != DeterministicID.make("fact", "core", "evt-1", "dongguan-post/manager/rm-002", ""))
        #expect(DeterministicID.make("a", "b", "c") != DeterministicID.make("a", "bc"))
        let text = id.description
        #expect(text.count == 36 && Array(text)[14] == "5" && "89ab".contains(Array(text)[19]))
        #expect(UUID128(text) == id)
        #expect(UUID128(text.dropLast() + "g") == nil)
    }

    @Test func subjectsAreTheirText() throws {
        let subject = try #require(Subject("dongguan-post/manager/rm-001"))
        #expect(subject.kind == .manager && subject.id == "rm-001")
        #expect(Subject("dongguan-post/robot/rm-001") == nil)
        #expect(Subject("a/manager/") == nil)
    }
}

import Domain

/// How a measure reads the rows of its series.
final class MeasurePlan: Sendable {
    enum Take: String, CaseIterable, Sendable {
        case sum, count, mean, last, least, greatest, balance
        case averageDaily = "average daily balance"
        case highest = "highest balance"
        case customers = "distinct customers"
        case firstDate = "first date"
        case lastDate = "last date"
    }

    let take: Take
    let window: MeasureWindow
    /// What a list is kept by: `customer` or attributes of the fact; empty for a single number.
    let per: [String]
    let series: SeriesRequest
    /// The place in ``Scheme/series``; known when all plans are.
    let seriesIndex: Int
    let bucket: SeriesDefinition.Bucket
    /// Whether the value is a list with an entry for each group.
    var isList: Bool { !per.isEmpty }
    /// The per-customer measure that says which customers are in charge.
    let presentSlot: Int?
    let presentIndex: Int?
    /// The list of customers to which a highest balance is restricted.
    let amongSlot: Int?

    init(
        take: Take, window: MeasureWindow, per: [String], series: SeriesRequest, seriesIndex: Int = -1,
        bucket: SeriesDefinition.Bucket = .month, presentSlot: Int?, presentIndex: Int? = nil, amongSlot: Int?
    ) {
        self.take = take
        self.window = window
        self.per = per
        self.series = series
        self.seriesIndex = seriesIndex
        self.bucket = bucket
        self.presentSlot = presentSlot
        self.presentIndex = presentIndex
        self.amongSlot = amongSlot
    }

    /// The same measure with the series it was given.
    func reading(_ series: Int, _ bucket: SeriesDefinition.Bucket, present: Int?) -> MeasurePlan {
        MeasurePlan(
            take: take, window: window, per: per, series: self.series, seriesIndex: series,
            bucket: bucket, presentSlot: presentSlot, presentIndex: present, amongSlot: amongSlot)
    }
}

/// The span of days a measure covers, relative to the period evaluated.
enum MeasureWindow: Hashable, Sendable {
    /// The period of the kind that the last day evaluated lies in, up to that day.
    case current(Period.Kind)
    case previous(Period.Kind)
    /// Everything before the current period of the kind.
    case before(Period.Kind)
    case toDate
    /// Since the profile's `appointed` day.
    case appointment

    init?(_ text: String) {
        let words = text.split(separator: " ").map(String.init)
        switch (words.count, words.first) {
        case (1, let word?):
            if word == "appointment" {
                self = .appointment
            } else if let kind = Period.Kind(rawValue: word) {
                self = .current(kind)
            } else {
                return nil
            }
        case (2, "to") where words[1] == "date": self = .toDate
        case (2, "previous"):
            guard let kind = Period.Kind(rawValue: words[1]) else { return nil }
            self = .previous(kind)
        case (3, "before") where words[1] == "this":
            guard let kind = Period.Kind(rawValue: words[2]) else { return nil }
            self = .before(kind)
        default: return nil
        }
    }

    /// First and last day, both included; `nil` first day means from the beginning.
    func span(_ period: Period, appointed: CalendarDate?) -> (first: CalendarDate?, last: CalendarDate) {
        let end = period.last
        switch self {
        case .current(let kind): return (Period(kind, containing: end).first, end)
        case .previous(let kind):
            let previous = Period(kind, containing: end).previous
            return (previous.first, previous.last)
        case .before(let kind): return (nil, Period(kind, containing: end).first.adding(days: -1))
        case .toDate: return (nil, end)
        case .appointment: return (appointed, end)
        }
    }

    /// Whether monthly buckets are fine enough.
    var isMonthly: Bool {
        switch self {
        case .current(let kind), .previous(let kind), .before(let kind): kind != .day && kind != .week
        case .toDate: true
        case .appointment: false
        }
    }
}

/// What a measure asks of the store; measures that ask the same share a series.
struct SeriesRequest: Sendable {
    let factTypes: [String]
    let filter: FactFormula?
    let value: FactFormula?
    /// `customer` or the attributes by which facts are kept apart; empty when they are not.
    let groups: [String]
    let needsOrder: Bool
}

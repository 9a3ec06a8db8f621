public import Domain

/// All published versions of an institution's schemes, and which of them is in force when.
public struct SchemeCalendar: Sendable {
    private let versions: [String: [Scheme]]

    /// - Throws: when two versions of a scheme are in force on the same day without one replacing the other.
    public init(_ schemes: [Scheme]) throws(SchemeFaults) {
        var faults: [SchemeFault] = []
        var versions: [String: [Scheme]] = [:]
        for (id, all) in Dictionary(grouping: schemes, by: \.id) {
            let sorted = all.sorted { ($0.effectiveFrom, $0.version) < ($1.effectiveFrom, $1.version) }
            for (earlier, later) in zip(sorted, sorted.dropFirst()) {
                if let fault = Self.overlap(earlier, later) { faults.append(fault) }
            }
            versions[id] = sorted
        }
        guard faults.isEmpty else { throw SchemeFaults(faults: faults.sorted { $0.what < $1.what }) }
        self.versions = versions
    }

    /// A version without an end is replaced by the next one; one with an end must end before the next begins.
    private static func overlap(_ earlier: Scheme, _ later: Scheme) -> SchemeFault? {
        let sameStart = earlier.effectiveFrom == later.effectiveFrom
        let isOpen = earlier.effectiveTo == nil
        if !sameStart, isOpen || earlier.effectiveTo.map({ $0 < later.effectiveFrom }) == true { return nil }
        return SchemeFault(
            .versions, at: Place(file: "scheme.yaml", line: 1, column: 1),
            "versions \(earlier.version) and \(later.version) of \(later.id) are both in force on "
                + later.effectiveFrom.description,
            "end version \(earlier.version) with `effective: { to: … }` before that day")
    }

    /// The version in force on a day.
    public func scheme(_ id: String, on day: CalendarDate) -> Scheme? {
        (versions[id] ?? []).last { scheme in
            scheme.effectiveFrom <= day && scheme.effectiveTo.map { day <= $0 } ?? true
        }
    }

    /// The version in force on a period's first day.
    public func scheme(_ id: String, for period: Period) -> Scheme? { scheme(id, on: period.first) }
}

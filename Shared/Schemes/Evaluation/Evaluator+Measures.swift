import Domain
import FEEL

/// The bounds of a measure's window in the numbering of its series.
private struct BucketSpan {
    let low: Int32
    let high: Int32
    let first: CalendarDate?
    let last: CalendarDate

    func contains(_ bucket: Int32) -> Bool { low <= bucket && bucket <= high }
}

extension Evaluator {
    private func rows(_ index: Int) -> [SeriesRow] {
        index >= 0 && index < inputs.series.count ? inputs.series[index] : []
    }

    private func span(_ plan: MeasurePlan) -> BucketSpan {
        let (first, last) = plan.window.span(
            inputs.period, appointed: plan.window == .appointment ? appointed : nil)
        let bucket = plan.bucket
        return BucketSpan(
            low: first.map(bucket.number) ?? .min, high: bucket.number(of: last), first: first, last: last)
    }

    /// The profile's `appointed` day.
    private var appointed: CalendarDate? {
        guard case .text(let text)? = inputs.profile["appointed"] else { return nil }
        return CalendarDate(text)
    }

    func measure(_ plan: MeasurePlan) -> Value {
        guard plan.seriesIndex >= 0 else { return .null }
        let span = span(plan)
        if plan.take == .highest { return highest(plan, span) }
        return plan.isList ? list(plan, span) : whole(plan, rows(plan.seriesIndex), span)
    }

    private func whole(_ plan: MeasurePlan, _ rows: [SeriesRow], _ span: BucketSpan) -> Value {
        var sum: Int64 = 0
        var count: Int64 = 0
        switch plan.take {
        case .sum:
            for row in rows where span.contains(row.bucket) { sum += row.sum }
            return Value(tenThousandths: sum)
        case .count:
            for row in rows where span.contains(row.bucket) { count += row.count }
            return .number(Decimal128(count))
        case .mean:
            for row in rows where span.contains(row.bucket) {
                sum += row.sum
                count += row.count
            }
            return count > 0 ? .number(Decimal128(tenThousandths: sum) / Decimal128(count)) : .null
        case .balance:
            for row in rows where row.bucket <= span.high { sum += row.sum }
            return Value(tenThousandths: sum)
        case .last:
            var latest: (bucket: Int32, amount: Int64)?
            for row in rows where span.contains(row.bucket) {
                if let amount = row.last, row.bucket >= latest?.bucket ?? .min { latest = (row.bucket, amount) }
            }
            return latest.map { Value(tenThousandths: $0.amount) } ?? .null
        case .least:
            return rows.filter { span.contains($0.bucket) }.compactMap(\.min).min().map(Value.init(tenThousandths:))
                ?? .null
        case .greatest:
            return rows.filter { span.contains($0.bucket) }.compactMap(\.max).max().map(Value.init(tenThousandths:))
                ?? .null
        case .customers:
            var counts: [String: Int64] = [:]
            for row in rows where span.contains(row.bucket) { counts[row.group, default: 0] += row.count }
            return .number(counts.values.count { $0 > 0 })
        case .firstDate:
            let days = rows.lazy.filter { span.contains($0.bucket) && $0.count > 0 }.map(\.bucket)
            return days.min().map { Value(day: CalendarDate(dayNumber: $0)) } ?? .null
        case .lastDate:
            let days = rows.lazy.filter { span.contains($0.bucket) && $0.count > 0 }.map(\.bucket)
            return days.max().map { Value(day: CalendarDate(dayNumber: $0)) } ?? .null
        case .averageDaily: return averageDaily(plan, rows, span)
        case .highest: return .null
        }
    }

    /// Σ amount × days remaining, so that no arrival order and no daily snapshot is needed.
    private func averageDaily(_ plan: MeasurePlan, _ rows: [SeriesRow], _ span: BucketSpan) -> Value {
        guard let first = span.first else { return .null }
        let days = Int64(span.last.days(since: first) + 1)
        let daily = plan.bucket == .day
        var total = Decimal128.zero
        for row in rows where row.bucket <= span.high {
            if row.bucket < span.low {
                total += Decimal128(tenThousandths: row.sum) * Decimal128(days)
            } else if daily {
                let left = Int64(span.last.dayNumber) - Int64(row.bucket) + 1
                total += Decimal128(tenThousandths: row.sum) * Decimal128(left)
            } else {
                let start = CalendarDate(monthNumber: row.bucket)
                let left = Int64(span.last.days(since: start) + 2)
                total +=
                    Decimal128(tenThousandths: row.sum) * Decimal128(left) - Decimal128(tenThousandths: row.weighted)
            }
        }
        return .number(total / Decimal128(days))
    }

    /// One entry for each customer or combination of attributes, in their order.
    private func list(_ plan: MeasurePlan, _ span: BucketSpan) -> Value {
        let groups = Dictionary(grouping: rows(plan.seriesIndex)) { $0.group }
        let present = presence(plan.presentIndex ?? plan.seriesIndex, until: span.last, counting: plan)
        let names = plan.presentIndex == nil ? Array(groups.keys) : Array(present.keys)
        var entries: [Value] = []
        for name in names.sorted() {
            let value = whole(plan, groups[name] ?? [], span)
            guard plan.presentIndex != nil || counts(plan, value, groups[name] ?? [], span) else { continue }
            let parts = SeriesDefinition.parts(of: name)
            var entry = zip(plan.per, parts).map { ($0, Value.string($1)) }
            entry.append(("value", value))
            entry.append(("since", present[name].map(Value.init(day:)) ?? .null))
            entries.append(.context(Context(entry)))
        }
        return .list(entries)
    }

    /// Whether a group without a measure of who is in charge is in the list: by its sum, or by having facts at all.
    private func counts(_ plan: MeasurePlan, _ value: Value, _ rows: [SeriesRow], _ span: BucketSpan) -> Bool {
        switch plan.take {
        case .sum, .count, .balance: value.asNumber.map { .zero < $0 } ?? false
        default: rows.contains { span.contains($0.bucket) && $0.count > 0 }
        }
    }

    /// The customers whose running sum is above zero, with the day it last rose above zero.
    private func presence(_ index: Int, until last: CalendarDate, counting plan: MeasurePlan) -> [String: CalendarDate]
    {
        let bucket = storage.series[index].bucket
        let high = bucket.number(of: last)
        var running: [String: Int64] = [:]
        var since: [String: CalendarDate] = [:]
        for row in rows(index).filter({ $0.bucket <= high }).sorted(by: { $0.bucket < $1.bucket }) {
            let before = running[row.group] ?? 0
            let after = before + (plan.take == .count && plan.presentIndex == nil ? row.count : row.sum)
            running[row.group] = after
            if before <= 0, after > 0 { since[row.group] = bucket.firstDay(of: row.bucket) }
        }
        return since.filter { (running[$0.key] ?? 0) > 0 }
    }

    // MARK: highest earlier balance

    /// The highest month-end total of the listed customers in the months of the window; `null` when there is no month.
    ///
    /// Before the month in which it came, a customer counts with its balance at the end of that month.
    private func highest(_ plan: MeasurePlan, _ span: BucketSpan) -> Value {
        // A row whose facts were all undone must not make the history a month longer.
        let rows = rows(plan.seriesIndex).filter { $0.count != 0 || $0.sum != 0 }
        guard let firstRow = rows.map(\.bucket).min() else { return .null }
        let firstMonth = plan.bucket.firstDay(of: firstRow).monthNumber
        let lastMonth = span.last.monthNumber
        guard firstMonth <= lastMonth else { return .null }
        let since = plan.amongSlot.map { members(frame[$0]) }
        let end = max(lastMonth, inputs.period.last.monthNumber)
        var totals = [Int64](repeating: 0, count: Int(lastMonth - firstMonth) + 1)
        for (group, rows) in Dictionary(grouping: rows, by: \.group) {
            if let since, since[group] == nil { continue }
            let balances = monthEnds(rows, plan.bucket, from: firstMonth, through: end)
            let entry = (since?[group] ?? nil).map { max(firstMonth, $0.monthNumber) } ?? firstMonth
            let joined = balances[min(Int(entry - firstMonth), balances.count - 1)]
            for month in totals.indices {
                totals[month] += firstMonth + Int32(month) < entry ? joined : balances[month]
            }
        }
        return totals.max().map(Value.init(tenThousandths:)) ?? .null
    }

    private func monthEnds(
        _ rows: [SeriesRow], _ bucket: SeriesDefinition.Bucket, from first: Int32, through last: Int32
    ) -> [Int64] {
        var balances = [Int64](repeating: 0, count: Int(last - first) + 1)
        for row in rows {
            let month = bucket.firstDay(of: row.bucket).monthNumber
            if month <= last { balances[Int(month - first)] += row.sum }
        }
        for index in balances.indices.dropFirst() { balances[index] += balances[index - 1] }
        return balances
    }

    private func members(_ list: Value) -> [String: CalendarDate?] {
        var members: [String: CalendarDate?] = [:]
        for item in list.asList ?? [] {
            guard let context = item.asContext, let name = context["customer"]?.asString else { continue }
            let date = context["since"]?.asDate.map { CalendarDate(dayNumber: Int32(clamping: $0.daysSince1970)) }
            members[name] = .some(date)
        }
        return members
    }
}

import Domain
import IntakeCore
import Postgres

extension Ingestor {
    /// The row that keeps a record from being undone twice stands under this key.
    private static func mark(_ reversed: UUID128) -> UUID128 {
        var digest = ContentDigest()
        digest.absorb("undone")
        digest.absorb(reversed.high)
        digest.absorb(reversed.low)
        return digest.finish()
    }

    /// What is already known of the batch's records, of the originals that they undo, and of other reversals of
    /// those.
    func knownContents(
        _ items: [Item], _ order: [Int], _ extras: Extras, _ source: Int16, _ transaction: Transaction
    ) throws(PostgresError) -> [UUID128: UUID128] {
        var keys = order.map { items[$0].key }
        for reversed in extras.reversed.values { keys += [reversed, Self.mark(reversed)] }
        return try ReceivedStore().contents(of: keys, source: source, in: transaction)
    }

    /// Decides for each record, in the order of keys and then of arrival, whether it is new.
    func settle(_ items: inout [Item], _ order: [Int], _ known: [UUID128: UUID128], _ extras: inout Extras) {
        var previous: Int?
        for place in order {
            let content =
                known[items[place].key]
                ?? previous.flatMap { items[$0].key == items[place].key ? items[$0].content : nil }
            if let content {
                settleRepetition(&items[place], place, isSame: content == items[place].content, &extras)
            } else {
                previous = place
            }
        }
        guard !extras.reversed.isEmpty else { return }
        settleReversals(&items, order, known, &extras)
    }

    private func settleRepetition(_ item: inout Item, _ place: Int, isSame: Bool, _ extras: inout Extras) {
        guard !isSame else {
            item.state = .duplicate
            return
        }
        item.state = .rejected
        extras.problems[place] = [
            RecordProblem(.conflict, "another record with the same id says something else and was taken")
        ]
    }

    private func settleReversals(
        _ items: inout [Item], _ order: [Int], _ known: [UUID128: UUID128], _ extras: inout Extras
    ) {
        var contents = known
        for place in order where items[place].state == .fresh || items[place].state == .held {
            contents[items[place].key] = items[place].content
        }
        for place in extras.reversed.keys.sorted() where items[place].state == .fresh || items[place].state == .held {
            guard let reversed = extras.reversed[place] else { continue }
            if let original = contents[reversed], original != items[place].content {
                items[place].state = .rejected
                extras.problems[place] = [
                    RecordProblem(.reversalDiffers, "the reversal says something else than its original")
                ]
            } else if let other = contents[Self.mark(reversed)], other != items[place].key {
                items[place].state = .rejected
                extras.problems[place] = [
                    RecordProblem(.reversedTwice, "the original was already undone by another record")
                ]
            } else {
                contents[Self.mark(reversed)] = items[place].key
            }
        }
    }

    /// An assignment stays with its customer: another customer under the same id is a conflict.
    func settleReferences(_ items: inout [Item], _ extras: inout Extras, _ transaction: Transaction)
        throws(PostgresError)
    {
        var assignments: [(place: Int, assignment: Assignment)] = []
        for (place, record) in extras.references where items[place].state == .reference {
            if case .assignment(let assignment) = record { assignments.append((place, assignment)) }
        }
        guard !assignments.isEmpty else { return }
        var customers = try ReferenceStore().customers(of: assignments.map(\.assignment), in: transaction)
        for (place, assignment) in assignments.sorted(by: { $0.place < $1.place }) {
            let name = "\(assignment.institution)/\(assignment.id)"
            guard let customer = customers[name], customer != assignment.customer else {
                customers[name] = assignment.customer
                continue
            }
            items[place].state = .rejected
            extras.problems[place] = [
                RecordProblem(
                    .conflict, at: "/customer", "the assignment belongs to another customer",
                    remedy: "end it, and send a new assignment with a new id")
            ]
        }
    }

    /// The rows to remember, sorted by key.
    func rows(_ items: [Item], _ order: [Int], _ extras: Extras) -> [ReceivedStore.Row] {
        var rows: [ReceivedStore.Row] = []
        rows.reserveCapacity(order.count)
        for place in order where items[place].state != .duplicate && items[place].state != .rejected {
            rows.append(ReceivedStore.Row(key: items[place].key, content: items[place].content))
        }
        let marks = extras.reversed.filter { items[$0.key].state == .fresh || items[$0.key].state == .held }
        guard !marks.isEmpty else { return rows }
        rows += marks.map { ReceivedStore.Row(key: Self.mark($0.value), content: items[$0.key].key) }
        return rows.sorted { $0.key < $1.key }
    }
}

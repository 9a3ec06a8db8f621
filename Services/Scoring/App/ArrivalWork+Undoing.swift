import Contracts
import Domain
import SchemeLibrary
import Schemes
import ScoringCore
import ScoringStores

extension ArrivalWork {
    /// Takes back what a decision brought about, asks again, and lets the decisions that are left answer.
    mutating func undo(_ reversal: Fact, _ offset: Int64, _ trace: String?) throws {
        guard case .text(let text)? = reversal.attributes["task"], let id = UUID128(text) else { return }
        let store = TaskStore(connection)
        guard let asked = try store.asked(id) else { return }
        let scheme = try library.required(asked.scheme, version: asked.version, on: connection)
        if let decisive = try DecisionStore(connection).decisive(of: id) {
            guard decisive == reversal.reverses || scheme.hasPanel(asked.request) else { return }
            try takeBack(id, asked.subject, reversal, offset, trace)
        }
        for decision in try decisions(on: id, of: asked.subject, through: offset) {
            try decide(decision, offset, trace)
        }
    }

    /// Last first; a further step that was decided, too, goes before it.
    private mutating func takeBack(
        _ task: UUID128, _ subject: Int32, _ reversal: Fact, _ offset: Int64, _ trace: String?
    ) throws {
        let store = DecisionStore(connection)
        for record in try store.take(of: task) {
            if case .task(let next, _) = record {
                if try store.decisive(of: next.id) != nil { try takeBack(next.id, subject, reversal, offset, trace) }
                // Whoever has answered it already need not answer again when it is asked for again.
                let answers = try decisions(on: next.id, of: subject, through: offset)
                for answer in answers { try TaskStore(connection).wait(answer.id, subject: subject, for: next.id) }
            }
            guard let undoing = record.undoing else { continue }
            var entry = EffectStore.Entry(
                subject: subject, record: undoing, occasion: reversal.id.description, day: reversal.businessDate,
                isArrival: true, offset: offset, trace: trace)
            entry.undoesDecision = true
            try apply([entry])
        }
    }

    /// The decisions on a task that were not undone, in the order in which they came.
    private func decisions(on task: UUID128, of subject: Int32, through offset: Int64) throws -> [Fact] {
        let all = try TaskStore(connection).decisions(of: subject, through: offset)
        let undone = Set(all.compactMap(\.reverses))
        return all.filter {
            $0.sign > 0 && !undone.contains($0.id) && $0.attributes["task"] == .text(task.description)
        }
    }
}

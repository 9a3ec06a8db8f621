import Domain
import FEEL

extension SchemeChecker {
    /// The part of the pay that may be deducted has to be a part.
    func checkDeductionLimit() {
        guard let limit = storage.deductionLimit else { return }
        for day in storage.changeDays {
            let share = limit.evaluate(frame(on: day)).asNumber
            if let share, share > .zero, !(Decimal128.one < share) { continue }
            faults.report(
                .wrongForm, at: limit.place, "`deductions up to` is \(share?.text ?? "nothing") on \(day)",
                "write a part of the gross pay, such as `20 %`, or the name of a parameter between 0 and 1")
        }
    }

    /// Every possible outcome of a vote has to be one of the step's options, and the quorum has to be possible.
    func checkPanels() {
        for rule in storage.tasks {
            for step in rule.steps {
                guard let panel = step.panel else { continue }
                for day in storage.changeDays { check(panel, step, rule.head, on: day) }
            }
        }
    }

    private func check(_ panel: PanelRule, _ step: TaskStep, _ head: RuleHead, on day: CalendarDate) {
        let parameters = Scheme(storage).named(on: day)
        guard let members = panel.members(parameters), let quorum = panel.quorum(parameters), quorum > 0,
            quorum <= members
        else {
            faults.report(
                .wrongForm, at: panel.members.place, "the panel of `\(head.name)` cannot be counted on \(day)",
                "write `members` and a `quorum` between 1 and `members`")
            return
        }
        let options = step.options.map(\.name)
        var landmarks = Landmarks()
        landmarks.add(panel.decides.form)
        let numbers = landmarks.numbers + parameters.values.compactMap(\.asNumber)
        let amounts = Samples.around(numbers).map(\.asNumber) + [nil]
        for votes in quorum...members {
            for counts in Self.splits(votes, over: options.count, limit: 2_000) {
                for amount in amounts {
                    var tally = Tally()
                    for (option, count) in zip(options, counts) {
                        for _ in 0..<count { tally.add(option, amount) }
                    }
                    guard panel.verdict(tally, options, parameters) == nil else { continue }
                    let example = zip(options, counts).map { "\($0) \($1)" }.joined(separator: ", ")
                    faults.report(
                        .gap, at: panel.decides.place, "no option of `\(head.name)` follows from the votes \(example)",
                        "let `decides` give one of \(options.joined(separator: ", ")) in every case")
                    return
                }
            }
        }
    }

    /// All ways to divide votes among options, up to a number of them.
    private static func splits(_ votes: Int, over options: Int, limit: Int) -> [[Int]] {
        guard options > 1 else { return [[votes]] }
        var found: [[Int]] = []
        for first in 0...votes {
            for rest in splits(votes - first, over: options - 1, limit: limit) {
                found.append([first] + rest)
                if found.count == limit { return found }
            }
        }
        return found
    }
}

import ArgumentParser
import Contracts
import Domain
import Foundation
import Schemes

/// The reference bank's close without any store: evaluation and pay on one core, checked against the second calculation.
struct CloseInMemory: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "close-memory")

    @Option(help: "Managers to be judged and paid.") var managers = 100_000
    @Option(help: "Folder of the scheme pack.") var pack: String

    func run() throws {
        let text = try String(contentsOf: URL(filePath: pack).appending(path: "scheme.yaml"), encoding: .utf8)
        let scheme = try Scheme(compiling: [SchemeSource(file: "scheme.yaml", text: text)])
        let period = Period.month(year: 2026, month: 3)
        let inputs = (0..<managers).map { self.inputs($0, scheme, period) }
        let clock = ContinuousClock()
        var score = Decimal128.zero
        var payable: Int64 = 0
        var evaluations: [Evaluation] = []
        evaluations.reserveCapacity(managers)
        let judging = clock.measure {
            for input in inputs {
                let evaluation = scheme.evaluate(input)
                score += evaluation.score ?? .zero
                evaluations.append(evaluation)
            }
        }
        let wanted = Set(scheme.payFigures)
        let paying = clock.measure {
            for (input, evaluation) in zip(inputs, evaluations) {
                var figures: [String: String] = [:]
                for figure in evaluation.figures where wanted.contains(figure.name) {
                    figures[figure.name] = figure.text
                }
                let pay = scheme.pay(
                    PayInputs(subject: input.subject, period: period, figures: figures, carryIn: .zero(.cny)),
                    tracing: false)
                payable += pay.net.minorUnits
            }
        }
        report("evaluations_per_second", count: managers, in: judging)
        report("pay_calculations_per_second", count: managers, in: paying)
        let expected = ReferenceBank.totals(managers)
        let isExact =
            payable == expected.pay.reduce(0, +)
            && score * 1_000_000_000_000 == Decimal128("\(expected.score)")
        report("exact", isExact ? "yes" : "NO")
        guard isExact else { throw ExitCode(1) }
    }

    private func inputs(_ number: Int, _ scheme: Scheme, _ period: Period) -> SubjectInputs {
        let source = CloseFacts(institution: scheme.institution, scheme: scheme.id)
        let facts = source.facts(of: number)
        var inputs = SubjectInputs(subject: source.manager(number), period: period)
        inputs.profile = facts[0].attributes
        inputs.series = scheme.series.map { series in
            facts.dropFirst().compactMap { fact in
                series.contribution(of: fact).map { part in
                    SeriesRow(
                        bucket: series.bucketNumber(of: fact.businessDate), group: part.group, count: 1,
                        sum: part.amount, weighted: 0, last: part.amount, min: part.amount, max: part.amount)
                }
            }
        }
        return inputs
    }
}

import Domain
import FEEL

extension Scheme {
    /// What one manager is paid for one period, line by line, each line rounded half up to 0.01 once.
    public func pay(_ inputs: PayInputs, tracing: Bool = true) -> PayEvaluation {
        var cashier = Cashier(self, inputs, tracing: tracing)
        for component in storage.pay { cashier.add(component) }
        return cashier.settle()
    }
}

/// Adds up the lines of one statement.
private struct Cashier {
    let scheme: Scheme
    let inputs: PayInputs
    let tracing: Bool
    var evaluator: Evaluator
    var lines: [PayLine] = []

    init(_ scheme: Scheme, _ inputs: PayInputs, tracing: Bool) {
        self.scheme = scheme
        self.inputs = inputs
        self.tracing = tracing
        evaluator = Evaluator(
            scheme.storage, SubjectInputs(subject: inputs.subject, period: inputs.period), tracing: tracing)
        for slot in scheme.storage.payReads {
            let name = scheme.storage.names.all[slot]
            evaluator.frame[slot] = scheme.storage.value(of: slot, published: inputs.figures[name])
        }
    }

    mutating func add(_ component: PayComponent) {
        guard evaluator.frame[FixedSlot.excluded].isNull else { return }
        if component.head.state == .shadow { return evaluator.frame[component.slot] = 0 }
        if component.deductsFindings { return addFindings(component) }
        guard let formula = component.formula else { return }
        let value = formula.evaluate(evaluator.frame)
        let clause = component.head.clause
        guard let exact = value.asNumber, let amount = Money(exact: exact, scheme.currency) else {
            let title = component.head.title
            evaluator.gaps.append(
                Gap(
                    kind: .missingAmount, rule: clause.rule, figure: component.head.name,
                    text: BilingualText(zh: "\(title.zh)：没有金额", en: "\(title.en): no amount")))
            return
        }
        evaluator.frame[component.slot] = .number(Decimal128(units: amount.minorUnits, scale: 2))
        let signed = component.isDeduction ? -amount : amount
        lines.append(
            PayLine(
                component: component.head.name, title: component.head.title, amount: signed,
                exact: component.isDeduction ? -exact : exact, rounding: "half-up 0.01", rule: clause.rule,
                clause: clause.text, fund: nil, findings: [], basis: basis(formula)))
        if tracing { evaluator.nodes.append(node(component, formula, amount)) }
    }

    private func basis(_ formula: Formula) -> BilingualText {
        guard tracing else { return BilingualText(zh: "", en: "") }
        let filled = formula.filled(evaluator.frame)
        let text = filled == formula.text ? filled : "\(formula.text) = \(filled)"
        return BilingualText(zh: text, en: text)
    }

    private func node(_ component: PayComponent, _ formula: Formula, _ amount: Money) -> TraceNode {
        TraceNode(
            figure: component.head.name, title: component.head.title, kind: "pay", formula: formula.text,
            filled: formula.filled(evaluator.frame), value: amount.amountText, unit: scheme.currency.code,
            rule: component.head.clause.rule, clause: component.head.clause.text,
            inputs: formula.reads.map { slot in
                let value = evaluator.frame[slot]
                return TraceInput(name: scheme.storage.names.all[slot], value: value.isNull ? "" : value.text)
            },
            sources: [])
    }

    private mutating func addFindings(_ component: PayComponent) {
        var total = Money.zero(scheme.currency)
        let findings = inputs.findings.sorted { ($0.date, $0.rule, $0.id) < ($1.date, $1.rule, $1.id) }
        for finding in findings where finding.amount.minorUnits != 0 {
            total = total + finding.amount
            lines.append(
                PayLine(
                    component: component.head.name, title: finding.text, amount: -finding.amount,
                    exact: -Decimal128(units: finding.amount.minorUnits, scale: 2), rounding: "none",
                    rule: finding.rule, clause: finding.clause, fund: finding.fund, findings: [finding.id],
                    basis: BilingualText(zh: "\(finding.date)", en: "\(finding.date)")))
        }
        evaluator.frame[component.slot] = .number(Decimal128(units: total.minorUnits, scale: 2))
    }

    func settle() -> PayEvaluation {
        let zero = Money.zero(scheme.currency)
        let gross = lines.filter { $0.amount.minorUnits > 0 }.reduce(zero) { $0 + $1.amount }
        let deductions = lines.filter { $0.amount.minorUnits < 0 }.reduce(zero) { $0 - $1.amount }
        if let limit = limit(on: gross) { return settle(gross, deductions, upTo: limit) }
        let balance = gross - deductions + inputs.carryIn
        let isShort = balance.minorUnits < 0 && scheme.storage.header.carriesBelowZero
        let trace =
            tracing ? scheme.trace(inputs.subject, inputs.period, "", evaluator.nodes) : nil
        return PayEvaluation(
            lines: lines, gross: gross, deductions: deductions, net: isShort ? zero : balance,
            carryOut: isShort ? balance : zero, gaps: evaluator.gaps, trace: trace)
    }

    /// The most that may be taken off, in whole cents; `nil` when the scheme sets no limit.
    private func limit(on gross: Money) -> Money? {
        guard let formula = scheme.storage.deductionLimit,
            let share = formula.evaluate(evaluator.frame).asNumber,
            let units = (Decimal128(units: gross.minorUnits, scale: 2) * share).units(scale: 2, rounding: .floor)
        else { return nil }
        return Money(minorUnits: units, scheme.currency)
    }

    /// Takes off what is due, earlier periods' carry included, up to the limit; the rest stays due.
    private func settle(_ gross: Money, _ deductions: Money, upTo limit: Money) -> PayEvaluation {
        let due = deductions - inputs.carryIn
        let taken = due.minorUnits < limit.minorUnits ? due : limit
        let rest = taken - due
        var nodes = evaluator.nodes
        if tracing, rest.minorUnits < 0 {
            let text = scheme.storage.deductionLimit?.text ?? ""
            nodes.append(
                TraceNode(
                    figure: "deductions up to", title: BilingualText(zh: "扣款上限", en: "Limit of deductions"),
                    kind: "pay", formula: "min(due, gross * (\(text)))",
                    filled: "min(\(due.amountText), \(limit.amountText))", value: taken.amountText,
                    unit: scheme.currency.code, rule: "", clause: "", inputs: [], sources: []))
        }
        return PayEvaluation(
            lines: lines, gross: gross, deductions: deductions, net: gross - taken, carryOut: rest,
            gaps: evaluator.gaps, trace: tracing ? scheme.trace(inputs.subject, inputs.period, "", nodes) : nil)
    }
}

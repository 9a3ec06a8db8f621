import Domain

extension Evaluator {
    /// Gives each requested resource to the lowest number, whatever the order in which the requests arrived.
    func allocations(_ scheme: Scheme) -> [Effect] {
        guard inputs.subject.kind == .unit else { return [] }
        var effects: [Effect] = []
        for rule in storage.allocations where rule.every.contains(inputs.period.kind) && rule.head.state != .shadow {
            let requests = Self.net(inputs.facts).filter { $0.type == rule.factType }
            let groups = Dictionary(grouping: requests) { request in
                rule.resource.map { Self.text(request.attributes[$0]) }.joined(separator: ", ")
            }
            for (resource, requests) in groups.sorted(by: { $0.key < $1.key }) {
                guard requests.contains(where: { inputs.period.contains($0.businessDate) }) else { continue }
                effects += allocate(rule, resource, requests, scheme)
            }
        }
        return effects
    }

    private func allocate(
        _ rule: AllocationRule, _ resource: String, _ requests: [Fact], _ scheme: Scheme
    ) -> [Effect] {
        let winner = requests.min { (number($0, rule), $0.id) < (number($1, rule), $1.id) }
        guard let winner, let step = rule.steps.first else { return [] }
        let manager = Self.text(winner.attributes[rule.holder])
        return [
            .task(
                TaskRequest(
                    id: DeterministicID.make("task", scheme.id, rule.head.name, resource, winner.id.description),
                    subject: Subject(institution: scheme.institution, kind: .manager, id: manager),
                    rule: rule.head.clause.rule, clause: rule.head.clause.text, task: rule.head.name, step: 0,
                    role: step.role, unit: inputs.subject.id,
                    dueAt: step.within.moment(after: winner.businessDate, inputs.calendar),
                    options: step.options.map(\.name), text: rule.head.title, fact: winner.id,
                    context: ["resource": resource, "order": Self.text(winner.attributes[rule.order])]))
        ]
    }

    private func number(_ fact: Fact, _ rule: AllocationRule) -> Int64 {
        Int64(Self.text(fact.attributes[rule.order])) ?? .max
    }

    private static func text(_ attribute: AttributeValue?) -> String {
        switch attribute {
        case .text(let text), .number(let text): text
        case .flag(let flag): flag ? "yes" : "no"
        case nil: ""
        }
    }
}

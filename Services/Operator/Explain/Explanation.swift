import Domain
import Schemes
import ScoringCore

/// The answer to "why?": what was recorded, where every figure of it comes from, and whether it comes out again.
struct Explanation: Encodable {
    enum Kind: String, Encodable {
        case result, figure, statement, payLine = "pay line", correction, finding, task, grade, status, notice
    }

    /// Something recorded that does not come out again.
    struct Difference: Encodable, Equatable {
        let what: String
        let recorded: String
        let recomputed: String
    }

    /// A fact of the matter with its label, such as a deadline.
    struct Property: Encodable {
        let label: BilingualText
        let value: String

        init(zh: String, en: String, _ value: String) {
            label = BilingualText(zh: zh, en: en)
            self.value = value
        }
    }

    var kind: Kind
    var id: String?
    var title: BilingualText
    var subject: String
    var period: String?
    var scheme: String?
    var version: Int?
    var revision: Int?
    /// Where the facts topic stood when it was worked out.
    var cut: String?
    /// The day of a finding, or from which a grade or status holds.
    var day: CalendarDate?
    var value: String?
    var clause: String?
    var properties: [Property] = []
    var figures: [ExplainedFigure] = []
    var facts: [ExplainedFact] = []
    /// What changed a result after it was first made.
    var causes: [ExplainedFact] = []
    /// Customers and figures that lack data.
    var gaps: [GapRecord] = []
    var differences: [Difference] = []
    var parts: [Explanation] = []

    init(_ kind: Kind, _ title: BilingualText, subject: String) {
        self.kind = kind
        self.title = title
        self.subject = subject
    }

    /// All differences, also those of the parts.
    var allDifferences: [Difference] { differences + parts.flatMap(\.allDifferences) }
}

/// A figure, with everything that it comes from.
struct ExplainedFigure: Encodable {
    let name: String
    let title: BilingualText
    let kind: String
    let value: String
    let unit: String
    let formula: String
    /// The formula with numbers.
    let filled: String
    let rule: String
    let clause: String
    let facts: [ExplainedFact]
    /// The figures that went in.
    let from: [ExplainedFigure]
    /// It is explained further up; here its origin is left out.
    let isRepeated: Bool
}

/// A fact as whoever sent it can find it again.
struct ExplainedFact: Encodable {
    let id: UUID128
    let date: CalendarDate
    let type: String
    let amount: String?
    let customer: String?
    let source: String
    let sourceId: String
    let reverses: UUID128?

    init(_ fact: Fact, counted: Decimal128? = nil) {
        id = fact.id
        date = fact.businessDate
        type = fact.type
        amount = (counted ?? fact.amount.map { Decimal128(units: $0.tenThousandths, scale: 4) })?.text
        customer = fact.customer
        source = fact.source
        sourceId = fact.sourceID
        reverses = fact.reverses
    }
}

/// Figures by name, from which trees are cut.
struct FigureForest {
    let allNodes: [TraceNode]
    let facts: (String) -> [ExplainedFact]
    private let nodes: [String: TraceNode]
    private let order: [String]

    /// - Parameter facts: what a figure counted.
    init(_ nodes: [TraceNode], facts: @escaping (String) -> [ExplainedFact]) {
        allNodes = nodes
        // A table that was asked for many customers has a node for each; the first stands for all.
        self.nodes = Dictionary(nodes.map { ($0.figure, $0) }) { first, _ in first }
        var seen: Set<String> = []
        order = nodes.map(\.figure).filter { seen.insert($0).inserted }
        self.facts = facts
    }

    var names: [String] { order }
    func has(_ name: String) -> Bool { nodes[name] != nil }

    /// The figures and what they are made of, `depth` levels deep; each origin is told once.
    func trees(_ names: [String], depth: Int) -> [ExplainedFigure] {
        var told: Set<String> = []
        return names.compactMap { tree($0, depth, &told) }
    }

    private func tree(_ name: String, _ depth: Int, _ told: inout Set<String>) -> ExplainedFigure? {
        guard let node = nodes[name] else { return nil }
        let isRepeated = !told.insert(name).inserted
        var from: [ExplainedFigure] = []
        if !isRepeated, depth > 0 {
            var seen: Set<String> = [name]
            for input in node.inputs where seen.insert(input.name).inserted {
                if let child = tree(input.name, depth - 1, &told) { from.append(child) }
            }
        }
        return ExplainedFigure(
            name: name, title: node.title, kind: node.kind, value: node.value, unit: node.unit, formula: node.formula,
            filled: node.filled, rule: node.rule, clause: node.clause, facts: isRepeated ? [] : facts(name), from: from,
            isRepeated: isRepeated)
    }
}

import FEEL

/// Reads boxed expressions from XML.
enum BoxedReader {
    typealias Elements = ModelElements

    private static let forms: Set<String> = [
        "literalExpression", "decisionTable", "context", "invocation", "list", "relation", "functionDefinition",
        "conditional", "filter", "for", "every", "some",
    ]

    /// The first boxed expression among an element's children; nil when there is none.
    static func expression(in element: XMLElement) throws(DMNError) -> Elements.Boxed? {
        guard let found = element.children.first(where: { forms.contains($0.name) }) else { return nil }
        return try expression(found)
    }

    private static func required(_ element: XMLElement?, _ what: String) throws(DMNError) -> Elements.Boxed {
        guard let element, let expression = try expression(in: element) else {
            throw .model(message: "\(what) is missing or has no expression")
        }
        return expression
    }

    private static func expression(_ element: XMLElement) throws(DMNError) -> Elements.Boxed {
        let type = ModelReader.typeName(element)
        switch element.name {
        case "decisionTable": return .table(try table(element))
        case "context": return .context(try entries(element), typeName: type)
        case "invocation": return try invocation(element, type)
        case "list":
            var elements: [Elements.Boxed] = []
            for child in element.children where forms.contains(child.name) { elements.append(try expression(child)) }
            return .list(elements, typeName: type)
        case "relation": return try relation(element, type)
        case "functionDefinition": return .function(try function(element))
        case "conditional":
            return .conditional(
                try required(element.first("if"), "“if”"), try required(element.first("then"), "“then”"),
                try required(element.first("else"), "“else”"), typeName: type)
        case "filter":
            return .filter(
                try required(element.first("in"), "“in”"), try required(element.first("match"), "“match”"),
                typeName: type)
        case "for":
            return .loop(
                iterator(element), try required(element.first("in"), "“in”"),
                try required(element.first("return"), "“return”"), typeName: type)
        case "every", "some":
            return .quantified(
                every: element.name == "every", iterator(element), try required(element.first("in"), "“in”"),
                try required(element.first("satisfies"), "“satisfies”"), typeName: type)
        default: return .literal(text: element.first("text")?.text ?? "", typeName: type)
        }
    }

    private static func iterator(_ element: XMLElement) -> String {
        Names.normalised(element.attributes["iteratorVariable"] ?? "")
    }

    static func function(_ element: XMLElement) throws(DMNError) -> Elements.BoxedFunction {
        let kind = element.attributes["kind"] ?? "FEEL"
        return Elements.BoxedFunction(
            parameters: element.all("formalParameter").map(ModelReader.parameter), body: try expression(in: element),
            isFEEL: kind == "FEEL", typeName: ModelReader.typeName(element))
    }

    private static func entries(_ element: XMLElement) throws(DMNError) -> [Elements.BoxedEntry] {
        var entries: [Elements.BoxedEntry] = []
        for entry in element.all("contextEntry") {
            guard let value = try expression(in: entry) else { continue }
            entries.append(
                Elements.BoxedEntry(variable: entry.first("variable").map(ModelReader.parameter), value: value))
        }
        return entries
    }

    private static func invocation(_ element: XMLElement, _ type: String?) throws(DMNError) -> Elements.Boxed {
        guard let callee = try expression(in: element) else {
            throw .model(message: "an invocation does not say what it invokes")
        }
        var arguments: [(name: String, value: Elements.Boxed)] = []
        for binding in element.all("binding") {
            guard let parameter = binding.first("parameter") else { continue }
            let value = try expression(in: binding) ?? .literal(text: "null", typeName: nil)
            arguments.append((ModelReader.parameter(parameter).name, value))
        }
        return .invocation(callee, arguments, typeName: type)
    }

    private static func relation(_ element: XMLElement, _ type: String?) throws(DMNError) -> Elements.Boxed {
        var rows: [[Elements.Boxed]] = []
        for row in element.all("row") {
            var cells: [Elements.Boxed] = []
            for cell in row.children where forms.contains(cell.name) { cells.append(try expression(cell)) }
            rows.append(cells)
        }
        let columns = element.all("column").map { ModelReader.parameter($0).name }
        guard rows.allSatisfy({ $0.count == columns.count }), Set(columns).count == columns.count else {
            throw .model(message: "a relation has rows that do not fit its columns, or two columns of one name")
        }
        return .relation(columns: columns, rows: rows, typeName: type)
    }

    private static func text(_ element: XMLElement?) -> String? {
        element?.first("text")?.trimmedText
    }

    private static func table(_ element: XMLElement) throws(DMNError) -> Elements.BoxedTable {
        let policy = element.attributes["hitPolicy"] ?? "UNIQUE"
        guard let hitPolicy = HitPolicy(policy, aggregation: element.attributes["aggregation"]) else {
            throw .table(message: "there is no hit policy “\(policy)”")
        }
        let inputs = element.all("input").map { input in
            DecisionTable.Input(
                text(input.first("inputExpression")) ?? "null", allowedValues: text(input.first("inputValues")))
        }
        let outputs = element.all("output").map { output in
            Elements.BoxedOutput(
                name: output.attributes["name"].map(Names.normalised), typeName: ModelReader.typeName(output),
                allowedValues: text(output.first("outputValues")),
                defaultValue: text(output.first("defaultOutputEntry")))
        }
        let rules = element.all("rule").map { rule in
            DecisionTable.Rule(
                rule.all("inputEntry").map { text($0) ?? "-" }, rule.all("outputEntry").map { text($0) ?? "null" })
        }
        return Elements.BoxedTable(
            inputs: inputs,
            inputTypes: element.all("input").map { $0.first("inputExpression").flatMap(ModelReader.typeName) },
            outputs: outputs, rules: rules, hitPolicy: hitPolicy, typeName: ModelReader.typeName(element))
    }
}

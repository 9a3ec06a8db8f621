import FEEL

/// Reads a model's elements from XML of DMN 1.1 to 1.5.
struct ModelReader {
    typealias Elements = ModelElements

    static func document(_ bytes: [UInt8]) throws(DMNError) -> ModelDocument {
        let root = try XMLReader.document(bytes)
        guard root.name == "definitions", root.namespace.contains("/DMN/") else {
            throw .model(message: "the document is no decision model: its root is “\(root.name)”")
        }
        var document = ModelDocument(name: root.attributes["name"] ?? "", namespace: root.attributes["namespace"] ?? "")
        for element in root.children {
            try read(element, into: &document)
        }
        return document
    }

    private static func read(_ element: XMLElement, into document: inout ModelDocument) throws(DMNError) {
        switch element.name {
        case "import":
            document.imports.append(
                Elements.Import(
                    name: Names.normalised(element.attributes["name"] ?? ""),
                    namespace: element.attributes["namespace"] ?? ""))
        case "itemDefinition": document.items.append(item(element))
        case "inputData":
            document.inputs.append(Elements.Input(id: id(element), variable: variable(of: element)))
        case "decision": document.decisions.append(try decision(element))
        case "businessKnowledgeModel": document.knowledge.append(try knowledge(element))
        case "decisionService": document.services.append(service(element))
        default: break
        }
    }

    private static func id(_ element: XMLElement) -> String {
        element.attributes["id"] ?? name(element)
    }

    private static func name(_ element: XMLElement) -> String {
        Names.normalised(element.attributes["name"] ?? element.attributes["id"] ?? "")
    }

    /// The variable of an element: its own, else one of the element's name.
    private static func variable(of element: XMLElement) -> Elements.Variable {
        guard let variable = element.first("variable") else {
            return Elements.Variable(name: name(element), typeName: nil)
        }
        let own = variable.attributes["name"].map(Names.normalised) ?? ""
        return Elements.Variable(name: own.isEmpty ? name(element) : own, typeName: typeName(variable))
    }

    /// A type as named in an attribute, or in an element in DMN 1.1.
    static func typeName(_ element: XMLElement) -> String? {
        let name = element.attributes["typeRef"] ?? element.first("typeRef")?.trimmedText
        guard let name else { return nil }
        // DMN 1.1 writes the language's own types with a prefix, `feel:number`.
        if let colon = name.firstIndex(of: ":"), name[..<colon].lowercased().contains("feel") {
            return String(name[name.index(after: colon)...])
        }
        return name
    }

    static func parameter(_ element: XMLElement) -> Elements.Variable {
        Elements.Variable(name: name(element), typeName: typeName(element))
    }

    private static func item(_ element: XMLElement) -> Elements.Item {
        let function = element.first("functionItem").map { function in
            Elements.FunctionItem(
                parameters: function.all("parameters").map(parameter), output: function.attributes["outputTypeRef"])
        }
        return Elements.Item(
            name: name(element), typeName: typeName(element),
            isCollection: element.attributes["isCollection"] == "true",
            allowedValues: element.first("allowedValues")?.first("text")?.trimmedText,
            constraint: element.first("typeConstraint")?.first("text")?.trimmedText,
            components: element.all("itemComponent").map(item), function: function)
    }

    private static func references(_ element: XMLElement, _ outer: String, _ inner: [String]) -> [String] {
        element.all(outer).flatMap { requirement in
            requirement.children.filter { inner.contains($0.name) }.compactMap { $0.attributes["href"] }
        }
    }

    private static func decision(_ element: XMLElement) throws(DMNError) -> Elements.Decision {
        Elements.Decision(
            id: id(element), name: name(element), variable: variable(of: element),
            requirements: references(element, "informationRequirement", ["requiredInput", "requiredDecision"]),
            knowledge: references(element, "knowledgeRequirement", ["requiredKnowledge"]),
            logic: try BoxedReader.expression(in: element))
    }

    private static func knowledge(_ element: XMLElement) throws(DMNError) -> Elements.Knowledge {
        var function: Elements.BoxedFunction?
        if let logic = element.first("encapsulatedLogic") { function = try BoxedReader.function(logic) }
        return Elements.Knowledge(
            id: id(element), name: name(element), variable: variable(of: element),
            knowledge: references(element, "knowledgeRequirement", ["requiredKnowledge"]), function: function)
    }

    private static func service(_ element: XMLElement) -> Elements.Service {
        let hrefs = { (name: String) in element.all(name).compactMap { $0.attributes["href"] } }
        return Elements.Service(
            id: id(element), name: name(element), variable: variable(of: element), outputs: hrefs("outputDecision"),
            encapsulated: hrefs("encapsulatedDecision"), inputDecisions: hrefs("inputDecision"),
            inputs: hrefs("inputData"))
    }
}

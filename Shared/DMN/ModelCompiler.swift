import FEEL

/// Resolves the references between the elements of a model and its imports, and compiles them.
struct ModelCompiler {
    /// An element by the namespace of its model and its id.
    struct Key: Hashable {
        let namespace: String
        let id: String
    }

    private let documents: [String: ModelDocument]
    private let root: ModelDocument
    private let dialect: Expression.Dialect
    private var inputs: [Key: InputDataNode] = [:]
    private var decisions: [Key: DecisionNode] = [:]
    private var functions: [Key: Function] = [:]
    private(set) var services: [Key: ServiceNode] = [:]
    private var types: [String: TypeTable] = [:]
    private var underWay: Set<Key> = []
    private var places: [Key: Int] = [:]
    private(set) var problems: [DMNError] = []

    init(root: ModelDocument, imports: [ModelDocument], dialect: Expression.Dialect) {
        self.root = root
        self.dialect = dialect
        var documents = [root.namespace: root]
        for document in imports where documents[document.namespace] == nil {
            documents[document.namespace] = document
        }
        self.documents = documents
        for document in documents.values.sorted(by: { $0.namespace < $1.namespace }) {
            for id in document.inputs.map(\.id) + document.decisions.map(\.id) {
                places[Key(namespace: document.namespace, id: id)] = places.count
            }
        }
    }

    /// How many inputs and decisions there are.
    var count: Int { places.count }

    /// How many elements may require each other in a row.
    private static let chainLimit = 300

    // MARK: references and types

    private func key(_ reference: String, in document: ModelDocument) -> Key {
        guard let hash = reference.firstIndex(of: "#") else { return Key(namespace: document.namespace, id: reference) }
        let namespace = String(reference[..<hash])
        let id = String(reference[reference.index(after: hash)...])
        return Key(namespace: namespace.isEmpty ? document.namespace : namespace, id: id)
    }

    private mutating func types(of document: ModelDocument) -> TypeTable {
        if let known = types[document.namespace] { return known }
        var table = TypeTable()
        add(document, prefix: "", to: &table, depth: 0)
        types[document.namespace] = table
        return table
    }

    private func add(_ document: ModelDocument, prefix: String, to table: inout TypeTable, depth: Int) {
        for item in document.items { table.add(item, prefix: prefix) }
        guard depth < 8 else { return }
        for imported in document.imports {
            guard let other = documents[imported.namespace] else { continue }
            let name = [prefix, imported.name].filter { !$0.isEmpty }.joined(separator: ".")
            add(other, prefix: name, to: &table, depth: depth + 1)
        }
    }

    private mutating func type(_ name: String?, in document: ModelDocument) -> FEELType? {
        var table = types(of: document)
        let type = table.type(name)
        types[document.namespace] = table
        if let name, type == nil { problems.append(.missing(element: document.name, reference: name)) }
        if case .any? = type { return nil }
        return type
    }

    private mutating func compiler(for element: String, in document: ModelDocument) -> BoxedCompiler {
        var table = types(of: document)
        var dialect = dialect
        dialect.types = table.all()
        types[document.namespace] = table
        return BoxedCompiler(types: table, dialect: dialect, element: element)
    }

    // MARK: scope

    /// The names an element may use, and where their values come from.
    private mutating func scope(
        _ references: [String], of element: String, in document: ModelDocument
    ) throws(DMNError) -> (names: Names, sources: [ModelSource]) {
        var entries: [(name: String, source: ModelSource)] = []
        var imported: [(prefix: String, names: [String], sources: [ModelSource])] = []
        for reference in references {
            let key = key(reference, in: document)
            let (name, source) = try source(key, requiredBy: element)
            let prefix = key.namespace == document.namespace ? "" : importName(of: key.namespace, in: document)
            if prefix.isEmpty {
                entries.append((name: name, source: source))
            } else if let index = imported.firstIndex(where: { $0.prefix == prefix }) {
                imported[index].names.append(name)
                imported[index].sources.append(source)
            } else {
                imported.append((prefix: prefix, names: [name], sources: [source]))
            }
        }
        for group in imported {
            let template = Context(group.names.map { ($0, Value.null) })
            guard template.count == group.sources.count else { continue }
            entries.append((name: group.prefix, source: .imported(template, group.sources)))
        }
        let members = types(of: document).members.union(imported.flatMap(\.names))
        var names = Names([], members: members.sorted())
        for entry in entries { names = names.adding(entry.name) }
        return (names, entries.map(\.source))
    }

    private func importName(of namespace: String, in document: ModelDocument) -> String {
        document.imports.first { $0.namespace == namespace }?.name ?? ""
    }

    private mutating func source(_ key: Key, requiredBy element: String) throws(DMNError) -> (String, ModelSource) {
        guard let document = documents[key.namespace] else { throw .missing(element: element, reference: key.id) }
        if let input = try input(key, in: document) { return (input.name, .input(input)) }
        if document.decisions.contains(where: { $0.id == key.id }) {
            let decision = try decision(key)
            return (decision.variableName, .decision(decision))
        }
        let function = try function(key, requiredBy: element)
        return (function.name ?? "", .constant(.function(function)))
    }

    // MARK: elements

    private mutating func input(_ key: Key, in document: ModelDocument) throws(DMNError) -> InputDataNode? {
        if let known = inputs[key] { return known }
        guard let input = document.inputs.first(where: { $0.id == key.id }) else { return nil }
        let prefix = importName(of: key.namespace, in: root)
        let node = InputDataNode(
            place: places[key] ?? 0, name: input.variable.name,
            qualifiedName: prefix.isEmpty ? input.variable.name : prefix + "." + input.variable.name,
            type: type(input.variable.typeName, in: document))
        inputs[key] = node
        return node
    }

    mutating func decision(_ key: Key) throws(DMNError) -> DecisionNode {
        if let known = decisions[key] { return known }
        guard let document = documents[key.namespace],
            let decision = document.decisions.first(where: { $0.id == key.id })
        else { throw .missing(element: root.name, reference: key.id) }
        guard underWay.insert(key).inserted else { throw .cycle(element: decision.name) }
        guard underWay.count <= Self.chainLimit else {
            throw .model(message: "requirements are chained over more than \(Self.chainLimit) elements")
        }
        defer { underWay.remove(key) }
        let (names, sources) = try scope(
            decision.requirements + decision.knowledge, of: decision.name, in: document)
        var compiler = compiler(for: decision.name, in: document)
        let logic = decision.logic.map { compiler.compile($0, names) }
        problems += compiler.problems
        let node = DecisionNode(
            place: places[key] ?? 0, name: decision.name, variableName: decision.variable.name, sources: sources,
            logic: logic, type: type(decision.variable.typeName, in: document))
        decisions[key] = node
        return node
    }

    mutating func function(_ key: Key, requiredBy element: String) throws(DMNError) -> Function {
        if let known = functions[key] { return known }
        guard let document = documents[key.namespace] else { throw .missing(element: element, reference: key.id) }
        let function: Function
        if let knowledge = document.knowledge.first(where: { $0.id == key.id }) {
            guard underWay.insert(key).inserted else { throw .cycle(element: knowledge.name) }
            defer { underWay.remove(key) }
            function = try self.function(knowledge, in: document)
        } else if document.services.contains(where: { $0.id == key.id }) {
            function = try service(key).function
        } else {
            throw .missing(element: element, reference: key.id)
        }
        functions[key] = function
        return function
    }

    private mutating func function(
        _ knowledge: ModelElements.Knowledge, in document: ModelDocument
    ) throws(DMNError) -> Function {
        let (names, sources) = try scope(knowledge.knowledge, of: knowledge.name, in: document)
        var compiler = compiler(for: knowledge.name, in: document)
        let name = knowledge.variable.name
        let result = knowledge.variable.typeName ?? knowledge.function?.typeName
        let lambda = knowledge.function.flatMap { compiler.function($0, name: name, names, result: result) }
        problems += compiler.problems
        guard let lambda else {
            let parameters = knowledge.function?.parameters.map { Function.Parameter($0.name) } ?? []
            return Function(name: name, parameters: parameters, result: nil) { _, evaluation in
                evaluation.fail("“\(name)” is not in the expression language and is not called")
            }
        }
        // A function requires functions only, so their values are known before any evaluation.
        var run = ModelRun(evaluation: Evaluation([]), count: count)
        return lambda.function(capturing: sources.map { $0.value(&run) })
    }

    mutating func service(_ key: Key) throws(DMNError) -> ServiceNode {
        if let known = services[key] { return known }
        guard let document = documents[key.namespace],
            let service = document.services.first(where: { $0.id == key.id })
        else { throw .missing(element: root.name, reference: key.id) }
        guard underWay.insert(key).inserted else { throw .cycle(element: service.name) }
        defer { underWay.remove(key) }
        var parameters: [ServiceNode.Parameter] = []
        for reference in service.inputs {
            let key = self.key(reference, in: document)
            guard let other = documents[key.namespace], let input = try input(key, in: other) else {
                throw .missing(element: service.name, reference: reference)
            }
            parameters.append(.input(input))
        }
        for reference in service.inputDecisions {
            parameters.append(.decision(try decision(self.key(reference, in: document))))
        }
        var outputs: [DecisionNode] = []
        for reference in service.outputs { outputs.append(try decision(self.key(reference, in: document))) }
        let node = ServiceNode(
            name: service.variable.name, parameters: parameters, outputs: outputs,
            type: type(service.variable.typeName, in: document), count: count)
        services[key] = node
        return node
    }
}

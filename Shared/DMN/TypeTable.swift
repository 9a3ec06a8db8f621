import FEEL

/// The types a model defines or imports, resolved on first use.
struct TypeTable {
    private var items: [String: ModelElements.Item] = [:]
    private var resolved: [String: FEELType] = [:]
    private var resolving: Set<String> = []
    /// The names of all components, so that expressions read them as names even when they contain signs.
    private(set) var members: Set<String> = []

    mutating func add(_ item: ModelElements.Item, prefix: String) {
        let prefix = prefix.isEmpty ? "" : prefix + "."
        items[prefix + item.name] = qualified(item, prefix)
        collect(item)
    }

    private mutating func collect(_ item: ModelElements.Item) {
        for component in item.components {
            members.insert(component.name)
            collect(component)
        }
    }

    /// An imported type refers to the types of its own model, which are known here under the import's name.
    private func qualified(_ item: ModelElements.Item, _ prefix: String) -> ModelElements.Item {
        guard !prefix.isEmpty else { return item }
        let rename = { (name: String?) in name.map { FEELType.named($0) == nil ? prefix + $0 : $0 } }
        return ModelElements.Item(
            name: item.name, typeName: rename(item.typeName), isCollection: item.isCollection,
            allowedValues: item.allowedValues, constraint: item.constraint,
            components: item.components.map { qualified($0, prefix) },
            function: item.function.map { function in
                ModelElements.FunctionItem(
                    parameters: function.parameters.map {
                        ModelElements.Variable(name: $0.name, typeName: rename($0.typeName))
                    }, output: rename(function.output))
            })
    }

    /// The type of a name; nil when there is none of that name.
    mutating func type(_ name: String?) -> FEELType? {
        guard let name else { return nil }
        if let known = resolved[name] { return known }
        guard let item = items[name] else { return FEELType.named(name) }
        // A type that contains itself is not followed further.
        guard resolving.insert(name).inserted else { return .any }
        let type = type(of: item)
        resolving.remove(name)
        resolved[name] = type
        return type
    }

    private mutating func type(of item: ModelElements.Item) -> FEELType {
        var type: FEELType
        if let function = item.function {
            var parameters: [FEELType] = []
            for parameter in function.parameters { parameters.append(self.type(parameter.typeName) ?? .any) }
            type = .function(parameters, self.type(function.output) ?? .any)
        } else if item.components.isEmpty {
            type = self.type(item.typeName) ?? .any
        } else {
            var entries: [(name: String, type: FEELType)] = []
            for component in item.components { entries.append((name: component.name, type: self.type(of: component))) }
            type = .context(entries)
        }
        if let tests = Self.tests(item.allowedValues) { type = .restricted(type) { tests.matches($0, []) == true } }
        if item.isCollection { type = .list(type) }
        if let tests = Self.tests(item.constraint) { type = .restricted(type) { tests.matches($0, []) == true } }
        return type
    }

    /// The allowed values of a type as written, for outputs that name a type instead of values.
    func allowedValues(_ name: String?) -> String? {
        allowedValues(name, depth: 8)
    }

    private func allowedValues(_ name: String?, depth: Int) -> String? {
        guard depth > 0, let name, let item = items[name], !item.isCollection else { return nil }
        return item.allowedValues ?? allowedValues(item.typeName, depth: depth - 1)
    }

    private static func tests(_ text: String?) -> UnaryTests? {
        text.flatMap { try? UnaryTests(parsing: $0, names: Names([])) }
    }

    /// All types by name, for `instance of`.
    mutating func all() -> [String: FEELType] {
        var result: [String: FEELType] = [:]
        for name in items.keys { result[name] = type(name) }
        return result
    }
}

import Domain

/// Turns syntax into nodes: every name becomes a slot, so that evaluation looks nothing up.
struct Compiler {
    private enum Binding {
        case local(String)
        /// The element of a filter: its entries are in scope under their own names.
        case item
    }

    let names: Names
    let library: Library
    let types: [String: FEELType]
    let strict: Bool
    let place: (Int) -> (line: Int, column: Int)
    private var bindings: [Binding] = []
    private(set) var usedSlots: Set<Int> = []
    private var partialUsed = false

    init(names: Names, dialect: Expression.Dialect, place: @escaping (Int) -> (line: Int, column: Int)) {
        self.names = names
        library = dialect.library
        types = dialect.types
        strict = dialect.unknownNamesAreErrors
        self.place = place
    }

    // MARK: names

    private mutating func resolve(_ name: String, at offset: Int) throws(FEELError) -> any Node {
        try resolve(name, below: bindings.count, at: offset)
    }

    private mutating func resolve(_ name: String, below limit: Int, at offset: Int) throws(FEELError) -> any Node {
        for slot in stride(from: limit - 1, through: 0, by: -1) {
            switch bindings[slot] {
            case .local(let local) where local == name:
                if name == "partial" { partialUsed = true }
                return LocalNode(slot)
            case .local: continue
            case .item:
                // `item` is the element, unless the element has an entry of that name.
                if name == "item" { return ItemNameNode(name, itemSlot: slot, otherwise: LocalNode(slot)) }
                let outer = try resolveOuter(name, below: slot, at: offset)
                return ItemNameNode(name, itemSlot: slot, otherwise: outer)
            }
        }
        if let slot = names.slot(of: name) {
            usedSlots.insert(slot)
            return InputNode(slot)
        }
        if let function = library.functions[name] { return LiteralNode(.function(function)) }
        if strict { throw failure(.unknownName, unknown(name), at: offset) }
        return FailureNode("there is no “\(name)” here", at: offset)
    }

    /// What a name in a filter means when the element has no such entry: possibly nothing, which is only known later.
    private mutating func resolveOuter(_ name: String, below limit: Int, at offset: Int) throws(FEELError) -> any Node {
        let known = names.slot(of: name) != nil || library.functions[name] != nil
        let inner = bindings[..<limit].contains { binding in
            if case .local(name) = binding { return true }
            if case .item = binding { return true }
            return false
        }
        guard known || inner else { return FailureNode("the element has no “\(name)”", at: offset) }
        return try resolve(name, below: limit, at: offset)
    }

    private func unknown(_ name: String) -> String {
        let known = names.all.prefix(12).map { "“\($0)”" }.joined(separator: ", ")
        return "unknown name “\(name)”; expected one of \(known.isEmpty ? "no variables" : known) or a function"
    }

    private func failure(_ kind: FEELError.Kind, _ message: String, at offset: Int) -> FEELError {
        let place = place(offset)
        return FEELError(kind: kind, message: message, line: place.line, column: place.column)
    }

    private mutating func with<T>(
        _ added: [String], _ body: (inout Compiler) throws(FEELError) -> T
    ) throws(FEELError) -> T {
        let count = bindings.count
        bindings += added.map(Binding.local)
        let result = try body(&self)
        bindings.removeLast(bindings.count - count)
        return result
    }

    // MARK: expressions

    mutating func compile(_ syntax: Syntax) throws(FEELError) -> any Node {
        switch syntax.kind {
        case .literal(let value): return LiteralNode(value)
        case .unreadable(let text):
            let reason = "“\(text)” is not a date, a time, a date and time or a duration"
            if strict { throw failure(.syntax, reason, at: syntax.offset) }
            return FailureNode(reason, at: syntax.offset)
        case .name(let name): return try resolve(name, at: syntax.offset)
        case .group(let inner): return try compile(inner)
        case .list(let elements): return ListNode(try compileAll(elements))
        case .context(let entries): return try context(entries)
        case .range(let range):
            let (low, high) = (try compile(range.low), try compile(range.high))
            let node = RangeNode(low, range.lowIncluded, high, range.highIncluded, at: syntax.offset)
            return Folding.folded(node, parts: [low, high])
        case .comparisonRange(let sign, let end): return ComparisonRangeNode(sign, try compile(end))
        case .negate(let operand): return NegateNode(try compile(operand), at: syntax.offset)
        case .arithmetic(let sign, let left, let right):
            return ArithmeticNode(sign, try compile(left), try compile(right), at: syntax.offset)
        case .comparison(let sign, let left, let right):
            return CompareNode(sign, try compile(left), try compile(right), at: syntax.offset)
        case .and(let parts): return LogicNode(try compileAll(parts), deciding: false)
        case .or(let parts): return LogicNode(try compileAll(parts), deciding: true)
        case .between(let value, let low, let high):
            return BetweenNode(try compile(value), try compile(low), try compile(high), at: syntax.offset)
        case .conditional(let condition, let positive, let negative):
            return IfNode(
                try compile(condition), try compile(positive), try compile(negative), at: syntax.offset)
        default: return try compileCompound(syntax)
        }
    }

    private mutating func compileCompound(_ syntax: Syntax) throws(FEELError) -> any Node {
        switch syntax.kind {
        case .inTests(let value, let tests):
            return InTestsNode(try compile(value), try compile(tests))
        case .instanceOf(let operand, let type):
            let node = try compile(operand)
            guard let type = self.type(type) else {
                if strict { throw failure(.unknownType, "unknown type “\(type.text)”", at: syntax.offset) }
                return FailureNode("there is no type “\(type.text)”", at: syntax.offset)
            }
            return InstanceOfNode(node, type)
        case .path(let operand, let name): return PathNode(try compile(operand), name, at: syntax.offset)
        case .filter(let operand, let condition):
            let node = try compile(operand)
            bindings.append(.item)
            let test = try compile(condition)
            bindings.removeLast()
            return FilterNode(node, test, at: syntax.offset)
        case .call(let callee, let arguments): return try call(callee, arguments, at: syntax.offset)
        case .loop(let iterations, let body): return try loop(iterations, body)
        case .quantified(let every, let iterations, let condition):
            let (sources, node) = try sources(iterations, condition)
            return QuantifiedNode(every: every, sources, node)
        case .function(let parameters, let body): return try lambda(parameters, body)
        case .externalFunction:
            return FailureNode("functions outside the language are not called", at: syntax.offset)
        default: return FailureNode("nothing to evaluate", at: syntax.offset)
        }
    }

    private mutating func compileAll(_ parts: [Syntax]) throws(FEELError) -> [any Node] {
        var nodes: [any Node] = []
        for part in parts { nodes.append(try compile(part)) }
        return nodes
    }

    private mutating func context(_ entries: [Syntax.Entry]) throws(FEELError) -> any Node {
        try with([]) { (compiler) throws(FEELError) in
            var nodes: [any Node] = []
            for entry in entries {
                nodes.append(try compiler.compile(entry.value))
                compiler.bindings.append(.local(entry.name))
            }
            return ContextNode(names: entries.map(\.name), entries: nodes)
        }
    }

    private mutating func loop(_ iterations: [Syntax.Iteration], _ body: Syntax) throws(FEELError) -> any Node {
        let outer = partialUsed
        partialUsed = false
        let (sources, node) = try with(["partial"]) { (compiler) throws(FEELError) in
            try compiler.sources(iterations, body)
        }
        let loop = LoopNode(sources, node, usesPartial: partialUsed)
        partialUsed = partialUsed || outer
        return loop
    }

    private mutating func sources(
        _ iterations: [Syntax.Iteration], _ body: Syntax
    ) throws(FEELError) -> ([IterationSource], any Node) {
        try with([]) { (compiler) throws(FEELError) in
            var sources: [IterationSource] = []
            for iteration in iterations {
                let source = try compiler.compile(iteration.source)
                var end: (any Node)?
                if let syntax = iteration.end { end = try compiler.compile(syntax) }
                sources.append(IterationSource(source: source, end: end, offset: iteration.source.offset))
                compiler.bindings.append(.local(iteration.name))
            }
            return (sources, try compiler.compile(body))
        }
    }

    private mutating func lambda(_ parameters: [Syntax.Parameter], _ body: Syntax) throws(FEELError) -> any Node {
        let node = try with(parameters.map(\.name)) { (compiler) throws(FEELError) in try compiler.compile(body) }
        let typed = parameters.map { parameter in
            Function.Parameter(parameter.name, type: parameter.type.flatMap { type($0) })
        }
        return LambdaNode(typed, node, result: StaticType.type(of: body), nesting: body.depth)
    }

    private mutating func call(
        _ callee: Syntax, _ arguments: Syntax.Arguments, at offset: Int
    ) throws(FEELError) -> any Node {
        let target = try compile(callee)
        switch arguments {
        case .positional(let values):
            let nodes = try compileAll(values)
            if let literal = target as? LiteralNode, case .function(let function) = literal.value {
                try check(function, count: nodes.count, at: offset)
                if case .builtin(let builtin) = function.body {
                    let node = BuiltinCallNode(builtin, nodes, at: offset)
                    return Folding.pure.contains(builtin.name) ? Folding.folded(node, parts: nodes) : node
                }
            }
            return CallNode(target, nodes, names: nil, at: offset)
        case .named(let values):
            return CallNode(target, try compileAll(values.map(\.value)), names: values.map(\.name), at: offset)
        }
    }

    private func check(_ function: Function, count: Int, at offset: Int) throws(FEELError) {
        guard strict else { return }
        let fits: Bool
        if case .builtin(let builtin) = function.body {
            fits = builtin.accepts(count)
        } else {
            fits = function.parameters.count == count
        }
        if !fits {
            throw failure(.unknownFunction, "“\(function.name ?? "")” does not take \(count) arguments", at: offset)
        }
    }

    // MARK: tests and types

    mutating func compile(_ tests: [Syntax.Test]) throws(FEELError) -> [CompiledTest] {
        var result: [CompiledTest] = []
        for test in tests { result.append(try compile(test)) }
        return result
    }

    private mutating func compile(_ test: Syntax.Test) throws(FEELError) -> CompiledTest {
        switch test {
        case .any: return .any
        case .compare(let sign, let end): return Folding.test(comparing: sign, try compile(end))
        case .not(let tests): return .not(try compile(tests))
        case .expression(let value, let usesInput):
            guard usesInput else { return Folding.test(value: try compile(value)) }
            return .condition(try with(["?"]) { (compiler) throws(FEELError) in try compiler.compile(value) })
        }
    }

    func type(_ syntax: TypeSyntax) -> FEELType? {
        switch syntax {
        case .named(let name): return types[name] ?? FEELType.simple[name]
        case .list(let element): return type(element).map { .list($0) }
        case .range(let element): return type(element).map { .range($0) }
        case .context(let entries):
            var result: [(name: String, type: FEELType)] = []
            for entry in entries {
                guard let type = type(entry.type) else { return nil }
                result.append((name: entry.name, type: type))
            }
            return .context(result)
        case .function(let parameters, let result):
            let types = parameters.compactMap { type($0) }
            guard types.count == parameters.count, let result = type(result) else { return nil }
            return .function(types, result)
        }
    }
}

extension TypeSyntax {
    var text: String {
        switch self {
        case .named(let name): name
        case .list(let element): "list<\(element.text)>"
        case .range(let element): "range<\(element.text)>"
        case .context(let entries):
            "context<" + entries.map { "\($0.name): \($0.type.text)" }.joined(separator: ", ") + ">"
        case .function(let parameters, let result):
            "function<" + parameters.map(\.text).joined(separator: ", ") + "> -> " + result.text
        }
    }
}

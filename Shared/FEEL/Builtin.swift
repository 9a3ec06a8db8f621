import Domain

/// A function of the standard: its forms and what it does.
struct Builtin: Sendable {
    /// One way to call a function.
    struct Form: Sendable {
        let parameters: [String]
        let required: Int
        let variadic: Bool
        /// How many of the first parameters a call by name must give.
        let requiredByName: Int

        init(_ parameters: String..., required: Int? = nil, requiredByName: Int? = nil, variadic: Bool = false) {
            self.parameters = parameters
            self.required = required ?? parameters.count
            self.requiredByName = requiredByName ?? self.required
            self.variadic = variadic
        }
    }

    typealias Body = @Sendable ([Value], inout Evaluation) -> Value

    let name: String
    let forms: [Form]
    let body: Body

    init(_ name: String, _ forms: [Form], _ body: @escaping Body) {
        self.name = name
        self.forms = forms
        self.body = body
    }

    func accepts(_ count: Int) -> Bool {
        forms.contains { count >= $0.required && (count <= $0.parameters.count || $0.variadic) }
    }

    func call(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard accepts(arguments.count) else {
            return frame.fail("“\(name)” does not take \(arguments.count) arguments")
        }
        return body(arguments, &frame)
    }

    func call(named arguments: [(name: String, value: Value)], _ frame: inout Evaluation) -> Value {
        let given = arguments.map(\.name)
        for form in forms {
            guard given.allSatisfy(form.parameters.contains) else { continue }
            let last = form.parameters.lastIndex(where: given.contains).map { $0 + 1 } ?? 0
            let missing = form.parameters.prefix(form.requiredByName).contains { !given.contains($0) }
            guard !missing else { continue }
            let ordered = form.parameters.prefix(last).map { name in
                arguments.first { $0.name == name }?.value ?? .null
            }
            return body(ordered, &frame)
        }
        return frame.fail("“\(name)” has no parameters named \(given.joined(separator: ", "))")
    }
}

/// The functions expressions may call: those of the standard and those a host adds.
public struct Library: Sendable {
    private(set) var functions: [String: Function] = [:]
    private(set) var table = NameTable([])

    /// The functions of the standard. `now()` and `today()` are null: a rule must not depend on the moment it runs.
    public static let standard = Library(clock: nil)

    /// The functions of the standard with a clock for `now()` and `today()`.
    public init(clock: (@Sendable () -> FEELDateTime)?) {
        let groups = [
            Builtins.conversions, Builtins.temporal, Builtins.strings, Builtins.patterns, Builtins.lists,
            Builtins.listChanges, Builtins.statistics, Builtins.numbers, Builtins.rounding, Builtins.intervals,
            Builtins.contexts, Builtins.moments(clock),
        ]
        for builtin in groups.joined() {
            add(Function(name: builtin.name, parameters: [], result: nil, body: .builtin(builtin)))
        }
    }

    /// This library with more functions; one of the same name takes the place of an earlier one.
    public func adding(_ functions: [Function]) -> Library {
        var copy = self
        for function in functions { copy.add(function) }
        return copy
    }

    private mutating func add(_ function: Function) {
        guard let name = function.name.map(Names.normalised) else { return }
        functions[name] = function
        table.insert(name)
    }
}

/// The functions of the standard, in groups.
enum Builtins {
    typealias Form = Builtin.Form

    /// The value itself, or the only element of a list of one.
    static func single(_ value: Value) -> Value {
        if case .list(let values) = value, values.count == 1 { return values[0] }
        return value
    }

    static func number(_ arguments: [Value], _ index: Int) -> Decimal128? {
        index < arguments.count ? single(arguments[index]).asNumber : nil
    }

    static func string(_ arguments: [Value], _ index: Int) -> String? {
        index < arguments.count ? single(arguments[index]).asString : nil
    }

    static func integer(_ arguments: [Value], _ index: Int) -> Int? {
        number(arguments, index).flatMap { Int(exactly: $0.rounded(scale: 0, .down)) }
    }

    /// A list as it is, any other value as a list of one; nil for null.
    static func list(_ value: Value) -> [Value]? {
        switch value {
        case .list(let values): values
        case .null: nil
        default: [value]
        }
    }

    /// The elements a function such as `sum` works on: those of its one list, or its arguments.
    static func elements(_ arguments: [Value]) -> [Value]? {
        arguments.count == 1 ? list(arguments[0]) : arguments
    }

    static func wrong(_ name: String, _ arguments: [Value], _ frame: inout Evaluation) -> Value {
        frame.fail("“\(name)” has no result for " + arguments.map(\.typeName).joined(separator: ", "))
    }
}

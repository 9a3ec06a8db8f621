/// Named values in the order they were given.
///
/// Contexts built from one place share their names, so that building one costs no more than a list.
public struct Context: Sendable {
    /// The names of a context and where each stands.
    final class Shape: Sendable {
        let names: [String]
        private let positions: [String: Int]

        init(_ names: [String]) {
            self.names = names
            var positions: [String: Int] = [:]
            if names.count > 6 {
                for (position, name) in names.enumerated() { positions[name] = position }
            }
            self.positions = positions
        }

        func position(of name: String) -> Int? {
            names.count > 6 ? positions[name] : names.firstIndex(of: name)
        }

        static let empty = Shape([])
    }

    let shape: Shape
    /// The values in the order of ``names``.
    public internal(set) var values: [Value]

    init(shape: Shape, values: [Value]) {
        self.shape = shape
        self.values = values
    }

    /// A context without entries.
    public init() {
        self.init(shape: .empty, values: [])
    }

    /// A context of entries in order; a name given twice keeps its last value.
    public init(_ entries: [(String, Value)]) {
        var names: [String] = []
        var values: [Value] = []
        var positions: [String: Int] = [:]
        for (name, value) in entries {
            if let position = positions[name] {
                values[position] = value
            } else {
                positions[name] = names.count
                names.append(name)
                values.append(value)
            }
        }
        self.init(shape: Shape(names), values: values)
    }

    /// A context with the names of another and other values, which must be as many.
    public func replacingValues(_ values: [Value]) -> Context {
        precondition(values.count == shape.names.count, "a context needs one value per name")
        return Context(shape: shape, values: values)
    }

    /// The names in order.
    public var names: [String] { shape.names }
    /// How many entries there are.
    public var count: Int { values.count }
    /// The entries in order.
    public var entries: [(name: String, value: Value)] { zip(names, values).map { (name: $0, value: $1) } }

    /// The value of a name; nil when there is no such entry.
    public subscript(name: String) -> Value? {
        shape.position(of: name).map { values[$0] }
    }

    /// The context with one entry set or added.
    public func setting(_ name: String, to value: Value) -> Context {
        if let position = shape.position(of: name) {
            var copy = self
            copy.values[position] = value
            return copy
        }
        return Context(shape: Shape(names + [name]), values: values + [value])
    }
}

extension Context: Equatable {
    /// Equal when both have the same names with the same values, in any order.
    public static func == (lhs: Context, rhs: Context) -> Bool {
        guard lhs.count == rhs.count else { return false }
        return zip(lhs.names, lhs.values).allSatisfy { name, value in rhs[name] == value }
    }
}

extension Context: ExpressibleByDictionaryLiteral {
    /// `["score": 95]`
    public init(dictionaryLiteral elements: (String, Value)...) {
        self.init(elements)
    }
}

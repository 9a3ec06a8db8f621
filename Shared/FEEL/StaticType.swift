/// The type of an expression as far as its form tells it, without evaluation.
enum StaticType {
    /// The type of a literal, or of a list or context of such; nil when the form does not tell.
    static func type(of syntax: Syntax) -> FEELType? {
        switch syntax.kind {
        case .literal(let value): return type(of: value)
        case .group(let inner): return type(of: inner)
        case .context(let entries):
            return .context(entries.map { (name: $0.name, type: type(of: $0.value) ?? .any) })
        case .list(let elements):
            guard let first = elements.first.flatMap({ type(of: $0) }) else { return .list(.any) }
            let uniform = elements.allSatisfy { type(of: $0)?.conforms(to: first) ?? false }
            return .list(uniform ? first : .any)
        case .comparison, .between, .instanceOf, .and, .or: return .boolean
        default: return nil
        }
    }

    private static func type(of value: Value) -> FEELType? {
        value.isNull ? nil : FEELType.named(value.typeName)
    }
}

/// Why a decision model or table cannot be used.
public enum DMNError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The text is not well-formed XML, or uses what this reader refuses (document types, external entities).
    case xml(line: Int, message: String)
    /// The XML is no decision model this engine understands.
    case model(message: String)
    /// An element refers to one that is not there.
    case missing(element: String, reference: String)
    /// Requirements lead back to where they started.
    case cycle(element: String)
    /// A decision table contradicts itself.
    case table(message: String)
    /// An expression of the model or table cannot be read.
    case expression(element: String, message: String)
    /// There is no decision, service or function of this name.
    case unknown(name: String)

    /// The stable code of the kind of mistake.
    public var code: String {
        switch self {
        case .xml: "GR-DMN-001"
        case .model: "GR-DMN-002"
        case .missing: "GR-DMN-003"
        case .cycle: "GR-DMN-004"
        case .table: "GR-DMN-005"
        case .expression: "GR-DMN-006"
        case .unknown: "GR-DMN-007"
        }
    }

    /// What is wrong and where.
    public var description: String {
        switch self {
        case .xml(let line, let message): "line \(line): \(message)"
        case .model(let message), .table(let message): message
        case .missing(let element, let reference): "“\(element)” refers to “\(reference)”, which is not in the model"
        case .cycle(let element): "“\(element)” requires itself through its requirements"
        case .expression(let element, let message): "“\(element)”: \(message)"
        case .unknown(let name): "the model has no “\(name)”"
        }
    }
}

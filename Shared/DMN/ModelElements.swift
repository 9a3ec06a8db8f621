/// The elements of a decision model as they are read, before anything is resolved or compiled.
enum ModelElements {
    /// A variable with its type as written.
    struct Variable {
        let name: String
        let typeName: String?
    }

    struct Input {
        let id: String
        let variable: Variable
    }

    /// A decision, with what it needs and how it is worked out.
    struct Decision {
        let id: String
        let name: String
        let variable: Variable
        /// References to inputs and decisions, then to knowledge.
        let requirements: [String]
        let knowledge: [String]
        let logic: Boxed?
    }

    /// A business knowledge model: a function by name.
    struct Knowledge {
        let id: String
        let name: String
        let variable: Variable
        let knowledge: [String]
        let function: BoxedFunction?
    }

    /// A decision service: some decisions as a function of others and of inputs.
    struct Service {
        let id: String
        let name: String
        let variable: Variable
        let outputs: [String]
        let encapsulated: [String]
        let inputDecisions: [String]
        let inputs: [String]
    }

    struct Import {
        let name: String
        let namespace: String
    }

    /// A type of the model's own.
    struct Item {
        let name: String
        let typeName: String?
        let isCollection: Bool
        /// Tests for the value, or for each element of a collection.
        let allowedValues: String?
        /// Tests for the value as a whole.
        let constraint: String?
        let components: [Item]
        let function: FunctionItem?
    }

    struct FunctionItem {
        let parameters: [Variable]
        let output: String?
    }

    /// An expression in one of its boxed forms.
    indirect enum Boxed {
        case literal(text: String, typeName: String?)
        case table(BoxedTable)
        case context([BoxedEntry], typeName: String?)
        case invocation(Boxed, [(name: String, value: Boxed)], typeName: String?)
        case list([Boxed], typeName: String?)
        case relation(columns: [String], rows: [[Boxed]], typeName: String?)
        case function(BoxedFunction)
        case conditional(Boxed, Boxed, Boxed, typeName: String?)
        case filter(Boxed, Boxed, typeName: String?)
        case loop(String, Boxed, Boxed, typeName: String?)
        case quantified(every: Bool, String, Boxed, Boxed, typeName: String?)
    }

    struct BoxedEntry {
        let variable: Variable?
        let value: Boxed
    }

    struct BoxedFunction {
        let parameters: [Variable]
        let body: Boxed?
        /// Whether the body is in the expression language; others are not called.
        let isFEEL: Bool
        let typeName: String?
    }

    struct BoxedTable {
        let inputs: [DecisionTable.Input]
        let inputTypes: [String?]
        let outputs: [BoxedOutput]
        let rules: [DecisionTable.Rule]
        let hitPolicy: HitPolicy
        let typeName: String?
    }

    struct BoxedOutput {
        let name: String?
        let typeName: String?
        let allowedValues: String?
        let defaultValue: String?
    }
}

/// A model as read from its document.
struct ModelDocument {
    let name: String
    let namespace: String
    var imports: [ModelElements.Import] = []
    var items: [ModelElements.Item] = []
    var inputs: [ModelElements.Input] = []
    var decisions: [ModelElements.Decision] = []
    var knowledge: [ModelElements.Knowledge] = []
    var services: [ModelElements.Service] = []
}

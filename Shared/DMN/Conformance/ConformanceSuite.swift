import Domain
import FEEL

/// A file of cases of the kit.
struct ConformanceSuite {
    struct Expected {
        let name: String
        let value: Value
    }

    struct Case {
        let id: String
        /// `decision`, `decisionService` or `bkm`.
        let kind: String
        let invocable: String?
        let inputs: [String: Value]
        let expected: [Expected]
    }

    let modelName: String
    let cases: [Case]

    init(_ bytes: [UInt8]) throws(DMNError) {
        let root = try XMLReader.document(bytes)
        guard root.name == "testCases" else { throw .model(message: "the file holds no test cases") }
        modelName = root.first("modelName")?.trimmedText ?? ""
        var cases: [Case] = []
        for element in root.all("testCase") { cases.append(try Self.testCase(element)) }
        self.cases = cases
    }

    private static func testCase(_ element: XMLElement) throws(DMNError) -> Case {
        var inputs: [String: Value] = [:]
        for input in element.all("inputNode") { inputs[input.attributes["name"] ?? ""] = try value(input) }
        var expected: [Expected] = []
        for result in element.all("resultNode") {
            var value = Value.null
            if let content = result.first("expected") { value = try self.value(content) }
            expected.append(Expected(name: result.attributes["name"] ?? "", value: value))
        }
        return Case(
            id: element.attributes["id"] ?? "", kind: element.attributes["type"] ?? "decision",
            invocable: element.attributes["invocableName"], inputs: inputs, expected: expected)
    }

    /// What an element holds: a value, a list of items or a context of components.
    private static func value(_ element: XMLElement) throws(DMNError) -> Value {
        let components = element.all("component")
        if !components.isEmpty {
            var entries: [(String, Value)] = []
            for component in components { entries.append((component.attributes["name"] ?? "", try value(component))) }
            return .context(Context(entries))
        }
        if let list = element.first("list") {
            var values: [Value] = []
            for item in list.all("item") { values.append(try value(item)) }
            return .list(values)
        }
        guard let simple = element.first("value") else { return .null }
        return try self.simple(simple)
    }

    private static let instance = "http://www.w3.org/2001/XMLSchema-instance"

    private static func simple(_ element: XMLElement) throws(DMNError) -> Value {
        if element.attributes[instance + "|nil"] == "true" { return .null }
        let type = element.attributes[instance + "|type"] ?? "xsd:string"
        let name = type.split(separator: ":").last.map(String.init) ?? type
        let text = XMLElement.trimmed(element.text)
        let names: Names = ["text"]
        let reading: String
        switch name {
        case "boolean": return .boolean(text == "true" || text == "1")
        case "decimal", "double", "integer", "int", "long", "float":
            return Decimal128(text).map(Value.number) ?? .null
        case "date": reading = "date(text)"
        case "time": reading = "time(text)"
        case "dateTime": reading = "date and time(text)"
        case "duration": reading = "duration(text)"
        default: return .string(element.text)
        }
        do {
            return try Expression(parsing: reading, names: names).evaluate([.string(text)])
        } catch {
            throw .expression(element: "test value", message: error.description)
        }
    }
}

extension Decimal128 {
    /// The difference up to which two results of the kit are the same.
    static let kitPrecision = Decimal128(units: 1, scale: 8)
}

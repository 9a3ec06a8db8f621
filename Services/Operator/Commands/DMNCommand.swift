import ArgumentParser
import DMN
import Domain
import FEEL
import Foundation

/// `gradus dmn`: decision models of OMG DMN, run from the shell or against the conformance kit.
struct DMNCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dmn", abstract: "Run decision models, or the DMN Technology Compatibility Kit.",
        subcommands: [Run.self, Test.self])

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Evaluate a model's decisions for inputs given as a JSON object.",
            discussion:
                "Texts that FEEL reads as dates or durations can be given as {\"feel\": \"date(\\\"2026-03-05\\\")\"}.")

        @Argument(help: "The model, a .dmn file; models that it imports are read from the same folder.")
        var model: String

        @Option(help: "A JSON file with the inputs by name; standard input when left out or -.")
        var input: String = "-"

        @Option(help: "Only this decision.")
        var decision: String?

        func run() throws {
            let model = try load()
            let inputs = try ModelInputs.read(input)
            for problem in model.problems { Terminal.complain("\(problem.code) \(problem)") }
            var results: [(name: String, value: Value)] = []
            for name in decision.map({ [$0] }) ?? model.decisions {
                do {
                    let result = try model.evaluate(decision: name, inputs: inputs)
                    results.append((name, result.value))
                    for diagnostic in result.diagnostics { Terminal.complain("\(name): \(diagnostic)") }
                } catch {
                    throw OperatorError(error.code, "\(error)", exitCode: 65)
                }
            }
            for result in results { Terminal.line("\(result.name) = \(result.value.text)") }
        }

        private func load() throws -> DMNModel {
            let file = URL(fileURLWithPath: model)
            let bytes = try Self.bytes(of: file)
            let folder = file.deletingLastPathComponent()
            let others = try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { $0.hasSuffix(".dmn") && $0 != file.lastPathComponent }.sorted()
            let imports = try others.map { try Self.bytes(of: folder.appendingPathComponent($0)) }
            do {
                return try DMNModel(xml: bytes, imports: imports)
            } catch {
                throw OperatorError(error.code, "\(model): \(error)", exitCode: 65)
            }
        }

        private static func bytes(of file: URL) throws -> [UInt8] {
            guard let data = FileManager.default.contents(atPath: file.path) else {
                throw OperatorError("GR-OPERATOR-130", "\(file.path) cannot be read", exitCode: 66)
            }
            return Array(data)
        }
    }

    struct Test: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a folder of the DMN Technology Compatibility Kit.")

        @Argument(help: "The kit, or a part of it.")
        var folder: String

        func run() throws {
            let report: ConformanceKit.Report
            do {
                report = try ConformanceKit.run(folder: folder)
            } catch {
                throw OperatorError("GR-OPERATOR-131", "\(folder) cannot be read: \(error)", exitCode: 66)
            }
            Terminal.line(report.text)
            guard report.failed == 0, report.passed > 0 else { throw ExitCode(1) }
        }
    }
}

/// Inputs of a model as JSON: numbers keep their exact digits, `{"feel": "…"}` is an expression.
enum ModelInputs {
    static func read(_ path: String) throws -> [String: Value] {
        let data =
            path == "-"
            ? FileHandle.standardInput.readDataToEndOfFile() : FileManager.default.contents(atPath: path) ?? Data()
        do {
            return try JSONDecoder().decode([String: Input].self, from: data).mapValues(\.value)
        } catch {
            throw OperatorError("GR-OPERATOR-132", "the input is not a JSON object: \(error)", exitCode: 65)
        }
    }

    private struct Input: Decodable {
        let value: Value

        init(from decoder: any Decoder) throws {
            let single = try decoder.singleValueContainer()
            if single.decodeNil() {
                value = .null
            } else if let flag = try? single.decode(Bool.self) {
                value = .boolean(flag)
            } else if let number = try? single.decode(Decimal.self) {
                value = Decimal128("\(number)").map { .number($0) } ?? .null
            } else if let text = try? single.decode(String.self) {
                value = .string(text)
            } else if let list = try? single.decode([Input].self) {
                value = .list(list.map(\.value))
            } else {
                value = try Self.object(try single.decode([String: Input].self))
            }
        }

        private static func object(_ members: [String: Input]) throws -> Value {
            if members.count == 1, case .string(let text)? = members["feel"]?.value {
                return try Expression(parsing: text, names: Names([])).evaluate([])
            }
            return .context(Context(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value.value) }))
        }
    }
}

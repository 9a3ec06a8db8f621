import Domain
public import FEEL

/// Runs folders of the DMN Technology Compatibility Kit: models with the results every engine must give.
public struct ConformanceKit: Sendable {
    /// What became of one expected result.
    public struct Failure: Sendable {
        /// The test case.
        public let testCase: String
        /// The decision or service whose result differs.
        public let element: String
        /// What was expected and what came.
        public let reason: String
    }

    /// What became of a folder.
    public struct Folder: Sendable {
        /// The name of the folder.
        public let name: String
        /// Expected results that came.
        public internal(set) var passed = 0
        /// Expected results that did not come.
        public internal(set) var failures: [Failure] = []
        /// Why some results do not apply, if they do not.
        public internal(set) var skipped: String?
        /// Expected results that do not apply.
        public internal(set) var notApplicable = 0

        init(name: String) {
            self.name = name
        }
    }

    /// What became of all folders.
    public struct Report: Sendable {
        /// One entry per folder, by name.
        public internal(set) var folders: [Folder]

        /// Expected results that came, over all folders.
        public var passed: Int { folders.reduce(0) { $0 + $1.passed } }
        /// Expected results that did not come, over all folders.
        public var failed: Int { folders.reduce(0) { $0 + $1.failures.count } }
        /// Expected results that do not apply, over all folders.
        public var skipped: Int { folders.reduce(0) { $0 + $1.notApplicable } }

        /// One line per folder, then the sums.
        public var text: String {
            var lines: [String] = []
            for folder in folders {
                var line = "\(folder.name): \(folder.passed) passed, \(folder.failures.count) failed"
                if let reason = folder.skipped { line += ", \(folder.notApplicable) not applicable (\(reason))" }
                lines.append(line)
                for failure in folder.failures {
                    lines.append("  \(failure.testCase) \(failure.element): \(failure.reason)")
                }
            }
            lines.append("\(passed) passed, \(failed) failed, \(skipped) not applicable")
            return lines.joined(separator: "\n")
        }
    }

    /// A file of a folder.
    public struct File: Sendable {
        /// The name without the folder.
        public let name: String
        /// What it holds.
        public let bytes: [UInt8]

        /// A file.
        public init(name: String, bytes: [UInt8]) {
            self.name = name
            self.bytes = bytes
        }
    }

    private let dialect: Expression.Dialect

    /// A kit whose models take the present moment from a clock.
    public init(clock: (@Sendable () -> FEELDateTime)? = nil) {
        var dialect = Expression.Dialect()
        dialect.unknownNamesAreErrors = false
        dialect.library = Library(clock: clock)
        self.dialect = dialect
    }

    /// Runs the cases of one folder: its `.dmn` files are models, its `.xml` files are cases.
    public func run(folder name: String, files: [File]) -> Folder {
        var folder = Folder(name: name)
        let models = files.filter { $0.name.hasSuffix(".dmn") }
        let needsJava = models.contains(where: Self.needsJava)
        if needsJava { folder.skipped = "the model calls functions of a Java runtime" }
        for file in files where file.name.hasSuffix(".xml") {
            do throws(DMNError) {
                let suite = try ConformanceSuite(file.bytes)
                try run(suite, models, into: &folder)
            } catch {
                folder.failures.append(Failure(testCase: file.name, element: "", reason: error.description))
            }
        }
        if needsJava {
            folder.notApplicable = folder.failures.count
            folder.failures = []
        }
        return folder
    }

    private static func needsJava(_ model: File) -> Bool {
        let text = String(decoding: model.bytes, as: UTF8.self)
        return text.contains("kind=\"Java\"") || text.contains("java:")
    }

    private func run(_ suite: ConformanceSuite, _ models: [File], into folder: inout Folder) throws(DMNError) {
        guard let main = models.first(where: { $0.name == suite.modelName }) ?? models.first else {
            throw .model(message: "the folder has no model “\(suite.modelName)”")
        }
        let imports = models.filter { $0.name != main.name }.map(\.bytes)
        let model = try DMNModel(xml: main.bytes, imports: imports, dialect: dialect)
        for testCase in suite.cases {
            for expected in testCase.expected {
                let reason = failure(of: expected, in: testCase, model)
                if let reason {
                    folder.failures.append(Failure(testCase: testCase.id, element: expected.name, reason: reason))
                } else {
                    folder.passed += 1
                }
            }
        }
    }

    private func failure(
        of expected: ConformanceSuite.Expected, in testCase: ConformanceSuite.Case, _ model: DMNModel
    ) -> String? {
        do throws(DMNError) {
            let result: DMNModel.Result
            switch testCase.kind {
            case "decisionService":
                result = try model.evaluate(service: testCase.invocable ?? expected.name, inputs: testCase.inputs)
            case "bkm":
                result = try model.evaluate(knowledge: testCase.invocable ?? expected.name, inputs: testCase.inputs)
            default: result = try model.evaluate(decision: expected.name, inputs: testCase.inputs)
            }
            // A service of several outputs is asked for one of them.
            var value = result.value
            if testCase.kind == "decisionService", case .context(let context) = value, let one = context[expected.name]
            {
                value = one
            }
            if Self.agrees(value, expected.value) { return nil }
            let notes = result.diagnostics.map(\.description).joined(separator: "; ")
            return "expected \(expected.value.rendered), got \(value.rendered)" + (notes.isEmpty ? "" : " (\(notes))")
        } catch {
            return error.description
        }
    }

    /// Whether a value is the one expected; numbers to eight digits after the point, as many of the kit's results come
    /// from binary floating point.
    static func agrees(_ value: Value, _ expected: Value) -> Bool {
        switch (value, expected) {
        case (.number(let a), .number(let b)):
            return a == b || (a - b).magnitude <= .kitPrecision
        case (.list(let a), .list(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { agrees($0, $1) }
        case (.context(let a), .context(let b)):
            return a.count == b.count
                && b.entries.allSatisfy { entry in a[entry.name].map { agrees($0, entry.value) } ?? false }
        case (.range, .context(let b)):
            return b.entries.allSatisfy { entry in
                agrees(ConformanceKit.part(entry.name, of: value), entry.value)
            }
        default: return value == expected
        }
    }

    /// A part of a range, as the kit writes the results of ranges.
    private static func part(_ name: String, of value: Value) -> Value {
        let path = try? Expression(parsing: "range." + name, names: ["range"])
        return path?.evaluate([value]) ?? .null
    }
}

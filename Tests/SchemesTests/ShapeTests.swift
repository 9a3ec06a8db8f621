import Foundation
import Testing

/// The table of rule shapes in `deploy/schemes/README.md`: each shape with the element that says it and an example that runs.
struct ShapeTests {
    private struct Row {
        let shapes: [String]
        let folder: String
    }

    private func rows() throws -> [Row] {
        let text = try String(contentsOf: Packs.root.appending(path: "README.md"), encoding: .utf8)
        return text.split(separator: "\n").filter {
            $0.hasPrefix("| RS") || ($0.hasPrefix("| ") && $0.contains("`examples/"))
        }.map { line in
            let cells = line.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast()
                .map { $0.trimmingCharacters(in: .whitespaces) }
            let shapes = (cells.first ?? "").matches(of: /RS\d\d/).map { String($0.output) }
            return Row(shapes: shapes, folder: (cells.last ?? "").trimmingCharacters(in: ["`"]))
        }
    }

    @Test func everyShapeOfRuleHasItsRowInTheTable() throws {
        let named = Set(try rows().flatMap(\.shapes))
        let missing = (1...74).map { "RS" + ($0 < 10 ? "0" : "") + String($0) }.filter { !named.contains($0) }
        #expect(missing == [])
    }

    @Test func everyRowNamesAnExampleThatSaysWhatItIsFor() throws {
        for row in try rows() {
            let scheme = Packs.root.appending(path: row.folder).appending(path: "scheme.yaml")
            let text = try? String(contentsOf: scheme, encoding: .utf8)
            #expect(row.folder.hasPrefix("examples/") && text != nil, "\(row.shapes) name no example that is there")
            for shape in row.shapes {
                #expect(text?.contains(shape) == true, "\(row.folder)/scheme.yaml does not name \(shape)")
            }
        }
    }

    @Test func everyExampleStandsInTheTable() throws {
        let named = Set(try rows().map(\.folder))
        let examples = Packs.all.filter { $0.hasPrefix("examples/") }
        #expect(!examples.isEmpty)
        #expect(examples.filter { !named.contains($0) } == [])
    }
}

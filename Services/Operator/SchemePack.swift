import Contracts
import Foundation
import Schemes

/// A scheme pack on disk: a folder with `scheme.yaml`, decision tables and tests.
struct SchemePack {
    let folder: URL
    let bundle: SchemeBundle

    var sources: [SchemeSource] { bundle.files.map { SchemeSource(file: $0.file, text: $0.text) } }

    /// Reads every YAML and DMN file below `path`.
    init(path: String) throws {
        folder = URL(fileURLWithPath: path, isDirectory: true).standardizedFileURL
        guard let names = FileManager.default.enumerator(atPath: folder.path) else {
            throw OperatorError("GR-OPERATOR-030", "\(path) is not a folder", exitCode: 66)
        }
        var files: [SchemeBundle.File] = []
        for case let name as String in names where name.hasSuffix(".yaml") || name.hasSuffix(".dmn") {
            let bytes = try Data(contentsOf: folder.appendingPathComponent(name))
            guard let text = String(validatingUTF8: bytes) else {
                throw OperatorError("GR-OPERATOR-031", "\(path)/\(name) is not UTF-8; save it as UTF-8", exitCode: 65)
            }
            files.append(SchemeBundle.File(file: name, text: text))
        }
        guard files.contains(where: { $0.file == "scheme.yaml" }) else {
            throw OperatorError(
                "GR-OPERATOR-032", "\(path) holds no scheme.yaml; name the folder of one scheme", exitCode: 66)
        }
        bundle = SchemeBundle(files: files)
    }

    func compiled() throws -> Scheme {
        do {
            return try Scheme(compiling: sources)
        } catch {
            throw OperatorError(
                "GR-OPERATOR-033",
                "\(folder.path) has \(error.faults.count) faults:\n"
                    + error.faults.map { "  \($0)" }.joined(separator: "\n"),
                exitCode: 65)
        }
    }
}

extension String {
    fileprivate init?(validatingUTF8 data: Data) {
        guard let text = String(bytes: data, encoding: .utf8) else { return nil }
        self = text
    }
}

import Foundation

/// A scheme pack as `reference.scheme.document` keeps it: the files of its folder, in the order of their names.
///
/// `gradus scheme publish` writes it; Scoring, Payroll and Notifications compile their schemes from it.
public struct SchemeBundle: Codable, Hashable, Sendable {
    /// One file of the pack; `file` is its path inside the pack's folder, such as `scheme.yaml`.
    public struct File: Codable, Hashable, Sendable {
        public var file: String
        public var text: String

        public init(file: String, text: String) {
            self.file = file
            self.text = text
        }
    }

    public var files: [File]

    public init(files: [File]) {
        self.files = files.sorted { $0.file < $1.file }
    }

    /// Reads `reference.scheme.document`.
    public init(document: String) throws {
        self = try JSONDecoder().decode(SchemeBundle.self, from: Data(document.utf8))
    }

    /// The text for `reference.scheme.document`; the same files always give the same text.
    public func document() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

import Foundation

/// What the operator sees: results on standard output, progress and complaints on standard error.
enum Terminal {
    static func line(_ text: String = "") {
        FileHandle.standardOutput.write(Data((text + "\n").utf8))
    }

    static func complain(_ text: String) {
        FileHandle.standardError.write(Data(("gradus: " + text + "\n").utf8))
    }

    /// True when a person looks at standard error, so that progress may rewrite its line.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// Prints a value as JSON with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        line(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}

/// Progress of long work: one line that rewrites itself on a terminal, and nothing in a log.
struct Progress {
    private var isShown = false

    mutating func show(_ text: String) {
        guard Terminal.isInteractive else { return }
        isShown = true
        FileHandle.standardError.write(Data((text + "\u{1B}[K\r").utf8))
    }

    mutating func finish() {
        if isShown { FileHandle.standardError.write(Data("\u{1B}[K".utf8)) }
        isShown = false
    }
}

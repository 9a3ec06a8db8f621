import Foundation

/// A text that must never be printed: whatever prints it shows `[secret]`.
public struct Secret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself, for the one place that hands it to a server.
    public let revealed: String

    /// Wraps a secret text.
    public init(_ revealed: String) {
        self.revealed = revealed
    }

    /// Always `[secret]`.
    public var description: String { "[secret]" }

    /// Always `[secret]`.
    public var debugDescription: String { "[secret]" }

    /// Shows nothing to reflection.
    public var customMirror: Mirror { Mirror(self, children: [:]) }

    /// The texts that a log line must never hold: the secret, its lines, and the password inside a URL.
    var scrubbable: [String] {
        var texts = [revealed]
        texts += revealed.split(whereSeparator: \.isNewline).map(String.init)
        if let scheme = revealed.range(of: "://"),
            let host = revealed.range(of: "@", options: .backwards, range: scheme.upperBound..<revealed.endIndex),
            let colon = revealed.range(of: ":", range: scheme.upperBound..<host.lowerBound)
        {
            let password = String(revealed[colon.upperBound..<host.lowerBound])
            texts.append(password)
            texts.append(password.removingPercentEncoding ?? password)
        }
        return texts.filter { $0.utf8.count >= Secret.shortestScrubbed }
    }

    /// Shorter texts would blank innocent words, and are too weak to be worth guarding.
    private static let shortestScrubbed = 4
}

import Foundation
import FoundationNetworking

/// A Gradus service as a process of its own, with a clean environment; it ends with this object.
public final class ServiceProcess: @unchecked Sendable {
    /// Why a test cannot have the service.
    public struct Unavailable: Error, CustomStringConvertible {
        /// What went wrong, with the end of the process's output.
        public let description: String

        /// Says what went wrong.
        public init(description: String) { self.description = description }
    }

    /// What a request was answered with.
    public struct Answer: Sendable {
        /// The HTTP status.
        public let status: Int
        /// The body as text.
        public let text: String

        /// The body as JSON.
        public var json: [String: Any] {
            (try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]) ?? [:]
        }
    }

    /// The tokens that every service of a test knows: `NAME ROLES TOKEN`, a line each.
    public static let tokens = """
        li payroll-maker,inbox-reader token-of-li-0001
        wang payroll-approver,payroll-maker token-of-wang-01
        reader payroll-reader token-of-reader1
        bank:rm-1 personal token-of-rm-1-01
        """

    private let process = Process()
    private let output = Pipe()
    private var seen = Data()
    private var port = 0

    /// Starts `program` from the build folder and waits until it is ready.
    public init(_ program: String, environment: [String: String]) async throws {
        let main = Bundle.main.executableURL?.deletingLastPathComponent() ?? URL(filePath: ".")
        let own = Bundle(for: ServiceProcess.self).bundleURL
        let folders = [
            main, own, own.deletingLastPathComponent(), own.deletingLastPathComponent().deletingLastPathComponent(),
        ]
        let places = folders.map { $0.appending(path: program) }
        guard let executable = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw Unavailable(description: "\(program) is not built")
        }
        process.executableURL = executable
        process.environment = environment.merging(
            [
                "GRADUS_HTTP_PORT": "0", "GRADUS_HTTP_TOKENS": Self.tokens, "GRADUS_LOG_FORMAT": "json",
                "PATH": "/usr/bin:/bin",
            ], uniquingKeysWith: { given, _ in given })
        process.standardOutput = output
        process.standardError = output
        try process.run()
        port = try readPort()
        // The pipe must not fill while nobody reads it.
        output.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        try await waitUntilReady()
    }

    deinit { kill() }

    /// Asks the process to stop and gives its exit status.
    public func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        output.fileHandleForReading.readabilityHandler = nil
        return process.terminationStatus
    }

    /// Ends the process at once, as a crash does.
    public func kill() {
        output.fileHandleForReading.readabilityHandler = nil
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
    }

    /// Sends a request; `who` names the caller of ``tokens``.
    public func request(
        _ method: String, _ path: String, as who: String? = nil, token: String? = nil, body: String? = nil
    ) async throws -> Answer {
        guard let url = URL(string: "http://127.0.0.1:\(port)\(path)") else {
            throw Unavailable(description: "not a path: \(path)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        if let body { request.httpBody = Data(body.utf8) }
        if let token { request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization") }
        if let who, let line = Self.tokens.split(separator: "\n").first(where: { $0.hasPrefix(who + " ") }) {
            request.setValue("Bearer \(line.split(separator: " ")[2])", forHTTPHeaderField: "Authorization")
        }
        let (data, response) = try await URLSession.shared.data(for: request)
        let status = (response as? HTTPURLResponse)?.statusCode ?? 0
        return Answer(status: status, text: String(decoding: data, as: UTF8.self))
    }

    private func readPort() throws -> Int {
        let mark = Data("\"port\":\"".utf8)
        while true {
            if let start = seen.range(of: mark) {
                let digits = seen[start.upperBound...].prefix { (48...57).contains($0) }
                if let port = Int(String(decoding: digits, as: UTF8.self)) { return port }
            }
            let more = output.fileHandleForReading.availableData
            guard !more.isEmpty else {
                let text = String(decoding: seen.suffix(600), as: UTF8.self)
                throw Unavailable(description: "the service ended before it listened: \(text)")
            }
            seen += more
        }
    }

    private func waitUntilReady() async throws {
        var last = "no answer"
        for _ in 0..<600 {
            if let answer = try? await request("GET", "/readyz") {
                if answer.status == 200 { return }
                last = answer.text
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw Unavailable(description: "not ready after 60 s: \(last)")
    }
}

/// Asks again and again, for a minute at most, until the answer is not nil.
public func eventually<Value>(
    _ what: String, isolation: isolated (any Actor)? = #isolation, _ question: () async throws -> Value?
) async throws -> Value {
    for _ in 0..<600 {
        if let value = try await question() { return value }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw ServiceProcess.Unavailable(description: "did not happen within a minute: \(what)")
}

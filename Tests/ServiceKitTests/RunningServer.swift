import Foundation
import FoundationNetworking
import Hummingbird
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ServiceKit

/// A real HTTP server on a free port, for the time of a test.
struct RunningServer: Sendable {
    struct Answer {
        let status: Int
        let text: String
        let headers: HTTPURLResponse

        func object() throws -> [String: Any] {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }
    }

    static let token = "0123456789abcdef-intake"
    static let readerToken = "0123456789abcdef-reader"

    let port: Int
    let lines: LogLines

    /// Starts a server with the service's routes, runs the body against it, and stops it.
    static func run(
        _ probes: Probes = Probes(), routes: (ServiceHost) -> Void = { _ in },
        _ body: (RunningServer) async throws -> Void
    ) async throws {
        let settings: HostSettings = try readSettings(
            arguments: [],
            environment: [
                "GRADUS_HTTP_PORT": "0", "GRADUS_HTTP_BODY_LIMIT_BYTES": "1024",
                "GRADUS_HTTP_TOKENS": "core intake-writer,operator \(token)\nhr inbox-reader \(readerToken)",
            ])
        let lines = LogLines()
        let server = HTTPServer(
            settings: settings, probes: probes, logger: lines.logger, exposition: { "gradus_x 1\n" })
        routes(
            ServiceHost(
                name: .intake, settings: settings, logger: lines.logger, metrics: MetricsRegistry(), probes: probes,
                router: server.router))
        let ports = AsyncStream<Int>.makeStream()
        let service = server.service { ports.continuation.yield($0) }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let running: Void = group.run()
        for await port in ports.stream {
            try await body(RunningServer(port: port, lines: lines))
            break
        }
        await group.triggerGracefulShutdown()
        try await running
    }

    func send(
        _ method: String = "GET", _ path: String, headers: [String: String] = [:], body: Data? = nil
    ) async throws -> Answer {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.httpBody = body
        for (name, value) in headers {
            request.setValue(value, forHTTPHeaderField: name)
        }
        // A session for each request, so that no idle connection outlives the test.
        let session = URLSession(configuration: .ephemeral)
        defer { session.invalidateAndCancel() }
        let (data, response) = try await session.data(for: request)
        let headers = try #require(response as? HTTPURLResponse)
        return Answer(status: headers.statusCode, text: String(decoding: data, as: UTF8.self), headers: headers)
    }
}

/// Collects log lines as JSON.
final class LogLines: Sendable {
    private let collected = Mutex("")

    var text: String { collected.withLock { $0 } }

    var logger: Logger {
        let output = ServiceLogHandler.Output(
            service: "intake", form: .json, redaction: Redaction(),
            emit: { line in self.collected.withLock { $0 += String(decoding: line, as: UTF8.self) } }, flush: {})
        return Logger(label: "test") { _ in ServiceLogHandler(output, level: .debug) }
    }
}

import Foundation
import FoundationNetworking
import Testing

@testable import ServiceKit

/// What a whole process does: the probe service, started as a child with its own environment.
@Suite(.timeLimit(.minutes(1))) struct ProcessTests {
    private static let url = "postgresql://probe:geheim-passwort@db/gradus"

    private struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        var outputLines: [String] { output.split(separator: "\n").map(String.init) }
        var errorLines: [String] { errors.split(separator: "\n").map(String.init) }
    }

    /// A child whose output can be read while it runs.
    private final class Child {
        let process = Process()
        private let output = Pipe()
        private let errors = Pipe()
        private var seen = Data()

        init(_ arguments: [String], _ environment: [String: String]) throws {
            let me = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder = URL(fileURLWithPath: me).deletingLastPathComponent()
            process.executableURL = folder.appendingPathComponent("ServiceKitProbe")
            process.arguments = arguments
            process.environment = environment
            process.standardOutput = output
            process.standardError = errors
            try process.run()
        }

        /// Reads until the text appears; the child ends early if it never does.
        func wait(for text: String) throws {
            while !String(decoding: seen, as: UTF8.self).contains(text) {
                let more = output.fileHandleForReading.availableData
                try #require(!more.isEmpty, "the child ended without “\(text)”")
                seen += more
            }
        }

        /// The port in the line that says so.
        func port() throws -> Int {
            try wait(for: "\"port\":\"")
            let text = String(decoding: seen, as: UTF8.self)
            let start = try #require(text.range(of: "\"port\":\""))
            return try #require(Int(text[start.upperBound...].prefix { $0.isNumber }))
        }

        func finish() -> Outcome {
            seen += output.fileHandleForReading.readDataToEndOfFile()
            let errors = errors.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return Outcome(
                status: process.terminationReason == .exit ? process.terminationStatus : -1,
                output: String(decoding: seen, as: UTF8.self), errors: String(decoding: errors, as: UTF8.self))
        }
    }

    private static func start(_ arguments: [String] = [], _ environment: [String: String] = [:]) throws -> Child {
        let base = ["GRADUS_DATABASE_URL": url, "GRADUS_HTTP_PORT": "0", "GRADUS_LOG_FORMAT": "json"]
        return try Child(arguments, base.merging(environment) { $1 })
    }

    private static func criticalLines(_ outcome: Outcome) -> [String] {
        outcome.outputLines.filter { $0.contains(#""level":"critical""#) }
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func aSignalStopsAServiceAndItEndsWithZero(signal: Int32) async throws {
        let child = try Self.start()
        let port = try child.port()
        let probe = try #require(URL(string: "http://127.0.0.1:\(port)/livez"))
        let (body, _) = try await URLSession.shared.data(from: probe)
        #expect(String(decoding: body, as: UTF8.self).contains(#""check":"loop","ok":true"#))

        kill(child.process.processIdentifier, signal)
        let outcome = child.finish()
        #expect(outcome.status == 0)
        #expect(outcome.outputLines.last?.contains(#""msg":"stopped""#) == true)
        #expect(outcome.errors.isEmpty)
        for line in outcome.outputLines {
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            #expect(object?["service"] as? String == "probe")
        }
    }

    @Test func theLogHoldsNoSecret() throws {
        let child = try Self.start()
        try child.wait(for: "assembled")
        child.process.terminate()
        let outcome = child.finish()
        #expect(outcome.output.contains("[redacted]"))
        #expect(!(outcome.output + outcome.errors).contains("geheim"))
    }

    @Test func aFailingServiceIsOneCriticalLineAndOne() throws {
        let outcome = try Self.start(["--probe-behaviour", "failing"]).finish()
        #expect(outcome.status == 1)
        #expect(outcome.errors.isEmpty)
        let critical = Self.criticalLines(outcome)
        #expect(critical.count == 1)
        #expect(critical.first?.contains(#""code":"GR-PROBE-001""#) == true)
        #expect(critical.first?.contains(#""part":"loop""#) == true)
        #expect(critical.first?.contains("the loop is broken") == true)
    }

    @Test func aServiceThatReturnsUnaskedIsAFailure() throws {
        let outcome = try Self.start(["--probe-behaviour", "returning"]).finish()
        #expect(outcome.status == 1)
        #expect(Self.criticalLines(outcome).first?.contains("returned before it was asked to stop") == true)
    }

    @Test func aStartWithoutItsStoreEndsAsUnavailable() throws {
        let outcome = try Self.start(["--probe-behaviour", "unavailable"]).finish()
        #expect(outcome.status == 69)
        #expect(Self.criticalLines(outcome).count == 1)
    }

    @Test func aServiceThatDoesNotStopIsEndedByTheDeadline() throws {
        let child = try Self.start(["--probe-behaviour", "stuck"], ["GRADUS_SHUTDOWN_TIMEOUT_SECONDS": "1"])
        _ = try child.port()
        child.process.terminate()
        let outcome = child.finish()
        #expect(outcome.status == 1)
        #expect(Self.criticalLines(outcome).first?.contains(#""code":"GR-RUN-002""#) == true)
    }

    @Test func wrongSettingsAreOneLineEachAndSeventyEight() throws {
        let outcome = try Self.start([], ["GRADUS_DATABASE_URL": "", "GRADUS_HTTP_PROT": "1"]).finish()
        #expect(outcome.status == 78)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errorLines.count == 2)
        #expect(outcome.errorLines.first?.hasPrefix("gradus-probe: GR-SET-001 database.url is not set") == true)
        #expect(outcome.errorLines.last?.hasPrefix("gradus-probe: GR-SET-004 GRADUS_HTTP_PROT") == true)
    }

    @Test func aMalformedCommandLineIsSixtyFour() throws {
        #expect(try Self.start(["--no-such-key", "1"]).finish().status == 64)
    }

    @Test func validateSaysWhetherTheSettingsAreGoodAndStops() throws {
        let good = try Self.start(["--validate"]).finish()
        #expect(good.status == 0)
        #expect(good.output == "gradus-probe: settings are valid\n")
        let bad = try Self.start(["--validate", "--http-port", "70000", "--no-such-key", "1"]).finish()
        #expect(bad.status == 78)
        #expect(bad.errorLines.count == 2)
    }

    @Test func helpIsPrintedEvenWithoutSettings() throws {
        let outcome = try Self.start(["--help"], ["GRADUS_DATABASE_URL": ""]).finish()
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("usage: gradus-probe"))
        #expect(outcome.output.contains("probe.behaviour  (one of steady, failing, returning, stuck, unavailable"))
    }
}

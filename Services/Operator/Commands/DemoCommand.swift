import ArgumentParser
import AsyncHTTPClient
import Foundation
import Kafka
import NIOCore
import NIOHTTP1
import Postgres
import ServiceKit

/// `gradus demo`: a generated quarter of two institutions.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Generate the demonstration's core-banking, HR and CRM records.",
        subcommands: [Generate.self, Decide.self])

    struct Generate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send the records of one phase of the quarter through the source topics, the folder and HTTP.",
            discussion: "The same seed gives the same records in the same order.")

        @Argument(help: "reference, january, february or march.")
        var phase: DemoPhase

        @Option(help: "Seed of everything random.")
        var seed: UInt64 = 20_260_101

        @Option(help: "The folder that Intake watches.")
        var folder: String = "files"

        @Flag(help: "Count the records and send nothing.")
        var dryRun = false

        @OptionGroup var report: ReportOptions

        func run() async throws {
            let records = DemoRecords(seed: seed).records(of: phase)
            var counts: [String: Int] = [:]
            for record in records { counts[Self.name(record.door), default: 0] += 1 }
            if !dryRun {
                let settings = try OperatorSettings.load()
                // Who looks after whom goes ahead, so that what waits in suspense does not depend on the race of two topics.
                try sendToTopics(records, settings) { $0 == "reference.data" }
                try await waitUntilTakenIn(settings)
                try sendToTopics(records, settings) { $0 != "reference.data" }
                try DemoFiles(folder: folder).write(records, phase: phase)
                try await sendOverHTTP(records, settings)
                try await waitForFiles()
                try await waitUntilTakenIn(settings)
            }
            if report.json { return try Terminal.json(counts) }
            let parts = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            Terminal.line("\(phase.rawValue): \(records.count) records (\(parts.joined(separator: ", ")))")
        }

        private static func name(_ door: SourceRecord.Door) -> String {
            switch door {
            case .topic(let name): name
            case .http: "http"
            case .file: "files"
            }
        }

        private func sendToTopics(
            _ records: [SourceRecord], _ settings: OperatorSettings, where wanted: (String) -> Bool
        ) throws {
            try EventWriter(settings.kafkaConfiguration).write(
                records.compactMap { record in
                    guard case .topic(let topic) = record.door, wanted(topic) else { return nil }
                    return EventWriter.Message(topic: topic, key: record.key, value: record.value)
                })
        }

        private func waitUntilTakenIn(_ settings: OperatorSettings) async throws {
            let connection = try settings.connection()
            defer { connection.close() }
            let administration = try TopicAdministration(settings.kafkaConfiguration, logger: OperatorSettings.logger)
            _ = try PipelineStatus.whenIdle(within: 600) { try PipelineStatus(connection, administration) }
        }

        /// Intake moves a file away when it has taken it or refused it.
        private func waitForFiles() async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while try FileManager.default.contentsOfDirectory(atPath: folder).contains(where: { $0.hasSuffix(".ctl") })
            {
                guard ContinuousClock.now < deadline else {
                    throw OperatorError("GR-OPERATOR-052", "Intake left files in \(folder) for 60 s; does it watch it?")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }

        private func sendOverHTTP(_ records: [SourceRecord], _ settings: OperatorSettings) async throws {
            let events = records.filter { $0.door == .http }.map { String(decoding: $0.value, as: UTF8.self) }
            guard !events.isEmpty else { return }
            let answer = try await ServiceClient(token: settings.token?.revealed).post(
                settings.intakeURL + "/v1/facts", "[" + events.joined(separator: ",") + "]",
                type: "application/cloudevents-batch+json")
            guard answer.status == 200 else {
                throw OperatorError("GR-OPERATOR-050", "Intake answered \(answer.status): \(answer.body)")
            }
        }
    }
}

/// The end-of-day files of the demonstration, each with its control totals.
struct DemoFiles {
    let folder: String

    func write(_ records: [SourceRecord], phase: DemoPhase) throws {
        let place = URL(fileURLWithPath: folder, isDirectory: true)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        var lines: [String: [String]] = [:]
        for record in records {
            guard case .file(let name) = record.door else { continue }
            lines[name, default: []].append(String(decoding: record.value, as: UTF8.self))
        }
        for (name, content) in lines.sorted(by: { $0.key < $1.key }) {
            let sum = try content.map(Self.amount).reduce(0, +)
            try write(name, content, records: content.count, sum: sum, in: place)
            // In March a file arrives whose trailer promises one record more than it holds: all of it is refused.
            if phase == .march { try write("short-" + name, content, records: content.count + 1, sum: sum, in: place) }
        }
    }

    private func write(_ name: String, _ lines: [String], records: Int, sum: Int, in place: URL) throws {
        let total = (sum < 0 ? "-" : "") + "\(abs(sum) / 100)." + DemoWorld.padded(abs(sum) % 100, 2)
        try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: place.appendingPathComponent(name))
        // The control file comes last: it says that the data file is whole.
        try Data(#"{"records":\#(records),"sum":"\#(total)"}"#.utf8)
            .write(to: place.appendingPathComponent(name + ".ctl"), options: .atomic)
    }

    private static func amount(of line: String) throws -> Int {
        struct Line: Decodable { let amount: String }
        let amount = try JSONDecoder().decode(Line.self, from: Data(line.utf8)).amount
        return Int(amount.replacing(".", with: "")) ?? 0
    }
}

/// A small HTTP client for the services' own interfaces.
struct ServiceClient {
    struct Answer {
        let status: Int
        let body: String
    }

    let token: String?

    func post(_ url: String, _ body: String, type: String = "application/json") async throws -> Answer {
        try await send(url, .POST, body, type)
    }

    func get(_ url: String) async throws -> Answer {
        try await send(url, .GET, nil, "")
    }

    private func send(
        _ url: String, _ method: HTTPMethod, _ body: String?, _ type: String
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url)
        request.method = method
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        if let body {
            request.headers.add(name: "Content-Type", value: type)
            request.body = .bytes(ByteBuffer(string: body))
        }
        do {
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(120))
            let answer = try await response.body.collect(upTo: 16 * 1024 * 1024)
            return Answer(status: Int(response.status.code), body: String(buffer: answer))
        } catch let error as HTTPClientError {
            throw OperatorError("GR-OPERATOR-051", "no answer from \(url): \(error)", exitCode: 69)
        }
    }
}

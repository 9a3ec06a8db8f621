import Foundation
public import Kafka
import Logging

/// A broker for tests, in a process of its own that ends with the test process, however that ends.
public final class KafkaBroker: Sendable {
    /// Why a suite cannot have a broker.
    public struct Unavailable: Error, CustomStringConvertible {
        public let description: String
    }

    /// Address for `bootstrap.servers`.
    public let bootstrap: String
    /// True for librdkafka's mock cluster: real group protocol and injected errors, but no topic administration.
    public let isMock: Bool
    private let child: ChildProcess

    private init(bootstrap: String, isMock: Bool, child: ChildProcess) {
        self.bootstrap = bootstrap
        self.isMock = isMock
        self.child = child
    }

    /// The mock cluster with `topics` (name and partitions).
    public static func mock(brokers: Int = 1, topics: [String: Int] = [:]) throws -> KafkaBroker {
        let arguments = topics.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }
        let child = try ChildProcess(testProgram("MockBroker"), [String(brokers)] + arguments)
        guard let bootstrap = child.readLine(), bootstrap.contains(":") else {
            throw Unavailable(description: "MockBroker printed no address")
        }
        return KafkaBroker(bootstrap: bootstrap, isMock: true, child: child)
    }

    /// The path of a program that the package builds beside the tests.
    public static func testProgram(_ name: String) throws -> String {
        let folder = Bundle.main.executableURL?.deletingLastPathComponent() ?? URL(filePath: ".")
        let own = Bundle(for: KafkaBroker.self).bundleURL.deletingLastPathComponent()
        let places = [folder, own, own.deletingLastPathComponent()].map { $0.appending(path: name).path }
        guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw Unavailable(description: "\(name) is not built")
        }
        return program
    }

    /// The development broker on a free port, with a data folder of its own.
    ///
    /// It never evicts a member that was killed, and acknowledged messages can die with it.
    public static func development() throws -> KafkaBroker {
        let folder = FileManager.default.temporaryDirectory.appending(path: "gradus-broker-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let port = try freePort()
        // The launcher starts the server as a child of its own, so the whole process group is ended, and the folder removed,
        // as soon as this process closes the pipe or dies.
        let script = """
            exec 2>/dev/null; set -m; mkdir -p "$0/data"
            begin() {
                noida-db start --only kafka --data-dir "$0/data" --kafka-port "$1" </dev/null >>"$0/log" 2>&1 &
                child=$!
            }
            begin "$1"
            echo started
            while read -r command; do
                kill -TERM -- -$child
                for try in $(seq 300); do kill -0 -- -$child 2>/dev/null || break; sleep 0.1; done
                kill -KILL -- -$child 2>/dev/null
                begin "$1"
                echo restarted
            done
            kill -KILL -- -$child
            rm -rf "$0"
            """
        let child = try ChildProcess("/bin/bash", ["-c", script, folder.path, String(port)])
        _ = child.readLine()
        let broker = KafkaBroker(bootstrap: "127.0.0.1:\(port)", isMock: false, child: child)
        let admin = try TopicAdministration(broker.configuration(), logger: Logger(label: "test"))
        try admin.waitUntilVisible([], timeoutMilliseconds: 20_000)
        return broker
    }

    /// Client properties for this broker, with `extra` on top.
    public func configuration(_ extra: [String: String] = [:]) -> KafkaConfiguration {
        var properties = ["bootstrap.servers": bootstrap, "session.timeout.ms": "6000", "heartbeat.interval.ms": "500"]
        if !isMock { properties["receive.message.max.bytes"] = "2000000000" }
        return KafkaConfiguration(properties).merging(extra)
    }

    /// Gives a command to the mock cluster, such as `down 1` or `error 0 -195 3`, and returns its answer.
    @discardableResult
    public func command(_ line: String) -> String {
        child.write(line + "\n")
        return child.readLine() ?? "no answer"
    }

    /// Stops the development broker, which then writes its state, and starts it again on the same port.
    public func restart() throws {
        guard !isMock, command("restart") == "restarted" else { throw Unavailable(description: "no restart") }
        let admin = try TopicAdministration(configuration(), logger: Logger(label: "test"))
        try admin.waitUntilVisible([], timeoutMilliseconds: 20_000)
    }

    /// Stops the broker before the test process ends.
    public func stop() { child.end() }
}

/// A process that lives as long as its standard input is open.
public final class ChildProcess: @unchecked Sendable {
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private let lock = NSLock()
    private var unread = Data()

    /// Starts a program, with `environment` added to this process's own.
    public init(_ program: String, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, given in given }
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit { end() }

    /// Writes to its standard input.
    public func write(_ text: String) {
        try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    }

    /// The next line of its standard output; nil at the end.
    public func readLine() -> String? {
        lock.withLock {
            while true {
                if let end = unread.firstIndex(of: 10) {
                    defer { unread.removeSubrange(...end) }
                    return String(decoding: unread[..<end], as: UTF8.self)
                }
                let more = output.fileHandleForReading.availableData
                guard !more.isEmpty else { return nil }
                unread.append(more)
            }
        }
    }

    /// True until it has ended.
    public var isRunning: Bool { process.isRunning }

    /// Sends it a signal.
    public func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end and gives its status; for a signal, the signal's number.
    public func wait() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    /// Closes its standard input and waits for its end.
    public func end() {
        try? input.fileHandleForWriting.close()
        if process.isRunning { process.waitUntilExit() }
    }
}

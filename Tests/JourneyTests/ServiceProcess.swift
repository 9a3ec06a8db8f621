import Foundation
import Synchronization
import TestServers

/// One process of a service, which can be killed, stalled and started again under the same name and port.
///
/// A small shell stands between the test and the service: it ends the service when the test process is gone, however that
/// ended.
final class ServiceProcess: Sendable {
    let service: String
    let name: String
    let port: Int
    let log: URL
    private let environment: [String: String]
    private let state = Mutex<Running?>(nil)

    private struct Running {
        let shell: Process
        let input: Pipe
        let output: Pipe
        let identifier: pid_t
    }

    init(_ service: String, name: String, folder: URL, environment: [String: String]) throws {
        self.service = service
        self.name = name
        port = try freePort()
        log = folder.appending(path: "\(name).log")
        self.environment = Command.base.merging(environment) { $1 }
            .merging(["GRADUS_HTTP_PORT": "\(port)", "GRADUS_LOG_FORMAT": "json"]) { $1 }
    }

    deinit { try? kill() }

    var address: String { "http://127.0.0.1:\(port)" }

    func start() throws {
        try state.withLock { running in
            guard running == nil else { return }
            let shell = Process()
            let input = Pipe()
            let output = Pipe()
            shell.executableURL = URL(filePath: "/bin/sh")
            shell.arguments = [
                "-c", Self.script, log.path, Command.programs.appending(path: "gradus-\(service)").path,
            ]
            shell.environment = environment
            shell.standardInput = input
            shell.standardOutput = output
            shell.standardError = FileHandle.nullDevice
            try shell.run()
            // Programs started later must not hold the pipe open after this process has gone.
            _ = fcntl(input.fileHandleForWriting.fileDescriptor, F_SETFD, FD_CLOEXEC)
            guard let identifier = Self.number(from: output, seconds: 10) else {
                throw Command.Failure(description: "\(name) was not started")
            }
            running = Running(shell: shell, input: input, output: output, identifier: identifier)
        }
    }

    /// `kill -9`; returns when the process is gone.
    func kill() throws {
        _ = try end(by: SIGKILL, seconds: 20)
    }

    /// SIGTERM; the exit code once the process has drained.
    func terminate(seconds: Int = 40) throws -> Int32? {
        try end(by: SIGTERM, seconds: seconds)
    }

    func send(_ signal: Int32) {
        state.withLock { running in
            if let running { _ = Foundation.kill(running.identifier, signal) }
        }
    }

    /// The process's number, while it runs.
    var identifier: pid_t? { state.withLock { $0?.identifier } }

    /// True while the process has not ended by itself.
    var isAlive: Bool {
        state.withLock { running in
            guard let running else { return false }
            let status = try? String(contentsOfFile: "/proc/\(running.identifier)/stat", encoding: .utf8)
            return status.map { !$0.contains(") Z ") } ?? false
        }
    }

    /// The exit code of a process that ends by itself.
    func waitForEnd(seconds: Int) throws -> Int32 {
        try state.withLock { running in
            guard let ended = running, let status = Self.number(from: ended.output, seconds: seconds) else {
                throw Command.Failure(description: "\(name) did not end in \(seconds) s: \(tail)")
            }
            running = nil
            return status
        }
    }

    /// The last lines of its log.
    var tail: String {
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    private func end(by signal: Int32, seconds: Int) throws -> Int32? {
        try state.withLock { running in
            guard let ending = running else { return nil }
            _ = Foundation.kill(ending.identifier, signal)
            guard let status = Self.number(from: ending.output, seconds: seconds) else {
                throw Command.Failure(description: "\(name) did not end \(seconds) s after signal \(signal): \(tail)")
            }
            running = nil
            return status
        }
    }

    /// One line with a number, within some seconds.
    private static func number(from pipe: Pipe, seconds: Int) -> Int32? {
        let descriptor = pipe.fileHandleForReading.fileDescriptor
        let deadline = ContinuousClock.now + .seconds(seconds)
        var text = ""
        while ContinuousClock.now < deadline {
            var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard Glibc.poll(&poll, 1, 200) > 0 else { continue }
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { return nil }
            if byte == 10 { return Int32(text) }
            text.append(Character(UnicodeScalar(byte)))
        }
        return nil
    }

    /// $0 is the log, then the program. Prints the process id, later the exit code.
    private static let script = """
        exec 3<&0 </dev/null
        "$@" 3<&- >>"$0" 2>&1 &
        child=$!
        echo $child
        (cat <&3 >/dev/null; kill -KILL $child) >/dev/null 2>&1 &
        watch=$!
        exec 3<&-
        wait $child
        status=$?
        kill $watch
        echo $status
        """
}

import Foundation

/// A program that is run to its end.
struct Command {
    struct Outcome {
        /// The exit code; 128 plus the signal's number if a signal ended it.
        let status: Int32
        let output: String
        let errors: String

        var everything: String { output + errors }
    }

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    let program: String
    let arguments: [String]
    var environment: [String: String] = [:]

    /// Ends the program with SIGKILL after `seconds`.
    func run(seconds: Int = 120) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory
        let name = UUID().uuidString
        let files = [folder.appending(path: "\(name).out"), folder.appending(path: "\(name).err")]
        defer { for file in files { try? FileManager.default.removeItem(at: file) } }
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.environment = Command.base.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        let handles = try files.map { file in
            _ = FileManager.default.createFile(atPath: file.path, contents: nil)
            return try FileHandle(forWritingTo: file)
        }
        process.standardOutput = handles[0]
        process.standardError = handles[1]
        let ended = DispatchSemaphore(value: 0)
        process.terminationHandler = { _ in ended.signal() }
        try process.run()
        var isLate = false
        if ended.wait(timeout: .now() + .seconds(seconds)) == .timedOut {
            isLate = true
            kill(process.processIdentifier, SIGKILL)
            ended.wait()
        }
        for handle in handles { try handle.close() }
        let texts = try files.map { String(decoding: try Data(contentsOf: $0), as: UTF8.self) }
        if isLate {
            throw Failure(
                description: "\(program) \(arguments) did not end in \(seconds) s; it said: \(texts[0].suffix(2000)) "
                    + texts[1].suffix(2000))
        }
        let status = process.terminationStatus
        return Outcome(
            status: process.terminationReason == .exit ? status : 128 + status, output: texts[0], errors: texts[1])
    }

    /// The only variables that every program gets: one that a service does not know would be a fault.
    static let base = [
        "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
        "HOME": ProcessInfo.processInfo.environment["HOME"] ?? "/",
    ]

    /// The folder of the built programs, where the test bundle is, too.
    static let programs: URL = {
        let me =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        return URL(filePath: me).deletingLastPathComponent()
    }()
}

/// Runs a blocking journey on a thread of its own, so that other suites keep theirs.
func journey<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(OwnThread()) { try body() }
}

/// Runs each piece of a task on a new thread; expectations still count for the test that the task belongs to.
private final class OwnThread: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        startThread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// A thread whose programs can be ended by a signal: threads of the task pool block signals, and programs inherit that.
func startThread(_ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        body()
    }
    thread.stackSize = 8 << 20
    thread.start()
}

/// Waits until `condition` holds.
func wait(
    _ what: @autoclosure () -> String, seconds: Double = 60, every: Double = 0.1, until condition: () throws -> Bool
) throws {
    let deadline = ContinuousClock.now + .seconds(seconds)
    while try !condition() {
        guard ContinuousClock.now < deadline else {
            throw Command.Failure(description: "waited \(seconds) s in vain for \(what())")
        }
        Thread.sleep(forTimeInterval: every)
    }
}

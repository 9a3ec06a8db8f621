import Foundation
import Postgres
import Synchronization

/// A private PostgreSQL cluster in a temporary folder, reached through a socket, gone when this process ends.
///
/// A small shell owns the server. It stops the server and removes the folder when its standard input closes, which
/// happens however this process ends, killed or not.
public final class PostgresServer: Sendable {
    /// What keeps tests from having a server.
    public struct Unavailable: Error, CustomStringConvertible {
        /// What is missing.
        public let description: String
    }

    /// The URL of the server's `postgres` database.
    public let url: String
    private let commands: FileHandle
    private let folder: URL

    private static let sharedURL = Result<String, Unavailable> { () throws(Unavailable) in
        if let url = ProcessInfo.processInfo.environment["GRADUS_TEST_POSTGRES"], !url.isEmpty { return url }
        let server = try PostgresServer()
        kept.withLock { $0 = server }
        return server.url
    }
    private static let kept = Mutex<PostgresServer?>(nil)

    /// The server all suites share: the one `GRADUS_TEST_POSTGRES` names, or a private one, started once.
    public static func shared() throws(Unavailable) -> String {
        try sharedURL.get()
    }

    /// True when tests can have a server; without one they are skipped, or fail if `GRADUS_REQUIRE_SERVERS` is set.
    public static let isAvailable: Bool = {
        let environment = ProcessInfo.processInfo.environment
        return environment["GRADUS_REQUIRE_SERVERS"] != nil || environment["GRADUS_TEST_POSTGRES"] != nil
            || binaries != nil
    }()

    /// Makes and starts a cluster of its own; returns when it answers.
    ///
    /// - Parameter isDurable: true keeps the promises of a production server, for tests that crash it.
    public init(isDurable: Bool = false) throws(Unavailable) {
        guard let binaries = Self.binaries else {
            throw Unavailable(
                description: "no PostgreSQL server programs; install postgresql or set GRADUS_TEST_POSTGRES")
        }
        do {
            folder = URL(filePath: "/tmp/gradus-pg-\(UUID().uuidString.prefix(8).lowercased())")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
            let input = Pipe()
            let shell = Process()
            shell.executableURL = URL(filePath: "/bin/sh")
            shell.arguments = [
                "-c", Self.script, "gradus-postgres", binaries, folder.path, Self.serverUser ?? "",
                isDurable ? "on" : "off",
            ]
            shell.currentDirectoryURL = folder
            shell.standardInput = input
            shell.standardOutput = FileHandle.nullDevice
            shell.standardError = FileHandle.nullDevice
            try shell.run()
            commands = input.fileHandleForWriting
            // Programs that tests start must not hold the pipe open after this process has gone.
            _ = fcntl(commands.fileDescriptor, F_SETFD, FD_CLOEXEC)
        } catch {
            throw Unavailable(description: "PostgreSQL did not start: \(error)")
        }
        url = "postgresql://postgres@/postgres?host=\(folder.path)"
        guard waitUntilReady() else {
            throw Unavailable(description: "PostgreSQL did not become ready within 60 s in \(folder.path)")
        }
    }

    deinit {
        try? commands.close()
    }

    /// Stops the server at once, as a crash does: sessions are cut, nothing is written any more.
    public func crash() {
        send("crash")
        while (try? Connection(settings())) != nil { usleep(20_000) }
    }

    /// Starts the stopped server again on the same data; false if it does not answer.
    public func start() -> Bool {
        send("start")
        return waitUntilReady()
    }

    private func send(_ command: String) {
        try? commands.write(contentsOf: Data("\(command)\n".utf8))
    }

    private func settings() throws(PostgresError) -> ConnectionSettings {
        try ConnectionSettings(url)
    }

    private func waitUntilReady() -> Bool {
        for _ in 0..<1200 {
            if (try? Connection(settings())) != nil { return true }
            usleep(50_000)
        }
        return false
    }

    /// PostgreSQL refuses to run as root, so a process of root lends the server another user.
    private static let serverUser: String? = geteuid() == 0 ? "postgres" : nil

    private static let binaries: String? = {
        let files = FileManager.default
        var places = [ProcessInfo.processInfo.environment["GRADUS_POSTGRES_BIN"]].compactMap(\.self)
        let versions = (try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? []
        places += versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        places += ["/usr/local/pgsql/bin", "/opt/homebrew/bin", "/usr/local/bin", "/usr/bin"]
        return places.first { files.isExecutableFile(atPath: $0 + "/initdb") }
    }()

    /// $1 is the programs' folder, $2 the cluster's, $3 the user to run as, or nothing, $4 whether writes are durable.
    private static let script = """
        as() { if [ -n "$user" ]; then setpriv --reuid="$user" --regid="$user" --clear-groups "$@"; else "$@"; fi; }
        bin=$1 folder=$2 user=$3 durable=$4
        trap : INT TERM HUP
        begin() {
            as "$bin/postgres" -D "$folder/data" -c listen_addresses= -c unix_socket_directories="$folder" \\
                -c fsync=$durable -c full_page_writes=$durable -c max_connections=200 -c shared_buffers=128MB \\
                -c logging_collector=off -c log_min_messages=warning </dev/null >>"$folder/log" 2>&1 &
            server=$!
        }
        end() {
            head -1 "$folder/data/postmaster.pid" | xargs -r kill -QUIT
            wait "$server"
        }
        [ -z "$user" ] || chown "$user" "$folder"
        as "$bin/initdb" -D "$folder/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \\
            </dev/null >"$folder/initdb.log" 2>&1
        begin
        while read -r command; do
            case $command in
            crash) end ;;
            start) begin ;;
            esac
        done
        end
        cd /
        rm -rf "$folder"
        """
}

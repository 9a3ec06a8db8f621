import Contracts
import Foundation
import Kafka
import Logging
import Postgres
import Synchronization
import TestServers

/// One installation: a store, a broker, the services as processes, and the operator's command.
final class Site: Sendable {
    let server: PostgresServer
    let broker: KafkaBroker
    let database: String
    let folder: URL
    let services: [ServiceProcess]

    static let sourceTopics = ["core.deposits", "crm.activities", "hr.events", "reference.data"]
    static let schemes = ["dongguan-post/big-customer-centre", "baiyin-tobacco/customer-manager"]
    /// The topics of the mock broker, which cannot make any later.
    static let mockTopics = Dictionary(
        uniqueKeysWithValues: (Topic.allCases.map(\.name) + sourceTopics).map { ($0, Topic.defaultPartitions) })
    private static let roles = ["intake", "scoring", "payroll", "notifications", "operator"]

    /// - Parameters:
    ///   - database: the name of its database, made here.
    ///   - scoring: how many scoring workers, each in one group with `workerSettings`.
    ///   - isStatic: give each process a fixed place in its group, because the broker never evicts the dead.
    init(
        server: PostgresServer, broker: KafkaBroker, database: String, scoring: Int = 1, isStatic: Bool = true,
        kafka: [String: String] = [:], workerSettings: [String: String] = [:], only: Set<String>? = nil
    ) throws {
        self.server = server
        self.broker = broker
        self.database = database
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "gradus-site-\(UUID().uuidString.prefix(8))")
        self.folder = folder
        let files = folder.appending(path: "files/ndjson")
        try FileManager.default.createDirectory(at: files, withIntermediateDirectories: true)
        try Data(Self.tokens.utf8).write(to: folder.appending(path: "tokens"))
        try Self.makeDatabase(database, on: server)

        var made: [ServiceProcess] = []
        func add(_ service: String, _ name: String, _ own: [String: String] = [:]) throws {
            guard only?.contains(service) ?? true else { return }
            var environment = Self.environment(server, broker, database, role: service, kafka: kafka)
            environment["GRADUS_HTTP_TOKENS_FILE"] = folder.appending(path: "tokens").path
            if isStatic { environment["GRADUS_KAFKA_PROPERTIES_GROUP_INSTANCE_ID"] = name }
            made.append(
                try ServiceProcess(
                    service, name: name, folder: folder, environment: environment.merging(own) { $1 }))
        }
        let sources = Self.checkout.appending(path: "deploy/local/sources.yaml").path
        try add("intake", "intake", ["GRADUS_SOURCES_FILE": sources, "GRADUS_FOLDER_ROOT": folder.path])
        for number in 1...max(1, scoring) { try add("scoring", "scoring-\(number)", workerSettings) }
        try add("payroll", "payroll")
        try add("notifications", "notifications")
        services = made
    }

    deinit {
        for service in services { try? service.kill() }
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Building it up

    /// Store, topics and schemes; then the services.
    func prepare() throws {
        try gradus("migrate")
        if !broker.isMock { try gradus(["topics", "create"] + Self.sourceTopics.flatMap { ["--also", $0] }) }
        try gradus(
            ["scheme", "publish"] + Self.schemes.map { Self.checkout.appending(path: "deploy/schemes/\($0)").path })
    }

    func start() throws {
        for service in services { try service.start() }
        for service in services { try waitUntilReady(service) }
    }

    func stop() throws {
        for service in services.reversed() { _ = try service.terminate() }
    }

    func waitUntilReady(_ service: ServiceProcess, seconds: Double = 60) throws {
        try wait("\(service.name) to be ready; \(readiness(service))\n\(service.tail)", seconds: seconds) {
            guard service.isAlive else {
                throw Command.Failure(description: "\(service.name) ended: \(service.tail)")
            }
            return get(service.address + "/readyz") != nil
        }
    }

    func named(_ name: String) throws -> ServiceProcess {
        guard let service = services.first(where: { $0.name == name }) else {
            throw Command.Failure(description: "no service \(name)")
        }
        return service
    }

    // MARK: The operator's command

    @discardableResult
    func gradus(_ words: String..., by token: String = Site.clerk, seconds: Int = 300) throws -> String {
        try gradus(words, by: token, seconds: seconds)
    }

    /// What it printed; a failing command fails the journey with what it said.
    @discardableResult
    func gradus(_ words: [String], by token: String = Site.clerk, seconds: Int = 300) throws -> String {
        let outcome = try tryGradus(words, by: token, seconds: seconds)
        guard outcome.status == 0 else {
            throw Command.Failure(
                description:
                    "gradus \(words.joined(separator: " ")) ended with \(outcome.status): \(outcome.everything)")
        }
        return outcome.output
    }

    func tryGradus(_ words: [String], by token: String = Site.clerk, seconds: Int = 300) throws -> Command.Outcome {
        var environment = Self.environment(server, broker, database, role: nil)
        environment["GRADUS_OPERATOR_TOKEN"] = token
        if let intake = services.first(where: { $0.service == "intake" }) {
            environment["GRADUS_INTAKE_URL"] = intake.address
        }
        if let payroll = services.first(where: { $0.service == "payroll" }) {
            environment["GRADUS_PAYROLL_URL"] = payroll.address
        }
        return try Command(
            program: Command.programs.appending(path: "gradus").path, arguments: words, environment: environment
        ).run(seconds: seconds)
    }

    /// Waits until everything sent has passed through all services.
    func settle(seconds: Int = 240) throws {
        do {
            try wait("Intake to take every file", seconds: 60) {
                try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "files/ndjson").path)
                    .allSatisfy { !$0.hasSuffix(".ctl") }
            }
            try gradus("status", "--wait", "--timeout", "\(seconds)", seconds: seconds + 30)
            // Credits that follow from changed assignments come after their records, and have to pass as well.
            if try number("SELECT count(*) FROM intake.pending") > 0 {
                try wait("Intake to work off changed assignments", seconds: 60) {
                    try number("SELECT count(*) FROM intake.pending") == 0
                }
                try gradus("status", "--wait", "--timeout", "\(seconds)", seconds: seconds + 30)
            }
        } catch {
            let tails = services.map { "\($0.name): \($0.tail)" }.joined(separator: "\n")
            throw Command.Failure(description: "\(error)\n\(tails)")
        }
    }

    static let institutions = ["dongguan-post", "baiyin-tobacco"]

    func close(_ period: String, institutions: [String] = Site.institutions) throws {
        for institution in institutions {
            try gradus("period", "close", "--institution", institution, "--period", period)
        }
        try settle()
    }

    func pay(_ month: String) throws {
        for institution in Self.institutions {
            let run = ["--institution", institution, "--month", month]
            try gradus(["run", "open"] + run)
            try gradus(["run", "approve"] + run, by: Self.approver)
            try gradus(["run", "release"] + run, by: Self.approver)
        }
        try settle()
    }

    // MARK: Other doors

    /// A page of a service; nil unless it answers with success.
    func get(_ address: String, token: String = Site.clerk) -> String? {
        let arguments = ["-fsS", "-m", "20", "-H", "Authorization: Bearer \(token)", address]
        guard let outcome = try? Command(program: "/usr/bin/curl", arguments: arguments).run(seconds: 30) else {
            return nil
        }
        return outcome.status == 0 ? outcome.output : nil
    }

    private func readiness(_ service: ServiceProcess) -> String {
        (try? Command(program: "/usr/bin/curl", arguments: ["-sS", "-m", "5", service.address + "/readyz"])
            .run(seconds: 10).everything) ?? ""
    }

    /// A session of the store's owner.
    func connection() throws -> Connection {
        try Connection(ConnectionSettings(Self.url(server, database, role: nil)))
    }

    /// The one number that a query gives.
    func number(_ sql: String) throws -> Int64 {
        let connection = try connection()
        defer { connection.close() }
        return try connection.query(sql)[0].int8(0)
    }

    // MARK: Parts

    static let clerk = "journey-clerk-0001"
    static let approver = "journey-approver-0001"
    private static let tokens = """
        clerk intake-writer,operator,payroll-maker,payroll-reader,inbox-reader \(clerk)
        approver payroll-approver,payroll-reader \(approver)
        """

    /// The folder that holds Package.swift.
    static let checkout = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func url(_ server: PostgresServer, _ database: String, role: String?) -> String {
        var url = server.url.replacing("@/postgres?", with: "@/\(database)?")
        if let role, Self.roles.contains(role) { url = url.replacing("//postgres@", with: "//gradus_\(role)@") }
        return url
    }

    static func environment(
        _ server: PostgresServer, _ broker: KafkaBroker, _ database: String, role: String?,
        kafka: [String: String] = [:]
    ) -> [String: String] {
        var environment = [
            "GRADUS_DATABASE_URL": url(server, database, role: role), "GRADUS_KAFKA_BROKERS": broker.bootstrap,
        ]
        var properties = kafka
        if !broker.isMock { properties["receive.message.max.bytes"] = "2000000000" }
        for (name, value) in properties {
            environment["GRADUS_KAFKA_PROPERTIES_" + name.uppercased().replacing(".", with: "_")] = value
        }
        return environment
    }

    private static func makeDatabase(_ name: String, on server: PostgresServer) throws {
        let owner = try Connection(ConnectionSettings(server.url))
        defer { owner.close() }
        for role in roles {
            let known = try owner.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [.text("gradus_\(role)")])
            if known.isEmpty { try owner.run(script: "CREATE ROLE gradus_\(role) LOGIN") }
        }
        try owner.run(script: "CREATE DATABASE \(Identifier.quoted(name))")
    }
}

let quiet: Logger = {
    var logger = Logger(label: "journey")
    logger.logLevel = .critical
    return logger
}()

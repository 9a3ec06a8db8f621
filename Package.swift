// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "gradus",
    products: [
        .executable(name: "gradus", targets: ["Operator"]),
        .executable(name: "gradus-intake", targets: ["Intake"]),
        .executable(name: "gradus-scoring", targets: ["Scoring"]),
        .executable(name: "gradus-payroll", targets: ["Payroll"]),
        .executable(name: "gradus-notifications", targets: ["Notifications"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Vocabulary, rules and decisions: no I/O, no clock, no environment.
        .pure("Domain", needs: [.crypto]),
        .pure("Contracts", needs: ["Domain"]),
        .pure("FEEL", needs: ["Domain"]),
        .pure("DMN", needs: ["Domain", "FEEL"]),
        .pure("Schemes", needs: ["Domain", "FEEL", "DMN", .yams, .crypto]),
        .pure("IntakeCore", at: "Services/Intake/Core", needs: ["Domain", "Contracts", .crypto, .yams]),
        .pure("ScoringCore", at: "Services/Scoring/Core", needs: ["Domain", "Contracts", "Schemes"]),
        .pure("Pages", needs: ["Domain"]),
        .pure("PayrollCore", at: "Services/Payroll/Core", needs: ["Domain", "Contracts", "Pages"]),
        .pure(
            "NotificationsCore", at: "Services/Notifications/Core",
            needs: ["Domain", "Contracts", "Pages", .mustache]),

        // The three C libraries, each behind one Swift module.
        .systemLibrary(name: "CLibPQ", path: "Shared/CLibPQ", pkgConfig: "libpq"),
        .systemLibrary(name: "CRdKafka", path: "Shared/CRdKafka", pkgConfig: "rdkafka"),
        .systemLibrary(name: "CCurl", path: "Shared/CCurl", pkgConfig: "libcurl"),
        .shared("Postgres", needs: ["CLibPQ", "Domain", .log]),
        .shared("Kafka", needs: ["CRdKafka", "Domain", .log]),
        .shared("Mail", needs: ["CCurl"]),
        .shared(
            "ServiceKit",
            needs: [
                "Domain", "Kafka", "Postgres", .configuration, .coreMetrics, .httpTypes, .hummingbird, .hummingbirdCore,
                .lifecycle, .log,
                .metrics, .nioCore, .signals, .yams,
            ]),
        .shared("Messaging", needs: ["Domain", "Kafka", "Postgres", .log, .coreMetrics, .lifecycle]),

        .shared("SignIn", needs: ["ServiceKit", "Pages", .hummingbird, .httpTypes, .nioCore]),

        // Tables and libraries over the store that a service shares with the operator's command.
        .target(
            name: "ScoringStores",
            dependencies: ["Domain", "Contracts", "Postgres", "ScoringCore", "SchemeLibrary", "Schemes"],
            path: "Services/Scoring/Stores", swiftSettings: .strict),
        .shared("SchemeLibrary", needs: ["Domain", "Contracts", "Schemes", "Postgres"]),
        .target(
            name: "PayrollStores",
            dependencies: ["Domain", "Contracts", "Schemes", "PayrollCore", "SchemeLibrary", "Postgres", "Messaging"],
            path: "Services/Payroll/Stores", swiftSettings: .strict),

        // The four services and the operator's command.
        .service("Intake", needs: ["Messaging", "Schemes", .hummingbird, .httpTypes, .nioCore, .yams]),
        .service("Scoring", needs: ["Messaging", "Schemes", "FEEL", "SchemeLibrary", "ScoringStores"]),
        .service(
            "Payroll",
            needs: [
                "Messaging", "PayrollStores", "SchemeLibrary", "Pages", "SignIn", .hummingbird, .httpTypes, .nioCore,
            ]),
        .service(
            "Notifications",
            needs: [
                "Messaging", "Schemes", "SchemeLibrary", "Pages", "SignIn", "Mail", .hummingbird, .httpTypes, .nioCore,
                .httpClient, .crypto,
            ]),
        .executableTarget(
            name: "Operator",
            dependencies: [
                "Domain", "Contracts", "FEEL", "DMN", "Schemes", "Kafka", "Postgres", "Messaging", "ServiceKit",
                "ScoringCore", "ScoringStores", "SchemeLibrary", "PayrollCore", "PayrollStores", .argumentParser, .log,
                .httpClient, .nio, .nioHTTP1,
            ],
            path: "Services/Operator",
            exclude: ["README.md", "Schema"],
            swiftSettings: .strict),

        .executableTarget(
            name: "Bench",
            dependencies: [
                "Domain", "Contracts", "FEEL", "DMN", "Kafka", "Postgres", "ScoringCore", "ScoringStores", "IntakeCore",
                "Schemes", "PayrollCore", "PayrollStores", "SchemeLibrary", .argumentParser, .log,
            ],
            path: "Tests/Bench", exclude: ["Packs", "Models"], swiftSettings: .strict),
        .tests("DomainTests", needs: ["Domain"]),
        .tests("ContractsTests", needs: ["Contracts", "Domain"]),
        .tests("FEELTests", needs: ["FEEL", "Domain"]),
        .tests("DMNTests", needs: ["DMN", "FEEL", "Domain"]),
        .tests(
            "ScoringTests",
            needs: [
                "Scoring", "ScoringCore", "ScoringStores", "SchemeLibrary", "Schemes", "Contracts", "Domain", "Kafka",
                "Messaging", "Postgres", "ServiceKit", "TestServers", "MockBroker", .log,
            ]),
        .tests("SchemesTests", needs: ["Schemes", "FEEL", "Domain"]),
        .target(
            name: "TestServers", dependencies: ["Kafka", "Postgres", .log], path: "Tests/TestServers",
            swiftSettings: .strict),
        .executableTarget(
            name: "MockBroker", dependencies: ["CRdKafka"], path: "Tests/MockBroker", swiftSettings: .strict),
        .tests("PostgresTests", needs: ["Postgres", "Domain", "TestServers"]),
        .tests(
            "IntakeTests",
            needs: [
                "Intake", "IntakeCore", "Contracts", "Domain", "Kafka", "Messaging", "Postgres", "ServiceKit",
                "TestServers", "MockBroker", .log,
            ]),
        .tests("MailTests", needs: ["Mail", "TestServers"]),
        .tests("KafkaTests", needs: ["Kafka", "TestServers", "MockBroker", .log]),
        .target(
            name: "Ledger", dependencies: ["Messaging", "Kafka", "Postgres", "Domain"], path: "Tests/Ledger",
            swiftSettings: .strict),
        .executableTarget(
            name: "LedgerWorker", dependencies: ["Ledger", "Messaging", "Kafka", "Postgres", .log],
            path: "Tests/LedgerWorker", swiftSettings: .strict),
        .executableTarget(
            name: "MessagingBenchmark",
            dependencies: ["Ledger", "Messaging", "Kafka", "Postgres", "TestServers", .log],
            path: "Tests/MessagingBenchmark", swiftSettings: .strict),
        .tests(
            "MessagingTests",
            needs: [
                "Messaging", "Ledger", "LedgerWorker", "Kafka", "Postgres", "Domain", "TestServers", "MockBroker", .log,
            ]),
        .tests(
            "ServiceKitTests",
            needs: [
                "ServiceKit", "ServiceKitProbe", "Kafka", .hummingbird, .httpTypes, .nioCore, .lifecycle, .log,
                .metrics,
                .coreMetrics,
            ]),
        .executableTarget(
            name: "ServiceKitProbe", dependencies: ["ServiceKit", .lifecycle, .log], path: "Tests/ServiceKitProbe",
            swiftSettings: .strict),
        .target(
            name: "ServiceHarness",
            dependencies: ["Domain", "Contracts", "Kafka", "Postgres", "Messaging", "TestServers", .log],
            path: "Tests/ServiceHarness", swiftSettings: .strict),
        .tests(
            "PayrollTests",
            needs: [
                "PayrollCore", "PayrollStores", "Payroll", "Pages", "Contracts", "Domain", "Postgres", "ServiceHarness",
                "TestServers",
            ]),
        .tests(
            "NotificationsTests",
            needs: [
                "NotificationsCore", "Notifications", "Pages", "Contracts", "Domain", "Postgres", "ServiceHarness",
                "TestServers", .hummingbird, .httpTypes, .nioCore, .crypto,
            ]),
        .tests(
            "OperatorTests",
            needs: [
                "Operator", "Scoring", "Payroll", "ScoringCore", "ScoringStores", "PayrollCore", "PayrollStores",
                "SchemeLibrary", "Schemes", "Contracts", "Domain", "Messaging", "Postgres", "ServiceKit",
                "ServiceHarness", "TestServers", "Kafka", .argumentParser,
            ]),

        // Whole installations: the five programs above as processes; a build of all tests builds them, too.
        .tests(
            "JourneyTests",
            needs: [
                "Operator", "Contracts", "Domain", "Kafka", "Postgres", "SchemeLibrary", "Schemes", "ScoringCore",
                "ScoringStores", "TestServers", "MockBroker", .log,
            ]),
    ],
    swiftLanguageModes: [.v6]
)

extension Target {
    static func pure(_ name: String, at path: String? = nil, needs: [Dependency] = []) -> Target {
        .target(
            name: name, dependencies: needs, path: path ?? "Shared/\(name)", exclude: [],
            swiftSettings: .strict + [.strictMemorySafety()])
    }

    static func shared(_ name: String, needs: [Dependency] = []) -> Target {
        .target(name: name, dependencies: needs, path: "Shared/\(name)", swiftSettings: .strict)
    }

    static func service(_ name: String, needs: [Dependency] = []) -> Target {
        .executableTarget(
            name: name,
            dependencies: [
                "Domain", "Contracts", "Kafka", "Postgres", "ServiceKit", .target(name: "\(name)Core"),
                .configuration, .lifecycle, .log, .metrics,
            ] + needs,
            path: "Services/\(name)/App",
            swiftSettings: .strict)
    }

    static func tests(_ name: String, needs: [Dependency]) -> Target {
        .testTarget(name: name, dependencies: needs, path: "Tests/\(name)", swiftSettings: .strict)
    }
}

extension Target.Dependency {
    static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
    static let configuration = product(name: "Configuration", package: "swift-configuration")
    static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
    static let crypto = product(name: "Crypto", package: "swift-crypto")
    static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
    static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
    static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
    static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
    static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let log = product(name: "Logging", package: "swift-log")
    static let metrics = product(name: "Metrics", package: "swift-metrics")
    static let nioCore = product(name: "NIOCore", package: "swift-nio")
    static let mustache = product(name: "Mustache", package: "swift-mustache")
    static let signals = product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let nio = product(name: "NIOCore", package: "swift-nio")
    static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
    static let yams = product(name: "Yams", package: "Yams")
}

extension [SwiftSetting] {
    static let strict: [SwiftSetting] = [
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ]
}

import Foundation
import Kafka
import Testing

@testable import ServiceKit

/// A settings type with one key of each type.
private struct SampleSettings: ServiceSettings {
    enum Mode: String, CaseIterable {
        case fast, careful
    }

    let database: DatabaseSettings
    let kafka: KafkaSettings
    let group: String
    let batch: Int
    let mode: Mode
    let topics: [String]
    let isStrict: Bool
    let pause: Duration
    let note: String?

    init(_ read: SettingsReader) {
        database = DatabaseSettings(read)
        kafka = KafkaSettings(read)
        group = read.string("kafka.group", default: "gradus-sample", "Consumer group.")
        batch = read.integer("kafka.batch.records", default: 500, in: 1...10_000, "Records in one transaction.")
        mode = read.choice("mode", default: .careful, "How.")
        topics = read.list("topics", default: ["a"], "What.")
        isStrict = read.boolean("strict", default: true, "Whether.")
        pause = read.milliseconds("pause.milliseconds", default: 5, in: 0...100, "How long.")
        note = read.optionalString("note", "Anything.")
    }
}

@Suite struct SettingsTests {
    private static let required = [
        "GRADUS_DATABASE_URL": "postgresql://payroll:geheim@db/gradus", "GRADUS_KAFKA_BROKERS": "a:9092",
    ]

    private func read(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) throws(SettingsError) -> SampleSettings {
        let all = Self.required.merging(environment) { $1 }
        return try readSettings(arguments: arguments, environment: all, strictly: true)
    }

    private func faults(_ arguments: [String] = [], _ environment: [String: String] = [:]) -> [String] {
        do throws(SettingsError) {
            _ = try read(arguments, environment)
            return []
        } catch {
            return error.faults.map(\.description)
        }
    }

    /// A file that lives as long as the body.
    private func withFile<Value>(_ text: String, _ body: (String) throws -> Value) throws -> Value {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    @Test func aFlagIsStrongerThanTheEnvironmentThanTheFileThanTheDefault() throws {
        try withFile("kafka:\n  group: from-file\n  batch.records: 7\nmode: fast\n") { path in
            let environment = ["GRADUS_CONFIG": path, "GRADUS_KAFKA_BATCH_RECORDS": "8", "GRADUS_MODE": "careful"]
            let settings = try read(["--kafka-batch-records", "9"], environment)
            #expect(settings.batch == 9)
            #expect(settings.mode == .careful)
            #expect(settings.group == "from-file")
            #expect(settings.topics == ["a"])
        }
    }

    @Test func aFlagMayBeSpelledWithDotsAndAnEqualsSign() throws {
        let settings = try read(["--kafka.batch.records=12"])
        #expect(settings.batch == 12)
    }

    @Test func aJSONFileIsReadLikeAYAMLFile() throws {
        try withFile(#"{"topics": ["x", "y"], "strict": false, "pause": {"milliseconds": 40}, "note": null}"#) { path in
            let settings = try read(["--config", path])
            #expect(settings.topics == ["x", "y"])
            #expect(!settings.isStrict)
            #expect(settings.pause == .milliseconds(40))
            #expect(settings.note == nil)
        }
    }

    @Test func everyFaultIsReportedAtOnce() {
        let found = faults(
            ["--kafka-batch-records", "0"],
            [
                "GRADUS_KAFKA_BROKERS": "", "GRADUS_MODE": "sloppy", "GRADUS_STRICT": "perhaps",
                "GRADUS_KAFKA_GROPU": "x", "GRADUS_PAUSE_MILLISECONDS": "soon",
            ])
        #expect(
            found == [
                "GR-SET-001 kafka.brokers is not set: give GRADUS_KAFKA_BROKERS or --kafka-brokers. "
                    + "Bootstrap brokers, host:port parted by commas.",
                "GR-SET-003 --kafka-batch-records is 0, but must be from 1 to 10000",
                "GR-SET-002 GRADUS_MODE is not one of fast, careful: “sloppy”",
                "GR-SET-002 GRADUS_STRICT is neither true nor false: “perhaps”",
                "GR-SET-002 GRADUS_PAUSE_MILLISECONDS is not a whole number: “soon”",
                "GR-SET-004 GRADUS_KAFKA_GROPU is not a setting: remove it or correct its spelling, see --help",
            ])
    }

    @Test func anUnknownKeyOfTheFileIsAFaultWithItsLine() throws {
        try withFile("mode: fast\nkafka:\n  gruop: x\n") { path in
            let found = faults(["--config", path])
            #expect(
                found == [
                    "GR-SET-004 kafka.gruop in \(path):3 is not a setting: remove it or correct its spelling, see --help"
                ])
        }
    }

    @Test(arguments: [
        (["--mode"], "GR-SET-007 --mode has no value: write --mode value"),
        (["careful"], "GR-SET-007 argument 1 is not a flag: write --key value, see --help"),
        (["--mode", "fast", "--mode", "fast"], "GR-SET-007 --mode is given twice: give it once"),
        (["--moed", "fast"], "GR-SET-007 --moed is not a setting: remove it or correct its spelling, see --help"),
    ])
    func aMalformedCommandLineIsAUsageFault(arguments: [String], fault: String) {
        #expect(faults(arguments) == [fault])
        #expect(SettingsError([SettingsFault(.usage, "x")]).exitCode == .usage)
        #expect(SettingsError([SettingsFault(.usage, "x"), SettingsFault(.missing, "y")]).exitCode == .configuration)
    }

    @Test func aSecretsFileIsStrongerThanTheSecret() throws {
        try withFile("postgresql://payroll:from-file@db/gradus\n") { path in
            let settings = try read([], ["GRADUS_DATABASE_URL_FILE": path])
            #expect(settings.database.url.revealed == "postgresql://payroll:from-file@db/gradus")
        }
    }

    @Test func aSecretsFileThatCannotBeReadIsAFaultEvenWhenTheSecretIsThere() {
        let found = faults([], ["GRADUS_DATABASE_URL_FILE": "/nowhere/secret"])
        #expect(found == ["GR-SET-005 GRADUS_DATABASE_URL_FILE: the file cannot be read: check path and rights"])
    }

    @Test func aMissingSecretNamesBothWaysToGiveIt() {
        let found = faults([], ["GRADUS_DATABASE_URL": ""])
        #expect(found.count == 1)
        #expect(found.first?.contains("give GRADUS_DATABASE_URL_FILE or GRADUS_DATABASE_URL") == true)
    }

    @Test func aSecretPrintsNothingOfItself() throws {
        let settings = try read([], ["GRADUS_KAFKA_PROPERTIES_SASL_PASSWORD": "geheim-2"])
        var dumped = ""
        dump(settings.database, to: &dumped)
        let shown = dumped + "\(settings.database) \(settings.kafka)" + String(reflecting: settings.database.url)
        #expect(!shown.contains("geheim"))
        #expect(shown.contains("[secret]"))
    }

    @Test func aDatabaseURLThatCannotBeReadIsAFaultWithoutIt() {
        let found = faults([], ["GRADUS_DATABASE_URL": "postgresql://a:geheim@[::1/gradus"])
        #expect(found.count == 1)
        #expect(found.first?.hasPrefix("GR-SET-008 GRADUS_DATABASE_URL is refused: ") == true)
        #expect(found.first?.contains("geheim") == false)
    }

    @Test func theOperatorsPropertiesAreStrongerThanTheServicesAndBrokersStandInOnePlace() throws {
        let settings = try read(
            [], ["GRADUS_KAFKA_PROPERTIES_CLIENT_ID": "theirs", "GRADUS_KAFKA_PROPERTIES_ACKS": "all"])
        let configuration = settings.kafka.configuration(["client.id": "ours", "group.id": "g"])
        #expect(
            configuration.properties == [
                "client.id": "theirs", "acks": "all", "group.id": "g", "bootstrap.servers": "a:9092",
            ])
        let found = faults([], ["GRADUS_KAFKA_PROPERTIES_BOOTSTRAP_SERVERS": "b:9092"])
        #expect(found.first?.contains("contradicts kafka.brokers") == true)
    }

    @Test func librdkafkaPropertiesPassThroughFromEverySource() throws {
        try withFile("kafka:\n  properties:\n    security.protocol: SASL_SSL\n    ssl: {ca.location: /ca}\n") { path in
            try withFile("geheim\n") { secret in
                let settings = try read(
                    ["--kafka-properties-client-id", "c1"],
                    [
                        "GRADUS_CONFIG": path, "GRADUS_KAFKA_PROPERTIES_SASL_USERNAME": "payroll",
                        "GRADUS_KAFKA_PROPERTIES_SASL_PASSWORD_FILE": secret,
                    ])
                #expect(
                    settings.kafka.properties == [
                        "security.protocol": "SASL_SSL", "ssl.ca.location": "/ca", "sasl.username": "payroll",
                        "sasl.password": "geheim", "client.id": "c1",
                    ])
            }
        }
    }

    @Test func aBrokenFileIsOneFaultThatQuotesNothingOfIt() throws {
        try withFile("database:\n  url: [geheim\nkafka: {\n") { path in
            let found = faults(["--config", path])
            #expect(found.count == 1)
            #expect(found.first?.hasPrefix("GR-SET-006 settings file \(path) is not YAML or JSON: line ") == true)
            #expect(found.first?.contains("geheim") == false)
        }
        #expect(faults(["--config", "/nowhere.yaml"]).first?.hasPrefix("GR-SET-006") == true)
    }

    @Test func variablesOfKubernetesAndOfTheScriptsAreNotSettings() throws {
        _ = try read(
            [],
            [
                "GRADUS_SCORING_SERVICE_HOST": "10.0.0.1", "GRADUS_SCORING_PORT": "tcp://10.0.0.1:80",
                "GRADUS_LOCAL": "/tmp", "GRADUS_SCORING_PORT_80_TCP_PROTO": "tcp",
                "GRADUS_SCORING_SERVICE_PORT_HTTP": "80",
            ])
    }

    @Test func aCommandLeavesOtherProgramsVariablesAlone() throws {
        let environment = Self.required.merging(["GRADUS_HTTP_PORT": "1", "GRADUS_LOCAL": "/tmp"]) { $1 }
        let settings: SampleSettings = try readSettings(arguments: [], environment: environment)
        #expect(settings.group == "gradus-sample")
    }

    @Test func helpNamesEveryKeyWithTypeDefaultAndMeaning() {
        let reader = SettingsReader(SettingsSources(arguments: ["--help"], environment: [:]))
        _ = HostSettings(reader, defaultPort: 8083)
        _ = SampleSettings(reader)
        let help = settingsHelp(program: "gradus-sample", reader.entries)
        #expect(
            help.contains(
                "kafka.batch.records  (whole number, 1 to 10000; default 500)\n    Records in one transaction.\n"
                    + "    GRADUS_KAFKA_BATCH_RECORDS, --kafka-batch-records"))
        #expect(help.contains("database.url  (secret text; required)"))
        #expect(help.contains("http.port  (whole number, 0 to 65535; default 8083)"))
        #expect(help.contains("78 wrong settings"))
    }

    @Test func wrongBearerTokensAreFaultsThatNameTheLineOnly() {
        let environment = ["GRADUS_HTTP_TOKENS": "core-banking intake-writer short\n# note\ncrm abcdefghijklmnopqrst\n"]
        let reader = SettingsReader(SettingsSources(arguments: [], environment: environment))
        _ = HostSettings(reader, defaultPort: 0)
        #expect {
            try reader.finish()
        } throws: { error in
            (error as? SettingsError)?.faults.map(\.description) == [
                "GR-SET-008 GRADUS_HTTP_TOKENS line 1 has a token shorter than 16 characters",
                "GR-SET-008 GRADUS_HTTP_TOKENS line 3 does not read: name role[,role] token",
            ]
        }
    }
}

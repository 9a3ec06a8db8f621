import ArgumentParser
import Foundation
import Postgres

/// `gradus deadletters`: rejected input, kept as it came.
struct DeadLettersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deadletters", abstract: "List, show, retry and discard rejected input.",
        subcommands: [List.self, Show.self, Retry.self, Discard.self])

    /// Which letters a command means.
    struct Selection: ParsableArguments {
        @Option(help: "Only this service: intake, scoring, payroll or notices.")
        var service: String?

        @Option(help: "Only this code, such as GR-INTAKE-105.")
        var code: String?

        @Option(help: "Only this one, as SERVICE:NUMBER.")
        var id: String?

        func validate() throws {
            if let service, ServiceSchema(rawValue: service) == nil {
                throw ValidationError(
                    "--service is one of \(ServiceSchema.allCases.map(\.rawValue).joined(separator: ", "))")
            }
            if id != nil, DeadLetter.Identity(id ?? "") == nil {
                throw ValidationError("--id looks like intake:17")
            }
        }

        func letters(on connection: Connection, state: String = "new") throws -> [DeadLetter] {
            let identity = id.flatMap { DeadLetter.Identity($0) }
            return try ServiceSchema.present(on: connection)
                .filter { (service ?? identity?.schema.rawValue ?? $0.rawValue) == $0.rawValue }
                .flatMap {
                    try DeadLetter.all(in: $0, state: state, code: code, number: identity?.number, on: connection)
                }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Count rejects by service, code and reason.")

        @OptionGroup var selection: Selection
        @OptionGroup var report: ReportOptions

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let letters = try selection.letters(on: connection)
            if report.json { return try Terminal.json(letters.map(\.summary)) }
            guard !letters.isEmpty else { return Terminal.line("No dead letters.") }
            var table = Table([
                .text("id"), .text("code"), .text("topic"), .number("partition"), .number("offset"), .text("reason"),
            ])
            for letter in letters.prefix(200) {
                table.add(
                    "\(letter.identity)", letter.code, letter.topic, "\(letter.partition)", "\(letter.offset)",
                    String(letter.detail.prefix(100)))
            }
            table.show()
            if letters.count > 200 {
                Terminal.line("… and \(letters.count - 200) more; narrow with --service or --code")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show one reject whole, with its raw bytes.")

        @Argument(help: "SERVICE:NUMBER, such as intake:17.")
        var id: String

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            guard let identity = DeadLetter.Identity(id),
                let letter = try DeadLetter.all(
                    in: identity.schema, state: nil, code: nil, number: identity.number, on: connection
                ).first
            else { throw OperatorError("GR-OPERATOR-070", "there is no dead letter \(id)", exitCode: 66) }
            Terminal.line("\(letter.identity)  \(letter.state)  \(letter.code)")
            Terminal.line("from \(letter.topic)[\(letter.partition)]@\(letter.offset), consumer \(letter.consumer)")
            Terminal.line("why  \(letter.detail)")
            Terminal.line("data \(letter.value.map { String(decoding: $0, as: UTF8.self) } ?? "(none)")")
        }
    }

    struct Retry: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send rejects through their source topic once more.",
            discussion: "What was applied meanwhile is recognised by its id; a repeat changes nothing.")

        @OptionGroup var selection: Selection

        @Option(help: "Reference of whoever does it.")
        var by: String

        func run() throws {
            let settings = try OperatorSettings.load()
            let connection = try settings.connection()
            defer { connection.close() }
            let letters = try selection.letters(on: connection)
            let topics = letters.filter { !$0.topic.contains("/") && $0.partition >= 0 }
            try EventWriter(settings.kafkaConfiguration).write(
                topics.map { letter in
                    EventWriter.Message(
                        topic: letter.topic, key: letter.key.map { String(decoding: $0, as: UTF8.self) },
                        value: letter.value ?? [])
                })
            try DeadLetter.resolve(topics, as: "retried", by: by, because: "sent again", on: connection)
            Terminal.line("sent \(topics.count) again")
            if topics.count < letters.count {
                Terminal.line("\(letters.count - topics.count) came by file or HTTP: send them again from their source")
            }
        }
    }

    struct Discard: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Mark rejects as not wanted; they stay on record.")

        @OptionGroup var selection: Selection

        @Option(help: "Reference of whoever does it.")
        var by: String

        @Option(help: "Why.")
        var reason: String

        func run() throws {
            let connection = try OperatorSettings.load().connection()
            defer { connection.close() }
            let letters = try selection.letters(on: connection)
            try DeadLetter.resolve(letters, as: "discarded", by: by, because: reason, on: connection)
            Terminal.line("discarded \(letters.count)")
        }
    }
}

/// A row of a service's `dead_letter` table.
struct DeadLetter {
    struct Identity: CustomStringConvertible {
        let schema: ServiceSchema
        let number: Int64

        init(schema: ServiceSchema, number: Int64) {
            self.schema = schema
            self.number = number
        }

        init?(_ text: String) {
            let parts = text.split(separator: ":")
            guard parts.count == 2, let schema = ServiceSchema(rawValue: String(parts[0])), let number = Int64(parts[1])
            else { return nil }
            self.init(schema: schema, number: number)
        }

        var description: String { "\(schema.rawValue):\(number)" }
    }

    struct Summary: Encodable {
        let id: String
        let code: String
        let detail: String
        let topic: String
        let partition: Int32
        let offset: Int64
        let state: String
    }

    let identity: Identity
    let consumer: String
    let topic: String
    let partition: Int32
    let offset: Int64
    let key: [UInt8]?
    let value: [UInt8]?
    let code: String
    let detail: String
    let state: String

    var summary: Summary {
        Summary(
            id: identity.description, code: code, detail: detail, topic: topic, partition: partition, offset: offset,
            state: state)
    }

    static func all(
        in schema: ServiceSchema, state: String?, code: String?, number: Int64?, on connection: Connection
    ) throws -> [DeadLetter] {
        try connection.query(
            """
            SELECT id, consumer, topic, partition, "offset", key, value, code, detail, state
            FROM \(schema.rawValue).dead_letter
            WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR code = $2) AND ($3::bigint IS NULL OR id = $3)
            ORDER BY id
            """,
            [.text(state), .text(code), .int8(number)]
        ).map { row in
            DeadLetter(
                identity: Identity(schema: schema, number: try row.int8(0)), consumer: try row.text(1),
                topic: try row.text(2), partition: try row.int4(3), offset: try row.int8(4),
                key: try row.optionalBytes(5), value: try row.optionalBytes(6), code: try row.text(7),
                detail: try row.text(8), state: try row.text(9))
        }
    }

    static func resolve(
        _ letters: [DeadLetter], as state: String, by actor: String, because reason: String, on connection: Connection
    ) throws {
        for (schema, group) in Dictionary(grouping: letters, by: \.identity.schema) {
            try connection.execute(
                """
                UPDATE \(schema.rawValue).dead_letter
                SET state = $2, resolved_at = now(), resolved_by = $3, resolution = $4
                WHERE id = ANY($1) AND state = 'new'
                """,
                [.int8s(group.map(\.identity.number)), .text(state), .text(actor), .text(reason)])
        }
    }
}

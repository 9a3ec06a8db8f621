import Contracts
import Domain
import Kafka
import Postgres
import Schemes

/// A row of `reference.scheme`.
struct PublishedScheme {
    let institution: String
    let name: String
    let version: Int
    let effectiveFrom: CalendarDate
    let effectiveTo: CalendarDate?
    let digest: String
    let document: String
    let publishedBy: String

    struct Summary: Encodable {
        let scheme: String
        let version: Int
        let effectiveFrom: CalendarDate
        let effectiveTo: CalendarDate?
        let digest: String
        let publishedBy: String
    }

    var summary: Summary {
        Summary(
            scheme: "\(institution)/\(name)", version: version, effectiveFrom: effectiveFrom, effectiveTo: effectiveTo,
            digest: digest, publishedBy: publishedBy)
    }

    func compiled() throws -> Scheme {
        let bundle = try SchemeBundle(document: document)
        return try Scheme(compiling: bundle.files.map { SchemeSource(file: $0.file, text: $0.text) })
    }
}

/// The published versions in the store.
enum PublishedSchemes {
    static func all(on connection: Connection) throws -> [PublishedScheme] {
        try connection.query(
            """
            SELECT institution, name, version, effective_from, effective_to, digest, document, published_by
            FROM reference.scheme ORDER BY institution, name, version
            """
        ).map { row in
            PublishedScheme(
                institution: try row.text(0), name: try row.text(1), version: Int(try row.int4(2)),
                effectiveFrom: try row.date(3),
                effectiveTo: try row.optionalDate(4),
                digest: try row.text(5), document: try row.text(6), publishedBy: try row.text(7))
        }
    }
}

/// Publishes packs: all of them or none, and tells every partition of the facts topic.
struct SchemePublisher {
    let settings: OperatorSettings
    let publishedBy: String

    struct Outcome: Encodable {
        let scheme: String
        let version: Int
        let outcome: String
    }

    func publish(_ packs: [SchemePack]) throws -> [Outcome] {
        let connection = try settings.connection()
        defer { connection.close() }
        let published = try PublishedSchemes.all(on: connection)
        var outcomes: [Outcome] = []
        var fresh: [(pack: SchemePack, scheme: Scheme)] = []
        for pack in packs {
            let scheme = try publishable(pack)
            if let same = published.first(where: {
                "\($0.institution)/\($0.name)" == scheme.id && $0.version == scheme.version
            }) {
                guard same.digest == scheme.digest else {
                    throw OperatorError(
                        "GR-OPERATOR-034",
                        "\(scheme.id) version \(scheme.version) is already published with other rules; raise `version`",
                        exitCode: 65)
                }
                outcomes.append(Outcome(scheme: scheme.id, version: scheme.version, outcome: "already published"))
            } else {
                fresh.append((pack, scheme))
                outcomes.append(Outcome(scheme: scheme.id, version: scheme.version, outcome: "published"))
            }
        }
        try refuseOverlaps(published, with: fresh.map(\.scheme))
        try record(fresh, on: connection)
        // The announcement repeats for versions already recorded: a run that died in between is made good.
        try announce(packs)
        return outcomes
    }

    private func publishable(_ pack: SchemePack) throws -> Scheme {
        let scheme = try pack.compiled()
        let errors = SchemeCheck.check(pack.sources).filter { $0.severity == .error }
        guard errors.isEmpty else {
            throw OperatorError(
                "GR-OPERATOR-035",
                "\(scheme.id) has faults:\n" + errors.map { "  \($0)" }.joined(separator: "\n"), exitCode: 65)
        }
        let failed = SchemeTests.run(pack.sources).cases.filter { !$0.failures.isEmpty }
        guard failed.isEmpty else {
            throw OperatorError(
                "GR-OPERATOR-036", "\(scheme.id): \(failed.count) of its tests fail; see gradus scheme test",
                exitCode: 65)
        }
        return scheme
    }

    private func refuseOverlaps(_ published: [PublishedScheme], with fresh: [Scheme]) throws {
        do {
            _ = try SchemeCalendar(published.map { try $0.compiled() } + fresh)
        } catch let faults as SchemeFaults {
            throw OperatorError(
                "GR-OPERATOR-037",
                "versions overlap in time:\n" + faults.faults.map { "  \($0)" }.joined(separator: "\n"), exitCode: 65)
        }
    }

    private func record(_ fresh: [(pack: SchemePack, scheme: Scheme)], on connection: Connection) throws {
        let documents = try fresh.map { try $0.pack.bundle.document() }
        try connection.transaction(.readCommitted) { transaction throws(PostgresError) in
            for (document, scheme) in zip(documents, fresh.map(\.scheme)) {
                try transaction.execute(
                    """
                    INSERT INTO reference.scheme
                      (institution, name, version, effective_from, effective_to, digest, document, published_by)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                    """,
                    [
                        .text(scheme.institution), .text(scheme.name), .int4(Int32(scheme.version)),
                        .date(daysSince1970: scheme.effectiveFrom.dayNumber),
                        .date(daysSince1970: scheme.effectiveTo?.dayNumber), .text(scheme.digest), .text(document),
                        .text(publishedBy),
                    ])
            }
        }
    }

    private func announce(_ packs: [SchemePack]) throws {
        let schemes = try packs.map { try $0.compiled() }
        let administration = try TopicAdministration(settings.kafkaConfiguration, logger: OperatorSettings.logger)
        guard let partitions = try administration.partitionCount(of: Topic.facts.name) else {
            throw OperatorError(
                "GR-OPERATOR-041", "the topic \(Topic.facts.name) does not exist; run gradus topics create",
                exitCode: 69)
        }
        try EventWriter(settings.kafkaConfiguration).write(
            schemes.flatMap { scheme in
                (0..<Int32(partitions)).map { partition in
                    let reference = SchemeReference(scheme: scheme.id, version: scheme.version)
                    let marker = SchemeMarker(institution: scheme.institution, scheme: reference, partition: partition)
                    return EventWriter.Message(
                        marker: marker.published, type: .schemePublished, partition: partition, value: marker.encoded)
                }
            })
    }
}

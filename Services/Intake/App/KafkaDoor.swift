import IntakeCore
import Kafka
import Messaging
import Metrics
import Postgres

/// Takes the messages of the source topics.
struct KafkaDoor: BatchHandler {
    private var ingestor: Ingestor
    private let topics: [String: Int]
    private let metrics: IntakeMetrics
    private var uncounted: (result: IngestResult, source: String)?

    init(_ ingestor: Ingestor, metrics: IntakeMetrics) {
        self.ingestor = ingestor
        self.metrics = metrics
        topics = ingestor.catalogue.topics
    }

    mutating func process(
        _ messages: MessageBatch, in transaction: borrowing Transaction, _ context: BatchContext
    ) throws -> BatchOutcome {
        guard let source = topics[context.partition.topic] else { return BatchOutcome() }
        var input = IngestInput(source: source, bytes: messages.bytes, ranges: [])
        input.ranges = messages.indices.map { messages.valueRange($0) ?? 0..<0 }
        if case .kafka(_, cloudEvents: true) = ingestor.catalogue.document.sources[source].inlet {
            input.company = { Self.company(messages.headers(messages.indices.lowerBound + $0)) }
        }
        let result = try retriable { try ingestor.ingest(input, in: copy transaction) }
        uncounted = (result, ingestor.catalogue.id(source))
        var outcome = BatchOutcome(
            applied: result.count("accepted") + result.count("suspended"), duplicates: result.count("duplicate"))
        for (place, recordOutcome) in result.outcomes.enumerated() {
            guard case .rejected(let problems) = recordOutcome else { continue }
            outcome.deadLetters.append(
                DeadLetter(
                    message: messages.indices.lowerBound + place,
                    code: problems.first?.code.rawValue ?? "GR-INTAKE-100",
                    detail: problems.map { $0.description }.joined(separator: " | ")))
        }
        return outcome
    }

    mutating func didCommit() {
        if let (result, source) = uncounted { metrics.count(result, source: source) }
        uncounted = nil
    }

    mutating func didRollBack() { uncounted = nil }

    private static func company(_ headers: HeaderList) -> IngestInput.Company {
        var trace: String?
        var attributes: [(name: String, value: String)] = []
        var contentType: String?
        for (name, value) in headers.all {
            guard let value else { continue }
            let lower = name.lowercased()
            if lower.hasPrefix("ce_") {
                attributes.append((String(lower.dropFirst(3)), String(decoding: value, as: UTF8.self)))
            }
            if lower == "traceparent" { trace = String(decoding: value, as: UTF8.self) }
            if lower == "content-type" { contentType = String(decoding: value, as: UTF8.self) }
        }
        if EventHeaders.isStructured(contentType: contentType) { return .init(trace: trace) }
        let isBinary = attributes.contains { $0.name == "specversion" && $0.value == "1.0" }
        return .init(envelope: isBinary ? .beside(attributes) : .missing, trace: trace)
    }
}

/// Another door took one of the batch's records between the look-up and the insert; the next attempt sees it.
struct TakenMeanwhile: ClassifiedFault {
    let code = "GR-INTAKE-010"
    let isTransient = true
}

/// Runs `body`; a record taken twice at the same time is a reason to look again, not to refuse it.
func retriable<Value>(_ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch let error as PostgresError where error.isUniqueViolation(of: "received_pkey") {
        throw TakenMeanwhile()
    }
}

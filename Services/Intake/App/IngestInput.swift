import IntakeCore

/// Records of one source as they came: one block of bytes and where each record stands in it.
struct IngestInput {
    /// How a record says its CloudEvents attributes.
    enum Envelope {
        /// Not at all, or within the record itself.
        case inside
        /// Beside it: headers of binary mode.
        case beside([(name: String, value: String)])
        /// It should, but does not.
        case missing
    }

    /// What came with a record.
    struct Company {
        var envelope = Envelope.inside
        /// A W3C `traceparent`, such as a header; unchecked.
        var trace: String?
    }

    var source: Int
    var bytes: [UInt8]
    /// Empty ranges are records without a value.
    var ranges: [Range<Int>]
    var company: (Int) -> Company = { _ in Company() }
    /// Whether the answer must name each record.
    var namesRecords = false
}

/// What became of one record.
enum RecordOutcome: Hashable {
    case accepted
    case duplicate
    case suspended
    case rejected([RecordProblem])

    var name: String {
        switch self {
        case .accepted: "accepted"
        case .duplicate: "duplicate"
        case .suspended: "suspended"
        case .rejected: "rejected"
        }
    }
}

/// What became of the records of one input, in their order.
struct IngestResult {
    var outcomes: [RecordOutcome]
    /// The records' ids, when they were asked for.
    var ids: [String] = []
    var facts = 0

    func count(_ name: String) -> Int { outcomes.count { $0.name == name } }
}

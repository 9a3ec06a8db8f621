/// A place at which a scheme begins to give something else, with what it gives on both sides.
public struct SchemeBoundary: Hashable, Sendable {
    /// Where a case lies from the threshold.
    public enum Side: String, Sendable, Codable { case below, at, above }

    /// How the cases were tried.
    public enum Evidence: String, Sendable, Codable {
        /// From facts, through series, closes and pay.
        case facts
        /// From the values of figures, because no single fact leads to them.
        case figures
    }

    /// One value beside the threshold and what follows from it.
    public struct Case: Hashable, Sendable {
        public let side: Side
        /// The value, or the moment, that was tried.
        public let value: String
        /// What the scheme gives: figures, grade, pay, fines, tasks, rows.
        public let outcome: String
    }

    /// The element whose result may change, and its kind, such as `table`.
    public let element: String
    public let kind: String
    /// The rule's number and the sentence itself.
    public let rule: String
    public let clause: String
    public let file: String
    public let line: Int
    /// What is varied: a figure, or the amount of a fact.
    public let quantity: String
    /// The threshold as a value, with its unit.
    public let threshold: String
    public let unit: String
    public let evidence: Evidence
    public let cases: [Case]
}

/// All boundaries of a pack and the tests that pin them down.
public struct BoundaryReport: Sendable {
    /// In the order of the document.
    public let boundaries: [SchemeBoundary]
    /// Thresholds for which no case could be made, with the reason.
    public let untried: [String]
    /// The cases as a test file in the format of scheme tests.
    public let tests: SchemeSource
}

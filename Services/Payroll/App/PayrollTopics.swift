import Contracts

/// The topics that Payroll reads and rejects to.
enum PayrollTopics {
    static let scores = Topic.scores.name
    static let deadLetters = Topic.deadLetters.name
}

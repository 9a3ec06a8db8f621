/// The topics of Gradus; the bank's own source topics are named in Intake's configuration.
public enum Topic: String, Sendable, CaseIterable {
    case facts = "gradus.facts.v1"
    case scores = "gradus.scores.v1"
    case payroll = "gradus.payroll.v1"
    case notices = "gradus.notices.v1"
    case deadLetters = "gradus.deadletters.v1"

    public var name: String { rawValue }

    /// Partitions at creation; fixed for the topic's life because keys would move.
    public static let defaultPartitions = 12
}

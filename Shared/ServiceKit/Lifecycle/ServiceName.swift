/// A process of Gradus, by the name it has in logs, metrics and commands.
public struct ServiceName: RawRepresentable, Hashable, Sendable {
    /// The name: `payroll`.
    public let rawValue: String

    /// Names a process.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// Takes events in.
    public static let intake = ServiceName(rawValue: "intake")
    /// Scores and grades.
    public static let scoring = ServiceName(rawValue: "scoring")
    /// Pays.
    public static let payroll = ServiceName(rawValue: "payroll")
    /// Tells people.
    public static let notifications = ServiceName(rawValue: "notifications")

    /// The executable: `gradus-payroll`.
    public var program: String { "gradus-\(rawValue)" }

    /// Different for each service, so that all four run on one machine without settings.
    var defaultPort: Int {
        switch self {
        case .intake: 8081
        case .scoring: 8082
        case .payroll: 8083
        case .notifications: 8084
        default: 8080
        }
    }
}

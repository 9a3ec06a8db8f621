public import Hummingbird
public import Logging

/// What a service is given to assemble its parts with.
public struct ServiceHost {
    /// The service.
    public let name: ServiceName
    /// The settings every service has.
    public let settings: HostSettings
    /// The service's logger.
    public let logger: Logger
    /// The backend of swift-metrics, to describe metrics in.
    public let metrics: MetricsRegistry
    /// What `/livez` and `/readyz` answer from.
    public let probes: Probes
    /// Where the service adds its own routes; errors, limits, access log and request ids are seen to.
    public let router: Router<RequestScope>

    /// Lets only callers pass whose bearer token has one of the roles.
    ///
    /// ```swift
    /// let facts = host.router.group("v1/facts").add(middleware: host.requires(.intakeWriter))
    /// ```
    public func requires(_ roles: Role...) -> RoleGuard {
        RoleGuard(tokens: settings.tokens, roles: Set(roles))
    }
}

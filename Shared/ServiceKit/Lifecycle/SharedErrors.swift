public import Kafka
public import Postgres

extension PostgresError: CodedError {
    /// An outage is `unavailable`: starting again later may help.
    public var exitCode: ExitCode {
        if case .invalidSettings = self { return .configuration }
        return isTransient ? .unavailable : .internalError
    }
}

extension MigrationError: CodedError {
    /// A store of another version is `unavailable` to this release.
    public var exitCode: ExitCode { .unavailable }
}

extension TransactionError: CodedError {
    /// That of the database's error.
    public var exitCode: ExitCode { postgresError?.exitCode ?? .internalError }
}

extension KafkaError: CodedError {
    /// An outage is `unavailable`: starting again later may help.
    public var exitCode: ExitCode {
        if case .misconfigured = self { return .configuration }
        return isRetriable ? .unavailable : .internalError
    }
}

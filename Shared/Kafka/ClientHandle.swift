import CRdKafka
import Foundation
import Logging
import Synchronization

/// Owns one librdkafka client and what its callbacks need.
///
/// Unchecked because the pointer is not Sendable: librdkafka's functions may be called from any thread, and the pointer
/// itself never changes.
final class ClientHandle: @unchecked Sendable {
    let pointer: OpaquePointer
    let events: ClientEvents

    /// Starts a client. `native` is consumed, also on failure.
    init(_ kind: rd_kafka_type_t, native: OpaquePointer, events: ClientEvents) throws(KafkaError) {
        rd_kafka_conf_set_opaque(native, Unmanaged.passUnretained(events).toOpaque())
        rd_kafka_conf_set_log_cb(native) { client, level, facility, text in
            guard let client, let opaque = rd_kafka_opaque(client), let text else { return }
            let area = facility.map { String(cString: $0) } ?? "client"
            ClientEvents.from(opaque).log(level: level, area: area, text: String(cString: text))
        }
        rd_kafka_conf_set_error_cb(native) { client, number, reason, opaque in
            guard let client, let opaque else { return }
            let error = rd_kafka_resp_err_t(rawValue: number)
            ClientEvents.from(opaque).failed(error, reason.map { String(cString: $0) } ?? "", on: client)
        }
        var text = [CChar](repeating: 0, count: 512)
        guard let pointer = rd_kafka_new(kind, native, &text, text.count) else {
            rd_kafka_conf_destroy(native)
            throw .misconfigured(property: "client", reason: String(nullTerminated: text))
        }
        self.pointer = pointer
        self.events = events
    }

    deinit {
        // A consumer that was not closed must not block here for the session timeout.
        rd_kafka_destroy_flags(pointer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
    }

    /// Throws when the library has declared this client dead.
    func requireAlive() throws(KafkaError) {
        if let fatal = events.fatal { throw fatal }
    }
}

/// What librdkafka reports outside of calls: log lines, outages, the end of the client.
///
/// Unchecked because of `consumer`, which only the polling thread sets and reads; all else is behind the mutex.
final class ClientEvents: @unchecked Sendable {
    private struct State {
        var fatal: KafkaError?
        var lastLogged: [Int32: ContinuousClock.Instant] = [:]
        var statistics: ConsumerStatistics?
    }

    let logger: Logger
    let deliveries = DeliveryRegistry()
    weak var consumer: Consumer?
    private let state = Mutex(State())

    init(logger: Logger) {
        self.logger = logger
    }

    static func from(_ opaque: UnsafeMutableRawPointer) -> ClientEvents {
        Unmanaged<ClientEvents>.fromOpaque(opaque).takeUnretainedValue()
    }

    var fatal: KafkaError? { state.withLock { $0.fatal } }

    var statistics: ConsumerStatistics? {
        get { state.withLock { $0.statistics } }
        set { state.withLock { $0.statistics = newValue } }
    }

    func log(level: Int32, area: String, text: String) {
        let mapped: Logger.Level =
            switch level {
            case ...3: .error
            case 4: .warning
            case 5, 6: .info
            default: .debug
            }
        logger.log(level: mapped, "kafka client: \(text)", metadata: ["area": "\(area)"])
    }

    /// An outage repeats many times a second, so each kind is logged at most every ten seconds.
    func failed(_ error: rd_kafka_resp_err_t, _ reason: String, on client: OpaquePointer) {
        if error == RD_KAFKA_RESP_ERR__FATAL {
            var text = [CChar](repeating: 0, count: 512)
            let cause = KafkaCause(rd_kafka_fatal_error(client, &text, text.count))
            let fatal = KafkaError.fatal(cause: cause, detail: String(nullTerminated: text))
            state.withLock { $0.fatal = fatal }
            logger.error("\(fatal)", metadata: ["code": "\(fatal.code)"])
            return
        }
        let now = ContinuousClock.now
        let isDue = state.withLock { state in
            if let last = state.lastLogged[error.rawValue], now - last < .seconds(10) { return false }
            state.lastLogged[error.rawValue] = now
            return true
        }
        if isDue {
            logger.warning("kafka: \(reason)", metadata: ["cause": "\(KafkaCause(error).name)"])
        }
    }
}

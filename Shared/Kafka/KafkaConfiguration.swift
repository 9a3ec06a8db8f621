import CRdKafka

/// Properties for librdkafka, passed through by name, with Gradus's defaults put under them.
///
/// Defaults suit librdkafka 2.0.2: eager `range` assignment, no automatic commits, no silent reset of offsets, an
/// idempotent producer, and the partitioner that Java producers use.
public struct KafkaConfiguration: Sendable, CustomStringConvertible {
    /// The properties given, without the defaults.
    public private(set) var properties: [String: String]

    /// Takes properties by their librdkafka names, such as `bootstrap.servers` and `group.id`.
    public init(_ properties: [String: String]) {
        self.properties = properties
    }

    /// One property given by the caller; nil when it is left to its default.
    public subscript(_ property: String) -> String? {
        get { properties[property] }
        set { properties[property] = newValue }
    }

    /// The same configuration with `other` on top.
    public func merging(_ other: [String: String]) -> KafkaConfiguration {
        KafkaConfiguration(properties.merging(other) { _, new in new })
    }

    /// The names and values, secrets left out.
    public var description: String {
        properties.sorted { $0.key < $1.key }
            .map { "\($0.key)=\(Self.isSecret($0.key) ? "[secret]" : $0.value)" }
            .joined(separator: " ")
    }

    /// True for properties whose value must never be printed.
    static func isSecret(_ property: String) -> Bool {
        let name = property.lowercased()
        return ["password", "secret", "sasl.username", "oauthbearer.config", "pem", "jaas"].contains {
            name.contains($0)
        }
    }

    static let consumerDefaults = [
        "enable.auto.commit": "false",
        "enable.auto.offset.store": "false",
        "auto.offset.reset": "error",
        "isolation.level": "read_committed",
        "partition.assignment.strategy": "range",
        "check.crcs": "true",
        "session.timeout.ms": "15000",
        "heartbeat.interval.ms": "3000",
        "max.poll.interval.ms": "60000",
        // A full queue is looked at again only after up to a second (2.0.2), so it has to hold what is read in a second: a
        // queue of 16 MB kept a consumer at 70,000 messages a second that can read a million.
        "queued.min.messages": "1000000",
        "queued.max.messages.kbytes": "131072",
        "fetch.wait.max.ms": "100",
        "statistics.interval.ms": "5000",
    ]

    static let producerDefaults = [
        "enable.idempotence": "true",
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        "linger.ms": "5",
        "delivery.timeout.ms": "120000",
        "queue.buffering.max.messages": "200000",
        "queue.buffering.max.kbytes": "131072",
        "statistics.interval.ms": "0",
    ]

    /// Settings without which the promises of this module do not hold.
    static let consumerFixed: [String: Set<String>] = [
        "enable.auto.commit": ["false"],
        "enable.auto.offset.store": ["false"],
        "partition.assignment.strategy": ["range", "roundrobin", "range,roundrobin"],
    ]

    static let producerFixed: [String: Set<String>] = [
        "enable.idempotence": ["true"],
        "acks": ["all", "-1"],
        "request.required.acks": ["all", "-1"],
        "partitioner": ["murmur2_random", "murmur2"],
    ]

    /// The library's configuration object; the caller owns it.
    func makeNative(
        over defaults: [String: String], fixed: [String: Set<String>]
    ) throws(KafkaError) -> OpaquePointer {
        for (name, allowed) in fixed {
            if let value = properties[name], !allowed.contains(value) {
                let expected = allowed.sorted().joined(separator: " or ")
                throw .misconfigured(property: name, reason: "must be \(expected): exactly-once effects depend on it")
            }
        }
        guard let native = rd_kafka_conf_new() else {
            throw .misconfigured(property: "all", reason: "out of memory")
        }
        let all = defaults.merging(properties) { _, given in given }
        for (name, value) in all.sorted(by: { $0.key < $1.key }) {
            var text = [CChar](repeating: 0, count: 512)
            guard rd_kafka_conf_set(native, name, value, &text, text.count) == RD_KAFKA_CONF_OK else {
                rd_kafka_conf_destroy(native)
                let reason = Self.isSecret(name) ? "the value is not acceptable" : String(nullTerminated: text)
                throw .misconfigured(property: name, reason: reason)
            }
        }
        return native
    }
}

extension String {
    /// The text up to the terminating zero of a C buffer.
    init(nullTerminated buffer: [CChar]) {
        self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

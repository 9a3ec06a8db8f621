import Contracts
import IntakeCore
import Kafka
import Logging
import Synchronization

/// Produces facts and waits until the broker has them. Writers share it.
final class FactSender: Sendable {
    private struct Channel {
        let producer: Producer
        let topic: ProducerTopic
    }

    private let configuration: KafkaConfiguration
    private let logger: Logger
    private let channel = Mutex<Channel?>(nil)

    init(_ configuration: KafkaConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
    }

    /// Facts on their way to the broker.
    struct Shipment {
        fileprivate let producer: Producer
        fileprivate let deliveries: DeliveryBatch
        let count: Int
    }

    /// Hands the chosen facts to the client library.
    func send(_ batch: FactBatch, skipping: [Bool]) throws(KafkaError) -> Shipment {
        let channel = try open()
        let deliveries = channel.producer.makeBatch()
        var headers = HeaderBuffer()
        headers.append("ce_specversion", "1.0")
        headers.append("ce_source", "/gradus/intake")
        headers.append("ce_type", EventType.fact.rawValue)
        headers.append("content-type", "application/json")
        var count = 0
        let failure = batch.bytes.withUnsafeBytes { bytes -> KafkaError? in
            do throws(KafkaError) {
                count = try Self.produce(batch.entries, skipping, bytes, channel, &headers, deliveries)
                return nil
            } catch {
                return error
            }
        }
        if let failure { try replaceIfFatal(failure) }
        return Shipment(producer: channel.producer, deliveries: deliveries, count: count)
    }

    private static func produce(
        _ entries: [FactBatch.Entry], _ skipping: [Bool], _ bytes: UnsafeRawBufferPointer, _ channel: Channel,
        _ headers: inout HeaderBuffer, _ deliveries: DeliveryBatch
    ) throws(KafkaError) -> Int {
        let fixed = headers.count
        var count = 0
        for (index, entry) in entries.enumerated() where !skipping[index] {
            let key = UnsafeRawBufferPointer(rebasing: bytes[entry.key])
            headers.truncate(to: fixed)
            // The value starts with {"id":" and the id.
            let id = entry.value.lowerBound + 7
            headers.append("ce_id", UnsafeRawBufferPointer(rebasing: bytes[id..<id + 36]))
            try channel.producer.produce(
                to: channel.topic, key: key, value: UnsafeRawBufferPointer(rebasing: bytes[entry.value]),
                headers: headers, in: deliveries)
            count += 1
        }
        return count
    }

    /// Returns when every fact is acknowledged; throws when one is not.
    func settle(_ shipment: Shipment) throws(KafkaError) {
        guard shipment.count > 0 else { return }
        let report: DeliveryReport
        do throws(KafkaError) {
            // Shorter than the time the database lets a transaction stand idle.
            report = try shipment.producer.wait(for: shipment.deliveries, timeoutMilliseconds: 12_000)
        } catch {
            try replaceIfFatal(error)
        }
        if let failure = report.failures.first { try replaceIfFatal(failure.error) }
    }

    private func open() throws(KafkaError) -> Channel {
        try channel.withLock { (channel: inout Channel?) throws(KafkaError) in
            if let channel { return channel }
            let producer = try Producer(configuration, logger: logger)
            let made = Channel(producer: producer, topic: try producer.topic(Topic.facts.name))
            channel = made
            return made
        }
    }

    /// A producer that met a fatal error can send nothing more: the next batch gets a new one.
    private func replaceIfFatal(_ error: KafkaError) throws(KafkaError) -> Never {
        if error.isFatal {
            logger.error("the producer met a fatal error and is replaced", metadata: ["code": "\(error.code)"])
            channel.withLock { $0 = nil }
        }
        throw error
    }
}

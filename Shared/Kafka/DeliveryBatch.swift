import CRdKafka
import Synchronization

/// One message that the broker did not take.
public struct DeliveryFailure: Hashable, Sendable {
    /// The message's index in its batch, as `produce` returned it.
    public let index: Int
    /// Why it was not taken.
    public let error: KafkaError
}

/// What became of the messages of a batch.
public struct DeliveryReport: Hashable, Sendable {
    /// How many the broker acknowledged.
    public let acknowledged: Int
    /// Those it did not, by index.
    public let failures: [DeliveryFailure]

    /// True when every message was acknowledged.
    public var isComplete: Bool { failures.isEmpty }
}

/// A set of messages whose delivery is waited for together. Made by ``Producer/makeBatch()``.
public final class DeliveryBatch: Sendable {
    let number: UInt32
    private let registry: DeliveryRegistry

    init(_ registry: DeliveryRegistry) {
        self.registry = registry
        number = registry.open()
    }

    deinit {
        registry.close(number)
    }

    /// How many messages were given to the producer.
    public var count: Int { registry.progress(of: number).produced }
}

/// Counts delivery reports by batch. A report for a batch that nobody holds any more is dropped.
final class DeliveryRegistry: Sendable {
    struct Progress {
        let batch: UInt32
        var produced = 0
        var settled = 0
        var failures: [DeliveryFailure] = []
        var isSettled: Bool { produced == settled }
    }

    private struct State {
        var last: UInt32 = 0
        /// A handful, one for each writer: looked through faster than hashed, which counts twice for each message.
        var open: [Progress] = []

        mutating func change(_ batch: UInt32, _ body: (inout Progress) -> Void) {
            guard let place = open.firstIndex(where: { $0.batch == batch }) else { return }
            body(&open[place])
        }
    }

    private let state = Mutex(State())

    func open() -> UInt32 {
        state.withLock { state in
            // Never 0: batch 0, message 0 would be a null pointer.
            repeat { state.last &+= 1 } while state.last == 0 || state.open.contains { $0.batch == state.last }
            state.open.append(Progress(batch: state.last))
            return state.last
        }
    }

    func close(_ batch: UInt32) {
        state.withLock { $0.open.removeAll { $0.batch == batch } }
    }

    func progress(of batch: UInt32) -> Progress {
        state.withLock { state in state.open.first { $0.batch == batch } ?? Progress(batch: batch) }
    }

    /// Reserves the index of the next message of `batch`.
    func reserve(_ batch: UInt32) -> Int {
        state.withLock { state in
            var index = 0
            state.change(batch) { progress in
                index = progress.produced
                progress.produced += 1
            }
            return index
        }
    }

    /// Takes back the last reservation: the message was not queued.
    func cancel(_ batch: UInt32) {
        state.withLock { $0.change(batch) { $0.produced -= 1 } }
    }

    func settle(_ message: UnsafePointer<rd_kafka_message_t>) {
        let token = UInt64(UInt(bitPattern: message.pointee._private))
        let batch = UInt32(truncatingIfNeeded: token >> 32)
        guard message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else {
            return state.withLock { $0.change(batch) { $0.settled += 1 } }
        }
        let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) }
        let error = KafkaError.failed(
            .delivery, cause: KafkaCause(message.pointee.err), topic: topic, partition: message.pointee.partition)
        let failure = DeliveryFailure(index: Int(UInt32(truncatingIfNeeded: token)), error: error)
        state.withLock { state in
            state.change(batch) { progress in
                progress.settled += 1
                progress.failures.append(failure)
            }
        }
    }

    static func token(_ batch: UInt32, _ index: Int) -> UnsafeMutableRawPointer? {
        UnsafeMutableRawPointer(bitPattern: UInt(batch) << 32 | UInt(UInt32(truncatingIfNeeded: index)))
    }
}

import CRdKafka
import Foundation

// A Kafka cluster in memory for tests: librdkafka's own mock, in a process of its own, so that several processes share it.
//
//   MockBroker BROKERS [TOPIC:PARTITIONS ...]
//
// Prints the bootstrap servers as one line, then answers each command on standard input with `ok` or a reason, and
// ends when standard input does: a test that dies takes its cluster with it.

func fail(_ reason: String) -> Never {
    FileHandle.standardError.write(Data("MockBroker: \(reason)\n".utf8))
    exit(64)
}

struct Cluster {
    let cluster: OpaquePointer

    func makeTopic(_ name: String, _ partitions: Int32) -> String {
        answer(rd_kafka_mock_topic_create(cluster, name, partitions, 1))
    }

    func run(_ line: String) -> String {
        let words = line.split(separator: " ").map(String.init)
        let numbers = words.dropFirst().compactMap { Int32($0) }
        switch (words.first, numbers.count) {
        case ("topic", 1): return makeTopic(words[1], numbers[0])
        case ("down", 1): return answer(rd_kafka_mock_broker_set_down(cluster, numbers[0]))
        case ("up", 1): return answer(rd_kafka_mock_broker_set_up(cluster, numbers[0]))
        case ("rtt", 2): return answer(rd_kafka_mock_broker_set_rtt(cluster, numbers[0], numbers[1]))
        case ("error", 3):
            // error API NUMBER COUNT: the next COUNT requests of that kind fail with NUMBER.
            let errors = [rd_kafka_resp_err_t](
                repeating: rd_kafka_resp_err_t(rawValue: numbers[1]), count: Int(numbers[2]))
            rd_kafka_mock_push_request_errors_array(cluster, Int16(numbers[0]), errors.count, errors)
            return "ok"
        default: return "unknown command: \(line)"
        }
    }

    private func answer(_ error: rd_kafka_resp_err_t) -> String {
        error == RD_KAFKA_RESP_ERR_NO_ERROR ? "ok" : rd_kafka_err2name(error).map { String(cString: $0) } ?? "failed"
    }
}

let arguments = CommandLine.arguments.dropFirst()
guard let brokers = arguments.first.flatMap({ Int32($0) }), brokers > 0 else {
    fail("usage: BROKERS [TOPIC:PARTITIONS]")
}
var reason = [CChar](repeating: 0, count: 256)
let configuration = rd_kafka_conf_new()
rd_kafka_conf_set(configuration, "log_level", "0", &reason, reason.count)
guard let client = rd_kafka_new(RD_KAFKA_PRODUCER, configuration, &reason, reason.count),
    let mock = rd_kafka_mock_cluster_new(client, brokers),
    let bootstrap = rd_kafka_mock_cluster_bootstraps(mock)
else { fail("the cluster did not start") }

let cluster = Cluster(cluster: mock)
for topic in arguments.dropFirst() {
    let parts = topic.split(separator: ":")
    guard parts.count == 2, let partitions = Int32(parts[1]) else { fail("not TOPIC:PARTITIONS: \(topic)") }
    _ = cluster.makeTopic(String(parts[0]), partitions)
}

/// Standard output is a pipe, which `print` would fill before it writes.
func answer(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
}

answer(String(cString: bootstrap))
while let line = readLine() { answer(cluster.run(line)) }
_exit(0)

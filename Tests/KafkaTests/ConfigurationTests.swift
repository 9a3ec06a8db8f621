import Kafka
import Testing

@Suite struct ConfigurationTests {
    @Test func namesTheUnknownProperty() {
        let configuration = KafkaConfiguration(["bootstrap.servers": "127.0.0.1:1", "no.such.property": "1"])
        #expect {
            _ = try Producer(configuration, logger: quiet)
        } throws: { error in
            guard case KafkaError.misconfigured(let property, let reason)? = error as? KafkaError else { return false }
            return property == "no.such.property" && !reason.isEmpty
        }
    }

    @Test func namesTheWrongValue() {
        #expect {
            _ = try Consumer(KafkaConfiguration(["session.timeout.ms": "soon"]), logger: quiet)
        } throws: { ($0 as? KafkaError)?.code == "GR-KAFKA-001" && "\($0)".contains("session.timeout.ms") }
    }

    @Test(arguments: [("enable.auto.commit", "true"), ("partition.assignment.strategy", "cooperative-sticky")])
    func refusesConsumerSettingsThatWouldLoseExactness(property: String, value: String) {
        #expect {
            _ = try Consumer(KafkaConfiguration([property: value]), logger: quiet)
        } throws: { "\($0)".contains(property) }
    }

    @Test(arguments: [("enable.idempotence", "false"), ("acks", "1"), ("partitioner", "consistent_random")])
    func refusesProducerSettingsThatWouldLoseExactness(property: String, value: String) {
        #expect {
            _ = try Producer(KafkaConfiguration([property: value]), logger: quiet)
        } throws: { "\($0)".contains(property) }
    }

    @Test func neverPrintsSecrets() {
        let configuration = KafkaConfiguration(["sasl.password": "hunter2", "sasl.username": "gradus", "group.id": "g"])
        #expect("\(configuration)" == "group.id=g sasl.password=[secret] sasl.username=[secret]")
    }

    @Test func keepsSecretValuesOutOfErrors() {
        let configuration = KafkaConfiguration(["ssl.key.pem": "hunter2"])
        do {
            _ = try Producer(configuration, logger: quiet)
        } catch {
            #expect(!"\(error)".contains("hunter2"))
        }
    }
}

@Suite struct HeaderBufferTests {
    @Test func keepsFixedHeadersWhenItIsTruncated() {
        var headers = HeaderBuffer()
        headers.append("ce_type", "gradus.fact.v1")
        let fixed = headers.count
        for id in ["a", "bb"] {
            headers.truncate(to: fixed)
            headers.append("ce_id", id)
        }
        headers.append("empty", nil)
        #expect(headers.all.map(\.name) == ["ce_type", "ce_id", "empty"])
        #expect(
            headers.all.map { $0.value.map { String(decoding: $0, as: UTF8.self) } } == ["gradus.fact.v1", "bb", nil])
    }
}

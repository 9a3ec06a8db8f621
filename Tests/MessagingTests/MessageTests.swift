import Domain
import Kafka
import Messaging
import Testing

@Suite struct MessageTests {
    private let batch = MessageBatch(
        partition: TopicPartition("t", 3),
        messages: (0..<5).map { number in
            var headers = HeaderList()
            headers.append("n", "\(number)")
            return StoredMessage(
                offset: Int64(10 + 2 * number), timestampMilliseconds: Int64(number),
                key: number == 1 ? nil : Array("k\(number)".utf8), value: number == 2 ? nil : Array("v\(number)".utf8),
                headers: headers)
        })

    @Test func keepsKeysValuesAndHeadersApart() {
        #expect(
            batch.indices.map { batch.key($0).map { String(decoding: $0, as: UTF8.self) } } == [
                "k0", nil, "k2", "k3", "k4",
            ])
        #expect(
            batch.indices.map { batch.value($0).map { String(decoding: $0, as: UTF8.self) } } == [
                "v0", "v1", nil, "v3", "v4",
            ])
        #expect(batch.indices.map { batch.headers($0)["n"] } == ["0", "1", "2", "3", "4"])
        #expect(batch.firstOffset == 10 && batch.nextOffset == 19)
    }

    @Test func aPartKeepsTheIndicesOfTheWhole() {
        let part = batch[2..<4]
        #expect(part.count == 2 && part.firstOffset == 14 && part.nextOffset == 17)
        #expect(part.offset(3) == batch.offset(3))
        #expect(part[3..<4].value(3) == Array("v3".utf8))
    }

    @Test func headersSurviveTheirBlock() {
        var headers = HeaderList()
        headers.append("a", "1")
        headers.append("nothing", nil)
        headers.append("", [0, 255])
        let read = HeaderList(encoded: headers.encoded)
        #expect(read.all.map(\.name) == ["a", "nothing", ""])
        #expect(read.all.map(\.value) == [Array("1".utf8), nil, [0, 255]])
    }

    /// A block may come from outside, so no cut of it may trap.
    @Test func aCutBlockGivesTheHeadersBeforeTheCut() {
        var headers = HeaderList()
        headers.append("a", "1")
        headers.append("b", "2")
        for length in headers.encoded.indices {
            let count = HeaderList(encoded: headers.encoded.prefix(length)).all.count
            #expect(count == (length >= headers.encoded.count / 2 ? 1 : 0))
        }
    }
}

@Suite struct EventHeadersTests {
    private let event = EventHeaders(
        id: "5f0c", source: "/gradus/scoring", type: "gradus.fact.v1", subject: "dongguan-post/manager/rm-017",
        time: Timestamp(microseconds: 1_772_676_000_000_123), traceparent: "00-1-2-01")

    @Test func areReadAsTheyWereWritten() {
        var buffer = HeaderBuffer()
        event.write(to: &buffer)
        var headers = HeaderList()
        for (name, value) in buffer.all { headers.append(name, value) }
        #expect(EventHeaders(headers) == event)
        #expect(headers["ce_specversion"] == "1.0" && headers["content-type"] == "application/json")
    }

    @Test(arguments: ["ce_specversion", "ce_id", "ce_source", "ce_type"])
    func areNotAnEventWithoutARequiredAttribute(missing: String) {
        var buffer = HeaderBuffer()
        event.write(to: &buffer)
        var headers = HeaderList()
        for (name, value) in buffer.all where name != missing { headers.append(name, value) }
        #expect(EventHeaders(headers) == nil)
    }

    @Test func structuredModeIsKnownByItsContentType() {
        #expect(EventHeaders.isStructured(contentType: "Application/CloudEvents+json; charset=UTF-8"))
        #expect(!EventHeaders.isStructured(contentType: "application/json"))
        #expect(!EventHeaders.isStructured(contentType: nil))
    }
}

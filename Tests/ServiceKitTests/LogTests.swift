import Foundation
import Logging
import Synchronization
import Testing

@testable import ServiceKit

/// Collects what the handler emits.
private final class Emitted: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    func logger(
        _ form: ServiceLogHandler.Output.Form = .json, secrets: [Secret] = [], level: Logger.Level = .trace
    ) -> Logger {
        let output = ServiceLogHandler.Output(
            service: "payroll", form: form, redaction: Redaction(secrets),
            emit: { line in self.bytes.withLock { $0 += line } }, flush: {})
        return Logger(label: "test") { _ in ServiceLogHandler(output, level: level) }
    }

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    func objects() throws -> [[String: Any]] {
        try text.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }
}

@Suite struct LogTests {
    @Test func aLineIsOneJSONObjectWhateverTheMessageHolds() throws {
        let emitted = Emitted()
        let logger = emitted.logger()
        logger.info(
            "quote \" backslash \\ line\nfeed tab\t bell\u{7} 评分 \u{1F600}", metadata: ["a": ["b", ["c": "\n"]]])
        logger.warning("second")

        let objects = try emitted.objects()
        #expect(objects.count == 2)
        #expect(objects[0]["msg"] as? String == "quote \" backslash \\ line\nfeed tab\t bell\u{7} 评分 \u{1F600}")
        #expect(objects[0]["service"] as? String == "payroll")
        #expect(objects[1]["level"] as? String == "warning")
        let metadata = try #require(objects[0]["metadata"] as? [String: Any])
        #expect((metadata["a"] as? [Any])?.count == 2)
    }

    @Test func theTimeIsRFC3339InUTCWithMicroseconds() throws {
        let line = LogLine(
            microseconds: 1_772_676_000_000_123, level: .info, service: "payroll", message: "m",
            metadata: ["code": "GR-PAY-001", "traceparent": "00-1", "run": "r1"])
        #expect(
            String(decoding: line.json(), as: UTF8.self)
                == #"{"ts":"2026-03-05T02:00:00.000123Z","level":"info","service":"payroll","msg":"m","#
                + #""code":"GR-PAY-001","traceparent":"00-1","metadata":{"run":"r1"}}"# + "\n")
        #expect(
            String(decoding: line.text(coloured: false), as: UTF8.self)
                == "2026-03-05T02:00:00.000123Z INFO     payroll  m  code=GR-PAY-001  run=r1\n")
        #expect(String(decoding: line.text(coloured: true), as: UTF8.self).contains("\u{1B}[32mINFO    \u{1B}[0m"))
    }

    @Test func personalDataIsRedactedByItsKeyAtAnyDepth() throws {
        let emitted = Emitted()
        for form in [ServiceLogHandler.Output.Form.json, .text(coloured: false)] {
            emitted.logger(form).info(
                "m",
                metadata: [
                    "name": "PLANTED", "customerPhone": "PLANTED", "id-number": "PLANTED", "账号": "PLANTED",
                    "outer": ["email": "PLANTED", "topic": "gradus.facts.v1"], "list": [["account_no": "PLANTED"]],
                ])
        }
        #expect(!emitted.text.contains("PLANTED"))
        #expect(emitted.text.contains("gradus.facts.v1"))
        #expect(emitted.text.contains("[redacted]"))
    }

    @Test func aKnownSecretIsBlankedWhereverItAppears() {
        let emitted = Emitted()
        let url = Secret("postgresql://payroll:pa%2Fss-word@db:5432/gradus")
        for form in [ServiceLogHandler.Output.Form.json, .text(coloured: false)] {
            let logger = emitted.logger(form, secrets: [url, Secret("token-0123456789abcdef")])
            logger.error("cannot reach \(url.revealed)", metadata: ["reason": "pa/ss-word is wrong, also pa%2Fss-word"])
            logger.error("\(url)", metadata: ["list": ["token-0123456789abcdef"]])
        }
        for secret in ["pa%2Fss-word", "pa/ss-word", "token-0123456789abcdef"] {
            #expect(!emitted.text.contains(secret))
        }
        #expect(emitted.text.contains("[redacted] is wrong, also [redacted]"))
    }

    @Test func anErrorsCodeIsAMemberOfItsOwn() throws {
        let emitted = Emitted()
        emitted.logger().log(level: .error, "failed", error: SettingsError([SettingsFault(.missing, "x is not set")]))
        let object = try #require(try emitted.objects().first)
        #expect(object["code"] as? String == "GR-SET-001")
        #expect((object["metadata"] as? [String: Any])?["error"] as? String == "GR-SET-001 x is not set")
    }

    @Test func aStatementBelowTheLevelIsNotWritten() {
        let emitted = Emitted()
        emitted.logger(level: .warning).info("quiet")
        #expect(emitted.text.isEmpty)
    }

    @Test func aFullQueueDropsLinesAndSaysHowMany() throws {
        let pipe = Pipe()
        let sink = LogSink(descriptor: pipe.fileHandleForWriting.fileDescriptor) { Array("dropped \($0)\n".utf8) }
        let line = Array((String(repeating: "x", count: 1_023) + "\n").utf8)
        // The writing thread is not running yet, so exactly the limit fits.
        let fitting = LogSink.limitBytes / line.count
        for _ in 0..<fitting + 3 {
            sink.append(line)
        }
        sink.start()
        var read = Data()
        while !read.suffix(12).contains(UInt8(ascii: "d")) {
            read += pipe.fileHandleForReading.availableData
        }
        #expect(read.count == LogSink.limitBytes + "dropped 3\n".utf8.count)
        #expect(String(decoding: read.suffix(10), as: UTF8.self) == "dropped 3\n")
    }
}

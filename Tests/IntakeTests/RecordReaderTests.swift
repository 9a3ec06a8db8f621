import Contracts
import Domain
import IntakeCore
import Testing

@Suite struct RecordReaderTests {
    static let yaml = """
        version: 1
        types: [deposit.moved, customer.visited]
        stock: [deposit.moved]
        sources:
          - id: core
            kafka: {topic: t}
            eventId: /eventId
            kind: /kind
            records:
              - kinds: [movement, opening]
                fact:
                  institution: /institution
                  type: deposit.moved
                  credit: /customer
                  date: /businessDate
                  time: /bookedAt
                  amount: /amount
                  unit: {path: /currency, default: CNY}
                  attributes:
                    product: /product
                    opening: {path: /kind, optional: true, values: {opening: true}}
                  reversal: {flag: /reversal, of: /reverses}
              - {kinds: [assignment], reference: assignment}
          - id: api
            http: true
            eventId: ce:id
            records:
              - fact:
                  institution: /institution
                  type: ce:type
                  subject: [{manager: /manager}, {unit: /unit}]
                  credit: /customer
                  date: /businessDate
                  time: {path: "ce:time", optional: true}
                  amount: {path: /cents, optional: true}
                  scale: 2
                  allAttributes: /attributes
                  reversal: {flag: /reversal, of: /reverses}
        """

    static func reader(_ source: Int = 0) throws -> RecordReader {
        let document = try SourceDocument(yaml: yaml)
        return RecordReader(CompiledSource(document.sources[source], of: document))
    }

    static let good = """
        {"eventId":"e-1","kind":"movement","institution":"bank","customer":"c-1","businessDate":"2026-03-05",\
        "bookedAt":"2026-03-05T10:00:00+08:00","amount":"1234.56","currency":"CNY","product":"savings"}
        """

    func problems(_ text: String, source: Int = 0) throws -> [String] {
        var reader = try Self.reader(source)
        let reading = reader.read(text.utf8Span.span)
        #expect(reading == .rejected)
        return reader.problems.map { "\($0.code.rawValue) \($0.path)" }.sorted()
    }

    func facts(_ text: String, _ book: AssignmentBook, source: Int = 0) throws -> [Fact] {
        var reader = try Self.reader(source)
        try #require(reader.read(text.utf8Span.span) == .fact, "\(reader.problems)")
        var composer = FactComposer(source: reader.source.definition.id, stock: StockTypes(["deposit.moved"]))
        var batch = FactBatch()
        _ = composer.compose(reader, with: book, into: &batch)
        return try batch.entries.map { try FactCodec.decode(batch.bytes.span.extracting($0.value)) }
    }

    func book(_ assignments: Assignment...) -> AssignmentBook {
        var book = AssignmentBook()
        for assignment in assignments { book.apply(assignment) }
        book.know(Subject(institution: "bank", kind: .manager, id: "rm-1"))
        return book
    }

    func assignment(_ id: String = "a-1", _ share: String = "1") throws -> Assignment {
        Assignment(
            no: 1, institution: "bank", id: id, customer: "c-1", manager: "rm-1", share: try #require(Share(share)),
            validFrom: try #require(CalendarDate("2026-01-01")), validTo: nil)
    }

    @Test func writesFromBytesWhatCreditingSays() throws {
        let reversal =
            Self.good.replacing("\"e-1\"", with: "\"e-2\"").dropLast()
            + #","reversal":true,"reverses":"e-1"}"#
        let odd = Self.good.replacing("e-1", with: #"e \" \\ 行"#).replacing("movement", with: "opening")
            .replacing("savings", with: #"定\u671f\"\n"#).replacing("1234.56", with: "-0.0001")
        for text in [Self.good, String(reversal), odd] {
            let book = book(try assignment())
            let facts = try facts(text, book)
            var reader = try Self.reader()
            _ = reader.read(text.utf8Span.span)
            let movement = FactComposer(source: "core", stock: StockTypes([])).movement(reader)
            let lines = Crediting(stock: StockTypes(["deposit.moved"])).lines(of: movement, under: [try assignment()])
            #expect(facts == lines.map(\.fact))
            var canonical: [UInt8] = []
            for line in lines { FactCodec.encode(line.fact, into: &canonical) }
            var batch = FactBatch()
            var composer = FactComposer(source: "core", stock: StockTypes(["deposit.moved"]))
            #expect(composer.compose(reader, with: book, into: &batch) == .credited)
            #expect(
                batch.entries.map { String(decoding: batch.bytes[$0.value], as: UTF8.self) } == [
                    String(decoding: canonical, as: UTF8.self)
                ])
            #expect(batch.entries.map { String(decoding: batch.bytes[$0.key], as: UTF8.self) } == ["bank/manager/rm-1"])
        }
    }

    @Test func creditsASplitThroughTheBook() throws {
        var second = try assignment("a-2", "0.4")
        second.manager = "rm-2"
        let facts = try facts(Self.good, book(try assignment("a-1", "0.6"), second))
        #expect(facts.map { $0.amount?.description } == ["740.74", "493.82"])
    }

    @Test func namesEveryProblemOfARecordAtOnce() throws {
        let text = """
            {"eventId":"e-1","kind":"movement","institution":"Bank","customer":"c/1","businessDate":"2026-02-30",
            "bookedAt":"2026-03-05T25:00:00+08:00","amount":true,"currency":"USD","product":["a"]}
            """
        #expect(
            try problems(text) == [
                "GR-INTAKE-103 /product", "GR-INTAKE-105 /amount", "GR-INTAKE-107 /businessDate",
                "GR-INTAKE-108 /bookedAt",
                "GR-INTAKE-109 /customer", "GR-INTAKE-109 /institution",
            ])
    }

    @Test(arguments: [
        (#"{"eventId":"e-1","kind":"#, ["GR-INTAKE-101 "]),
        ("", ["GR-INTAKE-101 "]),
        ("[]", ["GR-INTAKE-102 "]),
        (good.replacing("movement", with: "gift"), ["GR-INTAKE-110 /kind"]),
        (good.replacing("1234.56", with: "123456789012345678901234567890"), ["GR-INTAKE-105 /amount"]),
        (good.replacing("1234.56", with: "1.23456"), ["GR-INTAKE-105 /amount"]),
        (good.replacing("\"1234.56\"", with: "1e3"), ["GR-INTAKE-105 /amount"]),
        (good.replacing("CNY", with: "USD"), ["GR-INTAKE-106 /currency"]),
        (good.replacing("2026-03-05\"", with: "2026-13-05\""), ["GR-INTAKE-107 /businessDate"]),
        (good.replacing("2026-03-05\"", with: "0026-03-05\""), ["GR-INTAKE-107 /businessDate"]),
        (good.replacing("\"c-1\"", with: "17"), ["GR-INTAKE-103 /customer"]),
        (good.replacing("\"c-1\"", with: "\"\""), ["GR-INTAKE-104 /customer"]),
        (good.replacing("\"product\"", with: "\"reversal\":true,\"product\""), ["GR-INTAKE-104 /reverses"]),
        (good.replacing("\"product\"", with: "\"reverses\":\"e-0\",\"product\""), ["GR-INTAKE-113 /reverses"]),
        (good.replacing("\"product\"", with: "\"amount\":\"1\",\"product\""), ["GR-INTAKE-114 "]),
    ])
    func refusesBadInput(text: String, expected: [String]) throws {
        #expect(try problems(text) == expected)
    }

    @Test func refusesOtherEncodingsAndLongRecords() throws {
        var reader = try Self.reader()
        let gb: [UInt8] = Array(#"{"eventId":""#.utf8) + [0xD6, 0xD0] + Array(#""}"#.utf8)
        #expect(reader.read(gb.span) == .rejected)
        #expect(reader.problems.first?.message.contains("GR-JSON-005") == true)
        let long = [UInt8](repeating: 0x20, count: 10_000_000)
        #expect(reader.read(long.span) == .rejected)
        #expect(reader.problems.map(\.code) == [.tooLarge])
    }

    @Test func knowsAReversalAsTheSameContent() throws {
        var reader = try Self.reader()
        _ = reader.read(Self.good.utf8Span.span)
        let original = reader.draft
        let reversal = Self.good.replacing("\"e-1\"", with: "\"e-2\"").replacing(
            "}", with: #","reversal":"true","reverses":"e-1"}"#)
        #expect(reader.read(reversal.utf8Span.span) == .fact)
        #expect(reader.draft.content == original.content)
        #expect(reader.draft.reversedKey == original.key)
        #expect(reader.draft.key != original.key)
        let other = reversal.replacing("1234.56", with: "1234.57")
        #expect(reader.read(other.utf8Span.span) == .fact)
        #expect(reader.draft.content != original.content)
    }

    @Test func readsACloudEventInBothModes() throws {
        let data =
            #"{"institution":"bank","manager":"rm-1","businessDate":"2026-03-05","cents":12050,"attributes":{"z":1.50,"a":"行\"","b":false,"none":null}}"#
        let event =
            #"{"specversion":"1.0","id":"h-1","type":"customer.visited","source":"/x","time":"2026-03-05T10:00:00Z","data":"#
            + data + "}"
        let fact = try #require(try facts(event, book(), source: 1).first)
        #expect(fact.amount?.description == "120.5")
        #expect(fact.attributes == ["a": .text("行\""), "b": .flag(false), "z": .number("1.50")])
        #expect(fact.offsetMinutes == 0)
        var reader = try Self.reader(1)
        let envelope = [("id", "h-1"), ("type", "customer.visited"), ("time", "2026-03-05T10:00:00Z")]
        #expect(reader.read(data.utf8Span.span, envelope: envelope.map { (name: $0.0, value: $0.1) }) == .fact)
        let composer = FactComposer(source: "api", stock: StockTypes([]))
        #expect(composer.directFact(reader) == fact)
    }

    @Test(arguments: [
        (#"{"id":"h-1"}"#, ["GR-INTAKE-119 /specversion"]),
        (#"{"specversion":"1.0","id":"h-1"}"#, ["GR-INTAKE-104 /data"]),
        (
            #"{"specversion":"1.0","id":"h-1","type":"gift.given","data":{"institution":"b","businessDate":"2026-01-01","attributes":{"a":{}}}}"#,
            ["GR-INTAKE-111 ce:type", "GR-INTAKE-112 /attributes"]
        ),
        (
            #"{"specversion":"1.0","id":"h-1","type":"deposit.moved","data":{"institution":"b","businessDate":"2026-01-01"}}"#,
            ["GR-INTAKE-117 "]
        ),
    ])
    func refusesBadEvents(text: String, expected: [String]) throws {
        #expect(try problems(text, source: 1) == expected)
    }

    @Test func readsAnAssignment() throws {
        var reader = try Self.reader()
        let text =
            #"{"eventId":"r","kind":"assignment","institution":"bank","id":"a-1","customer":"c-1","manager":"rm-1","share":"0.6","validFrom":"2026-01-01","validTo":"2025-01-01"}"#
        #expect(reader.read(text.utf8Span.span) == .rejected)
        #expect(reader.problems.map(\.code) == [.badRange])
        #expect(reader.read(text.replacing("2025", with: "2027").utf8Span.span) == .reference)
        guard case .assignment(let assignment)? = reader.reference else { Issue.record("no assignment"); return }
        #expect(assignment.share == Share("0.6"))
        #expect(assignment.validTo == CalendarDate("2027-01-01"))
    }
}

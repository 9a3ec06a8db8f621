import Foundation
import IntakeCore
import Testing

@Suite struct SourceDocumentTests {
    @Test func listsEveryFaultWithItsPlace() throws {
        let yaml = """
            version: 2
            colour: blue
            types: [deposit.moved, Bad]
            stock: [loan.moved]
            sources:
              - id: a
                kafka: {topic: t, format: xml}
                eventId: constant
                records:
                  - fact:
                      institution: /institution
                      type: gift.given
                      date: /date/
                      credit: {path: c, value: d}
                      scale: 9
                      attributes: {sourceAmount: /a}
              - id: a
                http: true
                folder: {path: x}
                eventId: /id
                records: []
            """
        do {
            _ = try SourceDocument(yaml: yaml)
            Issue.record("the document must be refused")
        } catch {
            let found = error.faults.map(\.description)
            for expected in [
                "1:10: version must be 1", "2:1: the document has no 'colour'", "3:24: a fact type is written like",
                "4:8: stock type 'loan.moved' is not among 'types'", "7:31: format must be json or cloudevents",
                "8:14: eventId must be a path", "12:17: fact type 'gift.given' is not among 'types'",
                "13:17: '/date/' is not a path", "14:19: 'credit' needs 'path' or 'value'",
                "15:18: scale must be 0 to 4",
                "16:24: attribute 'sourceAmount' is written by Intake itself",
                "17:5: a source has exactly one of 'kafka', 'http' and 'folder'", "21:14: records must be a list",
            ] {
                #expect(found.contains { $0.hasPrefix(expected) }, "\(expected) is missing in \(found)")
            }
            #expect(error.faults == error.faults.sorted())
        }
    }

    @Test func refusesWhatIsNotYAML() {
        #expect(throws: ConfigurationFaults.self) { try SourceDocument(yaml: "a: [") }
        #expect(throws: ConfigurationFaults.self) { try SourceDocument(yaml: "") }
    }

    @Test func acceptsTheConfigurationOfTheLocalEnvironment() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "deploy/local/sources.yaml"), encoding: .utf8)
        let document = try SourceDocument(yaml: text)
        #expect(
            document.sources.map(\.id) == [
                "core-banking", "crm", "hr", "reference", "http", "end-of-day", "end-of-day-csv",
            ])
    }
}

import DMN
import Testing

@Suite("XML of models")
struct XMLTests {
    @Test(arguments: [
        "", "<a", "<a>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&nope;</a>", "<a>&#0;</a>", "<p:a/>",
        "<a/><b/>",
        "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<a><![CDATA[x</a>", "<a b=\"<\"/>", "text",
    ])
    func malformedDocumentsAreRefused(_ text: String) {
        #expect(throws: DMNError.self) { try DMNModel(xml: Array(text.utf8)) }
    }

    @Test func deepNestingIsRefused() {
        let text = String(repeating: "<a>", count: 5_000)
        #expect(throws: DMNError.xml(line: 1, message: "elements are nested deeper than 100")) {
            try DMNModel(xml: Array(text.utf8))
        }
    }

    @Test func bytesThatAreNotTextAreRefused() {
        #expect(throws: DMNError.xml(line: 1, message: "the document is not UTF-8")) {
            try DMNModel(xml: [0x3C, 0xFF, 0x3E])
        }
    }

    @Test func anotherVocabularyIsRefused() {
        #expect(throws: DMNError.model(message: "the document is no decision model: its root is “html”")) {
            try DMNModel(xml: Array("<html/>".utf8))
        }
    }
}

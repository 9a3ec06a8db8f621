import ServiceKit
import Testing

@Suite struct TraceContextTests {
    private static let text = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    @Test func aHeaderIsReadAndWrittenUnchanged() throws {
        let context = try #require(TraceContext(traceparent: Self.text))
        #expect(context.traceparent == Self.text)
        #expect(context.traceHigh == 0x0af7_6519_16cd_43dd)
        #expect(context.span == 0xb7ad_6b71_6920_3331)
    }

    @Test func aChildKeepsTheTraceAndHasASpanOfItsOwn() throws {
        let context = try #require(TraceContext(traceparent: Self.text))
        let child = context.child()
        #expect(child.traceparent.hasPrefix("00-0af7651916cd43dd8448eb211c80319c-"))
        #expect(child.span != context.span)
        #expect(child.flags == context.flags)
    }

    @Test func aNewTraceHasAHeaderThatCanBeReadAgain() {
        let context = TraceContext.start()
        #expect(TraceContext(traceparent: context.traceparent) == context)
    }

    @Test func aLaterVersionMayBeLonger() {
        #expect(TraceContext(traceparent: "cc" + Self.text.dropFirst(2) + "-what-the-future-brings") != nil)
    }

    @Test(arguments: [
        "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01more",
    ])
    func aMalformedHeaderIsRefused(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }
}

import Testing

@testable import Schemes

struct DifferenceTests {
    @Test func saysWhatANewVersionAddsRemovesAndChanges() throws {
        let old = try Sample.compile(
            """
            - parameter: fine
              clause: R1 x
              value: 20
              unit: CNY
            - figure: gone
              clause: R2 x
              formula: fine * 2
            """)
        let new = try Sample.compile(
            """
            - figure: fresh
              clause: R3 x
              formula: fine * 3
            - parameter: fine
              clause: R1 x
              unit: CNY
              value: 30
            """)
        #expect(
            SchemeDifference.between(old, new).map(\.description) == [
                "~ parameter `fine` (R1) value: 20 → 30", "- figure `gone` (R2)", "+ figure `fresh` (R3)",
            ])
        #expect(SchemeDifference.between(old, old).isEmpty)
    }
}

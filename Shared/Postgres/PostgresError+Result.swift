import CLibPQ

extension Rejection {
    /// Reads the server's answer; nil when libpq itself failed, so that there is no SQLSTATE.
    init?(_ result: OpaquePointer, showsRowDetail: Bool) {
        guard let code = Self.field(gradus_diag_sqlstate, of: result) else { return nil }
        let state = SQLState(rawValue: code)
        let message = Self.field(gradus_diag_message, of: result) ?? "no message"
        let table = Self.field(gradus_diag_table, of: result)
        self.init(
            state: state,
            severity: Self.field(gradus_diag_severity, of: result) ?? "ERROR",
            message: state.quotesValues && !showsRowDetail ? message.withoutQuotations : message,
            hint: Self.field(gradus_diag_hint, of: result),
            detail: showsRowDetail ? Self.field(gradus_diag_detail, of: result) : nil,
            table: table.map { name in
                (Self.field(gradus_diag_schema, of: result).map { $0 + "." } ?? "") + name
            },
            column: Self.field(gradus_diag_column, of: result),
            constraint: Self.field(gradus_diag_constraint, of: result)
        )
    }

    static func field(_ name: Int32, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, name).map { String(cString: $0) }
    }
}

extension String {
    /// The text with everything between double quotes replaced by an ellipsis.
    var withoutQuotations: String {
        var parts = split(separator: "\"", omittingEmptySubsequences: false)
        for index in parts.indices where index % 2 == 1 { parts[index] = "…" }
        return parts.joined(separator: "\"")
    }

    /// libpq's messages without the line ends they come with, on one line.
    var onOneLine: String {
        split(whereSeparator: \.isNewline).map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: " ")
    }
}

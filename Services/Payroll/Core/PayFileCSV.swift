import Contracts
public import Domain

/// A pay run as comma-separated text (RFC 4180, UTF-8): lines, payments, and control totals at the end.
///
/// Records: `line`, `carried-in`, `carried-out` and `pay` for each manager; then `lines-total` and `total`.
/// Lines plus carried-in less carried-out give the payments, and `total` repeats their count and sum.
public enum PayFileCSV {
    /// The names of the columns, in the first row.
    public static let columns = "record,manager,earned,component,title,amount,currency,reference"

    /// The file's text.
    public static func text(_ run: PayRun, _ statements: [PayStatement]) -> String {
        var rows = [columns]
        let currency = run.currency.code
        for statement in statements {
            let manager = statement.subject.id
            for line in statement.lines {
                rows.append(
                    row([
                        "line", manager, line.earned.description, line.item.key.component, line.item.title.zh,
                        run.amountText(line.item.amount), currency, line.id.description,
                    ]))
            }
            let carries = [("carried-in", statement.carriedIn), ("carried-out", statement.carriedOut)]
            for (record, amount) in carries where amount != 0 {
                rows.append(
                    row([
                        record, manager, run.month.description, "", "", run.amountText(amount), currency,
                        statement.id.description,
                    ]))
            }
            rows.append(
                row([
                    "pay", manager, run.month.description, "", "", run.amountText(statement.payable), currency,
                    statement.id.description,
                ]))
        }
        let control = control(statements)
        rows.append(trailer("lines-total", run, count: run.totals.lines, sum: run.totals.total))
        rows.append(trailer("total", run, count: control.count, sum: control.sum))
        return rows.joined(separator: "\r\n") + "\r\n"
    }

    /// The control total of the file of these statements.
    public static func control(_ statements: [PayStatement]) -> PayFileControl {
        PayFileControl(count: statements.count, sum: statements.reduce(0) { $0 + $1.payable })
    }

    /// Reads a file back: the sum over its `pay` records, and its own trailer; nil when the trailer is missing.
    public static func readControl(
        _ text: String, currency: Currency
    ) -> (payments: PayFileControl, trailer: PayFileControl)? {
        var payments = PayFileControl(count: 0, sum: 0)
        var trailer: PayFileControl?
        for row in text.split(separator: "\r\n") {
            let fields = row.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 8, let record = fields.first else { continue }
            let amount = Money(amountText: fields[fields.count - 3], currency)?.minorUnits
            if record == "pay", let amount {
                payments.count += 1
                payments.sum += amount
            } else if record == "total", let amount, let count = Int(fields[1]) {
                trailer = PayFileControl(count: count, sum: amount)
            }
        }
        return trailer.map { (payments, $0) }
    }

    private static func trailer(_ record: String, _ run: PayRun, count: Int, sum: Int64) -> String {
        row([
            record, String(count), run.month.description, "", "", run.amountText(sum), run.currency.code,
            run.id.description,
        ])
    }

    private static func row(_ fields: [String]) -> String {
        fields.enumerated().map { index, field in quoted(field, isAmount: index == 5) }.joined(separator: ",")
    }

    /// Quotes what needs it, and disarms text that a spreadsheet would take for a formula.
    static func quoted(_ field: String, isAmount: Bool = false) -> String {
        var text = field
        if !isAmount, let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) {
            text = "'" + text
        }
        guard text.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) else { return text }
        let doubled = text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
        return "\"" + doubled + "\""
    }
}

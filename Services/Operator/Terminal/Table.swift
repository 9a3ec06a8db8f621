/// A plain table: a heading, aligned columns, nothing drawn that a pipe would have to strip.
struct Table {
    enum Alignment { case left, right }

    struct Column {
        let title: String
        let alignment: Alignment

        static func text(_ title: String) -> Column { Column(title: title, alignment: .left) }
        static func number(_ title: String) -> Column { Column(title: title, alignment: .right) }
    }

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) {
        self.columns = columns
    }

    mutating func add(_ cells: String...) {
        rows.append(cells)
    }

    func rendered(indent: Int = 0) -> String {
        let lines = [columns.map(\.title)] + rows
        let widths = columns.indices.map { column in lines.map { TextWidth.of($0[column]) }.max() ?? 0 }
        return lines.enumerated().map { number, cells in
            let padded = cells.indices.map { column in
                let space = String(repeating: " ", count: widths[column] - TextWidth.of(cells[column]))
                return columns[column].alignment == .left ? cells[column] + space : space + cells[column]
            }
            let line = String(repeating: " ", count: indent) + padded.joined(separator: "  ")
            let trimmed = String(line.reversed().drop(while: { $0 == " " }).reversed())
            return number == 0 ? trimmed + "\n" + rule(widths, indent) : trimmed
        }.joined(separator: "\n")
    }

    func show(indent: Int = 0) {
        Terminal.line(rendered(indent: indent))
    }

    private func rule(_ widths: [Int], _ indent: Int) -> String {
        String(repeating: " ", count: indent) + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    }
}

/// How many terminal cells a text takes: Chinese characters and full-width signs take two.
enum TextWidth {
    static func of(_ text: String) -> Int {
        text.unicodeScalars.reduce(0) { $0 + cells($1) }
    }

    private static func cells(_ scalar: Unicode.Scalar) -> Int {
        if scalar.properties.generalCategory == .nonspacingMark { return 0 }
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F,
            0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }
}

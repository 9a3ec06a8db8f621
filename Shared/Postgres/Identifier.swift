/// Names of tables and columns, made safe to stand in a statement. Values are never spliced, they are parameters.
public enum Identifier {
    /// A name in double quotes, with those inside doubled. A NUL, which no name can hold, is dropped.
    public static func quoted(_ name: String) -> String {
        let safe = name.filter { $0 != "\0" }
        return "\"" + safe.replacing("\"", with: "\"\"") + "\""
    }

    /// `schema.table`, or a name alone, each part in double quotes.
    public static func quoted(path: String) -> String {
        path.split(separator: ".").map { quoted(String($0)) }.joined(separator: ".")
    }
}

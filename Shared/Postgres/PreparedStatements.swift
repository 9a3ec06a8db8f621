/// The statements a session has prepared, by their text and the types of their values.
struct PreparedStatements {
    private struct Key: Hashable {
        let sql: String
        let types: [UInt32]
    }

    /// More statements than any service has; reached only if values are spliced into texts.
    private static let limit = 256

    private var names: [Key: String] = [:]
    private var counter = 0

    var isFull: Bool { names.count >= Self.limit }

    func name(of sql: String, _ types: [UInt32]) -> String? {
        names[Key(sql: sql, types: types)]
    }

    mutating func nextName() -> String {
        counter += 1
        return "gradus_\(counter)"
    }

    mutating func remember(_ name: String, for sql: String, _ types: [UInt32]) {
        names[Key(sql: sql, types: types)] = name
    }

    mutating func forget(_ sql: String, _ types: [UInt32]) {
        names[Key(sql: sql, types: types)] = nil
    }

    /// Forgets all; names are not used again, for the server may still know some.
    mutating func removeAll() {
        names.removeAll()
    }

    /// Leaves out the names that `other` has given, whatever became of them.
    mutating func skipNames(to other: PreparedStatements) {
        counter = other.counter
    }
}

import Crypto

/// Identifiers that say what they identify: the same parts give the same UUID on every machine and in every replay.
public enum DeterministicID {
    /// A UUID version 5 of `kind` and `parts`, joined with U+001F in the Gradus namespace.
    ///
    /// - Parameters:
    ///   - kind: what is identified, such as `fact`, `finding`, `task` or `pay-line`.
    ///   - parts: its coordinates in a fixed order; a missing part is an empty text, never left out.
    public static func make(_ kind: String, _ parts: String...) -> UUID128 {
        make(kind, parts)
    }

    /// The same for parts that are already in an array.
    public static func make(_ kind: String, _ parts: [String]) -> UUID128 {
        var name = namespace
        name.append(contentsOf: kind.utf8)
        for part in parts {
            name.append(0x1F)
            name.append(contentsOf: part.utf8)
        }
        return UUID128(versionFiveDigest: Insecure.SHA1.hash(data: name))
    }

    /// The bytes of the Gradus namespace UUID, 7c4f9d1e-52a8-4b0e-9a3d-67726164 7573 ("gradus").
    static let namespace: [UInt8] = [
        0x7C, 0x4F, 0x9D, 0x1E, 0x52, 0xA8, 0x4B, 0x0E, 0x9A, 0x3D, 0x67, 0x72, 0x61, 0x64, 0x75, 0x73,
    ]
}

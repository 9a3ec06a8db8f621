import Crypto

extension DeterministicID {
    /// The bytes with which the name of every identifier of `kind` starts; each part then follows U+001F.
    ///
    /// For writers of many identifiers, who keep one buffer instead of making texts.
    public static func nameStart(_ kind: String) -> [UInt8] { namespace + kind.utf8 }

    /// The identifier whose whole name is `name`; equal to ``make(_:_:)-(_,String...)`` of the same kind and parts.
    public static func make(name: [UInt8]) -> UUID128 {
        UUID128(versionFiveDigest: Insecure.SHA1.hash(data: name))
    }
}

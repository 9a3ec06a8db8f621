import Foundation

/// The time zone database, as the one thing the language needs from the platform.
enum ZoneRules {
    /// Whether the database knows a zone.
    static func knows(_ name: String) -> Bool {
        zone(name) != nil
    }

    /// The offset from Greenwich that applies in a zone when its wall clocks show a given time.
    static func offset(of name: String, atLocalSeconds seconds: Int64) -> Int64? {
        guard let zone = zone(name) else { return nil }
        // Two steps find the offset: guess the moment without it, then correct with what applied there.
        let first = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(seconds))))
        let moment = Date(timeIntervalSince1970: TimeInterval(seconds - first))
        return Int64(zone.secondsFromGMT(for: moment))
    }

    private static func zone(_ name: String) -> TimeZone? {
        if ["Z", "UTC", "GMT"].contains(name) { return TimeZone(identifier: name) }
        guard name.contains("/"), name.utf8.count <= 64 else { return nil }
        return TimeZone(identifier: name)
    }
}

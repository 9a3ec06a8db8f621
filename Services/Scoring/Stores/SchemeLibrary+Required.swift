public import Postgres
public import SchemeLibrary
public import Schemes
import ScoringCore

extension SchemeLibrary {
    /// A published version; throws ``ScoringFault/unknownScheme(_:)`` when there is none that can be read.
    public func required(_ name: String, version: Int, on connection: Connection) throws -> Scheme {
        switch try scheme(name, version: version, on: connection) {
        case .success(let scheme): return scheme
        case .failure: throw ScoringFault.unknownScheme("\(name) version \(version)")
        }
    }
}

public import Schemes

/// Where the published figures stand in an evaluation, in the order in which they are written.
///
/// It is the same for all subjects of a kind, and sorting names costs more than everything else about a result.
public struct FigureOrder: Sendable {
    private let places: [(position: Int, name: String, key: [UInt8])]
    private let count: Int

    /// The order of an evaluation's figures, which holds for every evaluation of the scheme for the same kinds of
    /// subject and period.
    public init(_ evaluation: Evaluation, of scheme: Scheme) {
        let names = Set(scheme.publishedFigures)
        count = evaluation.figures.count
        places = evaluation.figures.enumerated().filter { names.contains($0.element.name) }
            .map { position, figure in
                var key: [UInt8] = []
                JSONText.append(figure.name, to: &key)
                key.append(UInt8(ascii: ":"))
                return (position, figure.name, key)
            }
            .sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Whether the order was made for figures like these.
    public func fits(_ evaluation: Evaluation) -> Bool {
        evaluation.figures.count == count
            && places.allSatisfy { evaluation.figures[$0.position].name == $0.name }
    }

    /// The figures that have a value, as ``JSONText/object(_:)`` would write them.
    func text(of evaluation: Evaluation) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(places.count * 40)
        bytes.append(UInt8(ascii: "{"))
        for place in places {
            guard let text = evaluation.figures[place.position].text else { continue }
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: place.key)
            JSONText.append(text, to: &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }
}

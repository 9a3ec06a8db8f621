import Domain
import FEEL

/// Turns a scheme document into slots, formulas and plans; works through the whole document whatever it finds.
final class SchemeCompiler {
    let faults: FaultLog
    let header: SchemeHeader
    var storage: SchemeStorage
    var heads: [ElementHead] = []
    /// Slot by name, for everything a formula may name.
    var slots: [String: Int] = [:]
    var slotNames: [String] = []
    var figures: [Int: Figure] = [:]
    var usedNames: Set<String> = []
    /// The measures' requests in document order; several may share a series.
    var payNames: Set<String> = []

    /// The pack's files beside the document, such as decision models.
    let files: [SchemeSource]

    init(_ root: Fields, files: [SchemeSource]) {
        faults = root.faults
        self.files = files
        header = SchemeHeader(root)
        storage = SchemeStorage(header: header)
        readChapters(root)
        root.finish()
    }

    private func readChapters(_ root: Fields) {
        for chapter in root.list("chapters") {
            _ = chapter.bilingual("title")
            for rule in chapter.list("rules") {
                if let head = ElementHead(rule, defaultSubject: header.subject) { heads.append(head) }
            }
            chapter.finish()
        }
    }

    func compile() -> SchemeStorage {
        allocateSlots()
        storage.names = Names(slotNames)
        storage.frameSize = slotNames.count
        compileParameters()
        compileFigures()
        compileRules()
        for head in heads { head.fields.finish() }
        storage.figures = figures.keys.sorted().compactMap { figures[$0] }
        storage.figureOfSlot = slotNames.indices.map { slot in
            storage.figures.firstIndex { $0.slot == slot } ?? 0
        }
        if let covers = header.covers { storage.covers = Formula(covers, names: storage.names, faults: faults) }
        storage.deductionLimit = header.deductionLimit.flatMap(share)
        storage.unusedNames = unusedNames()
        storage.elements = heads.map { head in
            WrittenElement(
                kind: head.kind.rawValue, name: head.name.text, clause: head.clause, values: head.fields.canonical,
                place: head.name.place, places: head.fields.places)
        }
        Planner(self).plan()
        return storage
    }

    private func unusedNames() -> [Located] {
        heads.flatMap { head -> [Located] in
            switch head.kind {
            case .parameter, .measure, .figure, .indicator, .comparison: head.every.isEmpty ? [head.name] : []
            case .table where !head.every.isEmpty: []
            case .table: head.fields.texts("outputs").isEmpty ? [head.name] : head.fields.texts("outputs")
            default: []
            }
        }.filter { !usedNames.contains(Names.normalised($0.text)) }
    }

    // MARK: slots

    private func allocateSlots() {
        for name in FixedSlot.names { slots[name] = addSlot(name) }
        for (slot, name) in FixedSlot.names.enumerated() { given(name, slot: slot, unit: "") }
        for shape in header.profile {
            let slot = addSlot(shape.name)
            slots[shape.name] = slot
            given(shape.name, slot: slot, unit: "profile")
            storage.profileSlots.append((shape, slot))
        }
        for head in heads where head.kind.isFigure { allocate(head) }
        for head in heads where head.kind.takesItems { allocateItems(head) }
        for head in heads { allocateServed(head) }
    }

    private func allocate(_ head: ElementHead) {
        let outputs = head.kind == .table ? head.fields.texts("outputs") : []
        for name in outputs.isEmpty ? [head.name] : outputs { allocate(name) }
        if head.kind == .ladder { for (_, name) in ladderParts(head) { allocate(name) } }
        if head.kind == .reserve { for (_, name) in reserveParts(head) { allocate(name) } }
    }

    private func allocate(_ name: Located) {
        let normal = Names.normalised(name.text)
        guard slots[normal] == nil else {
            faults.report(
                .duplicateName, at: name.place, "`\(normal)` is already the name of another figure",
                "choose another name")
            return
        }
        slots[normal] = addSlot(normal)
    }

    func addSlot(_ name: String) -> Int {
        slotNames.append(name)
        return slotNames.count - 1
    }

    func given(_ name: String, slot: Int, unit: String) {
        figures[slot] = Figure(
            slot: slot, name: name, title: BilingualText(zh: name, en: name),
            clause: Clause(rule: "", text: "", standsIn: nil), kind: "given", unit: unit,
            place: Place(file: "", line: 0, column: 0), state: .active, subject: header.subject, every: [],
            work: .given, reads: [])
    }

    // MARK: what element compilers share

    func slot(_ name: Located) -> Int? {
        let normal = Names.normalised(name.text)
        if let slot = slots[normal] {
            usedNames.insert(normal)
            return slot
        }
        faults.report(
            .unknownName, at: name.place, "there is no figure `\(normal)`", nearest(normal, in: Array(slots.keys)))
        return nil
    }

    func nearest(_ name: String, in known: [String]) -> String {
        let close = known.min { (Spelling.distance($0, name), $0) < (Spelling.distance($1, name), $1) }
        return close.map { "did you mean `\($0)`?" } ?? "define it"
    }

    func formula(_ source: Located?) -> Formula? {
        guard let source, let formula = Formula(source, names: storage.names, faults: faults) else { return nil }
        for slot in formula.reads { usedNames.insert(slotNames[slot]) }
        return formula
    }

    func formula(_ fields: Fields, _ key: String) -> Formula? {
        fields.has(key) ? formula(fields.text(key)) : nil
    }

    func requiredFormula(_ fields: Fields, _ key: String) -> Formula? { formula(fields.required(key)) }

    func shapes(_ types: [Located]) -> [FactShape] {
        types.map { type in
            if let shape = header.facts[type.text] { return shape }
            faults.report(
                .unknownFact, at: type.place, "the fact `\(type.text)` is not declared",
                "add it under `facts:` with its attributes, or \(nearest(type.text, in: Array(header.facts.keys)))")
            return FactShape(type: type.text, attributes: [])
        }
    }

    /// A formula about one fact; with the scheme's parameters unless it has to mean the same for ever.
    ///
    /// - Parameter figures: the formula is read at the close, when all figures are known.
    func factFormula(
        _ fields: Fields, _ key: String, _ shapes: [FactShape], parameters: Bool, figures: Bool = false
    ) -> FactFormula? {
        guard fields.has(key), let source = fields.text(key) else { return nil }
        let parameterNames = parameters ? storage.parameterSlots.map { slotNames[$0] } : []
        let scope = FactScope(shapes, parameters: parameterNames, figures: figures ? slotNames : [])
        guard let formula = Formula(source, names: scope.names, faults: faults) else { return nil }
        for slot in formula.reads { usedNames.insert(scope.names.all[slot]) }
        return FactFormula(formula: formula, scope: scope)
    }

    func ruleHead(_ head: ElementHead) -> RuleHead {
        RuleHead(
            name: head.name.text, title: head.title, clause: head.clause, state: head.state, place: head.name.place)
    }

    func define(
        _ head: ElementHead, name: String? = nil, _ work: FigureWork, reads: [Int], unit: String? = nil
    ) {
        let name = Names.normalised(name ?? head.name.text)
        guard let slot = slots[name], figures[slot] == nil else { return }
        figures[slot] = Figure(
            slot: slot, name: name, title: head.title, clause: head.clause, kind: head.kind.rawValue,
            unit: unit ?? head.unit ?? "", place: head.name.place, state: head.state, subject: head.subject,
            every: head.every, work: work, reads: reads)
    }
}

/// How far apart two names are, for "did you mean".
enum Spelling {
    static func distance(_ left: String, _ right: String) -> Int {
        let left = Array(left)
        let right = Array(right)
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var previous = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                let cost = a == b ? previous : 1 + min(previous, row[j], row[j + 1])
                previous = row[j + 1]
                row[j + 1] = cost
            }
        }
        return row[right.count]
    }
}

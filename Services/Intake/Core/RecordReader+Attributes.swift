import Contracts
import Domain

extension RecordReader {
    /// Writes the attributes behind the working bytes as canonical JSON: names sorted, texts escaped anew.
    mutating func readAttributes(_ plan: FactPlan) {
        attributeItems.removeAll(keepingCapacity: true)
        for attribute in plan.attributes {
            guard let value = value(attribute.value) else { continue }
            guard isExact(value) else {
                problems.append(
                    RecordProblem(.badAttribute, at: attribute.value.path, "the number is written with an exponent"))
                continue
            }
            attributeItems.append(
                AttributeItem(name: attribute.name, value: value.slice, kind: value.kind, isPlain: value.isPlain))
        }
        if let all = plan.allAttributes { readAll(all) }
        guard !attributeItems.isEmpty, problems.isEmpty else { return }
        let start = work.count
        for (index, item) in attributeItems.enumerated() {
            work.append(index == 0 ? UInt8(ascii: "{") : UInt8(ascii: ","))
            appendText(item.name, isPlain: false)
            work.append(UInt8(ascii: ":"))
            if item.kind == .text { appendText(item.value, isPlain: item.isPlain) } else { copy(item.value) }
        }
        work.append(UInt8(ascii: "}"))
        draft.attributes = Slice(start: start, count: work.count - start)
        if draft.attributes.count > 16_384 {
            problems.append(RecordProblem(.badAttribute, "the attributes take more than 16,384 bytes"))
        }
    }

    private mutating func appendText(_ slice: Slice, isPlain: Bool) {
        if !isPlain {
            for index in slice.range {
                let byte = work[index]
                guard byte >= 0x20, byte != 0x22, byte != 0x5C else {
                    let text = Array(work[slice.range])
                    return JSONText.appendString(text, to: &work)
                }
            }
        }
        work.append(UInt8(ascii: "\""))
        copy(slice)
        work.append(UInt8(ascii: "\""))
    }

    /// Repeats a part of the working bytes at their end; texts are short, so byte by byte is quickest.
    @inline(__always)
    private mutating func copy(_ slice: Slice) {
        for index in slice.range { work.append(work[index]) }
    }

    private func isExact(_ value: Value) -> Bool {
        guard value.kind == .number else { return true }
        for index in value.slice.range where work[index] | 0x20 == UInt8(ascii: "e") { return false }
        return true
    }

    /// Every member of the record's own object of attributes, beside those that the plan names.
    private mutating func readAll(_ plan: FieldPlan) {
        let token = slots[plan.slot]
        guard token.end >= 0 else { return }
        guard token.kind == .object,
            let object = tape.tokens.firstIndex(where: {
                $0.kind == .object && Int($0.start) + base == Int(token.start)
            })
        else {
            problems.append(RecordProblem(.badAttribute, at: plan.path, "the attributes are not an object"))
            return
        }
        var index = object + 1
        while index < Int(tape.tokens[object].next) {
            readMember(name: tape.tokens[index], value: tape.tokens[index + 1], plan)
            index = Int(tape.tokens[index + 1].next)
        }
        attributeItems.sort { work[$0.name.range].lexicographicallyPrecedes(work[$1.name.range]) }
        for (first, second) in zip(attributeItems, attributeItems.dropFirst())
        where work[first.name.range] == work[second.name.range] {
            problems.append(RecordProblem(.givenTwice, at: plan.path, "an attribute is given twice"))
        }
    }

    private mutating func readMember(name: JSONToken, value: JSONToken, _ plan: FieldPlan) {
        guard value.kind != .null else { return }
        guard let nameSlice = text(name), (1...64).contains(nameSlice.count) else {
            problems.append(
                RecordProblem(.badAttribute, at: plan.path, "an attribute's name has more than 64 bytes or none"))
            return
        }
        guard let item = item(nameSlice, value), isExact(Value(slice: item.value, kind: item.kind)),
            !source.reserved.contains(where: { equals(nameSlice, $0) })
        else {
            problems.append(
                RecordProblem(
                    .badAttribute, at: plan.path, "an attribute is nested, has an exponent, or a name that Intake uses")
            )
            return
        }
        attributeItems.append(item)
    }

    private mutating func item(_ name: Slice, _ value: JSONToken) -> AttributeItem? {
        switch value.kind {
        case .string: text(value).map { AttributeItem(name: name, value: $0, kind: .text, isPlain: !value.isEscaped) }
        case .number: AttributeItem(name: name, value: place(value), kind: .number, isPlain: true)
        case .yes, .no: AttributeItem(name: name, value: place(value), kind: .flag, isPlain: true)
        case .object, .array, .null: nil
        }
    }

    private func place(_ token: JSONToken) -> Slice {
        Slice(start: Int(token.start) + base, count: Int(token.end - token.start))
    }

    private mutating func text(_ token: JSONToken) -> Slice? {
        guard token.isEscaped else { return place(token) }
        let start = work.count
        var text: [UInt8] = []
        JSONTape.appendText(token, of: work.span.extracting(base...), to: &text)
        work.append(contentsOf: text)
        return Slice(start: start, count: work.count - start)
    }
}

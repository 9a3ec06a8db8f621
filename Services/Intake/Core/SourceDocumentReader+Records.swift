import Domain
internal import Yams

extension SourceDocumentReader {
    mutating func source(_ node: Node) -> SourceDefinition? {
        let members = members(
            node, "a source", required: ["id", "eventId", "records"], optional: ["kafka", "http", "folder", "kind"])
        if let id = members["id"]?.string, !Self.isReference(id) {
            fault(members["id"], "a source id is 1 to 64 bytes without blanks, slashes and quotes")
        }
        let kind = members["kind"].flatMap { field($0, "kind") }
        let records = readRecords(members["records"], hasKind: kind != nil)
        guard let inlet = inlet(members, node), let id = text(members["id"], "id"),
            let eventID = members["eventId"].flatMap({ field($0, "eventId") })
        else { return nil }
        if case .constant = eventID.origin { fault(members["eventId"], "eventId must be a path such as /eventId") }
        return SourceDefinition(id: id, inlet: inlet, eventID: eventID, kind: kind, records: records)
    }

    private mutating func inlet(_ members: [String: Node], _ node: Node) -> Inlet? {
        guard ["kafka", "http", "folder"].count(where: { members[$0] != nil }) == 1 else {
            fault(node, "a source has exactly one of 'kafka', 'http' and 'folder'")
            return nil
        }
        if let kafka = members["kafka"] {
            let fields = self.members(kafka, "kafka", required: ["topic"], optional: ["format"])
            let format = fields["format"] == nil ? "json" : text(fields["format"], "format") ?? "json"
            if !["json", "cloudevents"].contains(format) {
                fault(fields["format"], "format must be json or cloudevents")
            }
            return text(fields["topic"], "topic").map { .kafka(topic: $0, cloudEvents: format == "cloudevents") }
        }
        if let http = members["http"] {
            if http.bool != true { fault(http, "http must be true") }
            return .http
        }
        return members["folder"].flatMap { folder($0) }
    }

    private mutating func folder(_ node: Node) -> Inlet? {
        let fields = members(
            node, "folder", required: ["path"], optional: ["format", "encoding", "control", "sum", "separator"])
        var separator = UInt8(ascii: ",")
        if let entry = fields["separator"] {
            let bytes = Array((entry.string ?? "").utf8)
            if bytes.count == 1, bytes[0] != 0x22, bytes[0] >= 0x09, bytes[0] < 0x80 {
                separator = bytes[0]
            } else {
                fault(entry, "separator must be one ASCII character")
            }
        }
        let sum = fields["sum"].flatMap { FieldPath($0.string ?? "") }
        if let entry = fields["sum"], sum == nil { fault(entry, "sum must be a path such as /amount") }
        guard let path = text(fields["path"], "path") else { return nil }
        return .folder(
            FolderInlet(
                path: path, format: choice(fields["format"], "format", .ndjson),
                encoding: choice(fields["encoding"], "encoding", .utf8),
                control: choice(fields["control"], "control", .companion), sum: sum, separator: separator))
    }

    private mutating func readRecords(_ node: Node?, hasKind: Bool) -> [RecordRule] {
        guard let node else { return [] }
        guard let sequence = node.sequence, !sequence.isEmpty else {
            fault(node, "records must be a list of at least one")
            return []
        }
        var seen: Set<String> = []
        var records: [RecordRule] = []
        for entry in sequence {
            let members = members(entry, "a record", required: [], optional: ["kinds", "fact", "reference", "fields"])
            let kinds = texts(members["kinds"], "kinds")
            if hasKind, kinds.isEmpty { fault(entry, "the source has a 'kind', so the record needs 'kinds'") }
            if !hasKind, !kinds.isEmpty { fault(members["kinds"], "'kinds' needs the source to say its 'kind'") }
            for kind in kinds where !seen.insert(kind).inserted {
                fault(members["kinds"], "kind '\(kind)' is mapped twice")
            }
            if let body = body(members, entry) { records.append(RecordRule(kinds: kinds, body: body)) }
        }
        if !hasKind, records.count > 1 { fault(node, "several records need the source to say its 'kind'") }
        return records
    }

    private mutating func body(_ members: [String: Node], _ node: Node) -> RecordRule.Body? {
        switch (members["fact"], members["reference"]) {
        case (let fact?, nil):
            if let fields = members["fields"] { fault(fields, "'fields' belongs to 'reference'") }
            return self.fact(fact).map { .fact($0) }
        case (nil, let reference?):
            let kind: ReferenceKind = choice(reference, "reference", .unit)
            return .reference(kind, fields: fields(members["fields"], of: kind))
        default:
            fault(node, "a record has exactly one of 'fact' and 'reference'")
            return nil
        }
    }

    /// Each field is read from the member of its own name unless the configuration says otherwise.
    private mutating func fields(_ node: Node?, of kind: ReferenceKind) -> [String: FieldRule] {
        let names = kind.fields.map(\.name)
        let given = node.map { members($0, "fields", required: [], optional: names) } ?? [:]
        var fields: [String: FieldRule] = [:]
        for (name, isRequired) in kind.fields {
            if let entry = given[name] {
                fields[name] = field(entry, name)
            } else if let path = FieldPath("/" + name) {
                fields[name] = FieldRule(.path(path), isOptional: !isRequired)
            }
        }
        return fields
    }

    private mutating func fact(_ node: Node) -> FactRule? {
        let members = members(
            node, "a fact", required: ["institution", "type", "date"],
            optional: [
                "subject", "credit", "customer", "time", "zone", "amount", "scale", "unit", "attributes",
                "allAttributes", "reversal",
            ])
        if members["subject"] == nil, members["credit"] == nil { fault(node, "a fact needs 'subject' or 'credit'") }
        if members["unit"] != nil, members["amount"] == nil { fault(members["unit"], "'unit' needs 'amount'") }
        let institution = members["institution"].flatMap { field($0, "institution") }
        let type = members["type"].flatMap { field($0, "type") }
        let date = members["date"].flatMap { field($0, "date") }
        if let type { checkTypes(type, members["type"]) }
        // Read on after a fault, so that every fault of the record is listed.
        let unread = FieldRule(.constant(Constant("")))
        var rule = FactRule(
            institution: institution ?? unread, type: type ?? unread, date: date ?? unread,
            zoneMinutes: document.zoneMinutes)
        rule.zoneMinutes = zone(members["zone"], document.zoneMinutes)
        rule.subjects = subjects(members["subject"])
        rule.credit = members["credit"].flatMap { field($0, "credit") }
        rule.customer = members["customer"].flatMap { field($0, "customer") }
        rule.time = members["time"].flatMap { field($0, "time") }
        rule.amount = members["amount"].flatMap { field($0, "amount") }
        rule.unit = members["unit"].flatMap { field($0, "unit") }
        if case .constant(let unit)? = rule.unit?.origin, !document.units.contains(unit.text) {
            fault(members["unit"], "unit '\(unit.text)' is not among 'units'")
        }
        rule.scale = scale(members["scale"])
        rule.attributes = attributes(members["attributes"])
        if let all = members["allAttributes"] {
            rule.allAttributes = FieldPath(all.string ?? "")
            if rule.allAttributes == nil { fault(all, "allAttributes must be a path such as /attributes") }
        }
        if let reversal = members["reversal"] {
            let fields = self.members(reversal, "reversal", required: ["flag", "of"])
            rule.reversalFlag = fields["flag"].flatMap { field($0, "flag") }
            rule.reversalOf = fields["of"].flatMap { field($0, "of") }
        }
        return rule
    }

    private mutating func scale(_ node: Node?) -> Int? {
        guard let node else { return nil }
        guard let scale = node.int, (0...4).contains(scale) else {
            fault(node, "scale must be 0 to 4: the decimals of the smaller unit that the amount counts")
            return nil
        }
        return scale
    }

    private mutating func checkTypes(_ rule: FieldRule, _ node: Node?) {
        var named: [String] = rule.values?.values.map(\.text) ?? []
        if case .constant(let constant) = rule.origin { named.append(constant.text) }
        for type in named.sorted() where !document.types.contains(type) {
            fault(node, "fact type '\(type)' is not among 'types'")
        }
    }

    private mutating func subjects(_ node: Node?) -> [FactRule.SubjectRule] {
        guard let node else { return [] }
        let entries = node.sequence.map(Array.init) ?? [node]
        var subjects: [FactRule.SubjectRule] = []
        for entry in entries {
            let kinds = ["manager", "unit", "customer", "loan"]
            let members = members(entry, "a subject", required: [], optional: kinds)
            if members.count != 1 { fault(entry, "a subject names one of: \(kinds.joined(separator: ", "))") }
            for kind in kinds {
                guard let value = members[kind], let id = field(value, kind) else { continue }
                subjects.append(FactRule.SubjectRule(kind: kind, id: id))
            }
        }
        return subjects
    }

    private mutating func attributes(_ node: Node?) -> [FactRule.AttributeRule] {
        guard let node else { return [] }
        guard let mapping = node.mapping else {
            fault(node, "attributes must be a mapping")
            return []
        }
        var attributes: [FactRule.AttributeRule] = []
        for (key, value) in mapping {
            let name = key.string ?? ""
            if !Self.isReference(name) { fault(key, "an attribute's name is 1 to 64 bytes without blanks and quotes") }
            if Crediting.reservedAttributes.contains(name) {
                fault(key, "attribute '\(name)' is written by Intake itself")
            }
            if let rule = field(value, name) { attributes.append(.init(name: name, value: rule)) }
        }
        return attributes.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// A value's origin: a path, a constant, or a mapping with `path` or `value` and options.
    mutating func field(_ node: Node, _ what: String) -> FieldRule? {
        if node.scalar != nil {
            guard let constant = constant(node, what) else { return nil }
            guard constant.text.hasPrefix("/") || constant.text.hasPrefix("ce:") else {
                return FieldRule(.constant(constant))
            }
            guard let path = FieldPath(constant.text) else {
                fault(node, "'\(constant.text)' is not a path such as /a/b or ce:id")
                return nil
            }
            return FieldRule(.path(path))
        }
        let members = members(node, what, required: [], optional: ["path", "value", "values", "default", "optional"])
        guard (members["path"] == nil) != (members["value"] == nil) else {
            fault(node, "'\(what)' needs 'path' or 'value'")
            return nil
        }
        if let optional = members["optional"], optional.bool == nil {
            fault(optional, "optional must be true or false")
        }
        let values = members["values"].flatMap { table($0, what) }
        let fallback = members["default"].flatMap { constant($0, "default") }
        let isOptional = members["optional"]?.bool ?? false
        if let value = members["value"] {
            return constant(value, "value").map { FieldRule(.constant($0), fallback: fallback, isOptional: isOptional) }
        }
        guard let path = members["path"].flatMap({ FieldPath($0.string ?? "") }) else {
            fault(members["path"], "path must be such as /a/b or ce:id")
            return nil
        }
        return FieldRule(.path(path), values: values, fallback: fallback, isOptional: isOptional)
    }

    private mutating func table(_ node: Node, _ what: String) -> [String: Constant]? {
        guard let mapping = node.mapping, !mapping.isEmpty else {
            fault(node, "values of '\(what)' must be a mapping of at least one")
            return nil
        }
        var table: [String: Constant] = [:]
        for (key, value) in mapping { table[key.string ?? ""] = constant(value, "each of values") }
        return table
    }

    private mutating func constant(_ node: Node, _ what: String) -> Constant? {
        guard let scalar = node.scalar else {
            fault(node, "\(what) must be a single value")
            return nil
        }
        if scalar.style == .plain || scalar.style == .any {
            if let flag = node.bool { return Constant(flag ? "true" : "false", .flag) }
            if Decimal128(scalar.string)?.text == scalar.string { return Constant(scalar.string, .number) }
        }
        return Constant(scalar.string)
    }
}

import Domain

extension Builtins {
    static let contexts: [Builtin] = [
        Builtin("get value", [Form("m", "key"), Form("context", "key")]) { arguments, frame in
            guard case .context(let context) = single(arguments[0]), let key = string(arguments, 1) else {
                return wrong("get value", arguments, &frame)
            }
            return context[key] ?? frame.fail("the context has no entry “\(key)”")
        },
        Builtin("get entries", [Form("m"), Form("context")]) { arguments, frame in
            guard case .context(let context) = single(arguments[0]) else {
                return wrong("get entries", arguments, &frame)
            }
            guard frame.spend(context.count) else { return .null }
            return .list(
                zip(context.names, context.values).map { name, value in
                    .context(Context(shape: entryShape, values: [.string(name), value]))
                })
        },
        Builtin("context", [Form("entries")]) { arguments, frame in
            guard let entries = list(arguments[0]) else { return wrong("context", arguments, &frame) }
            return build(entries) ?? frame.fail("“context” needs entries with different keys and a value each")
        },
        Builtin("context put", [Form("context", "key", "value"), Form("context", "keys", "value")], put),
        Builtin("context merge", [Form("contexts")]) { arguments, frame in
            guard let values = list(arguments[0]) else { return wrong("context merge", arguments, &frame) }
            var entries: [(String, Value)] = []
            for value in values {
                guard case .context(let context) = value, frame.spend(context.count) else {
                    return wrong("context merge", arguments, &frame)
                }
                entries += zip(context.names, context.values)
            }
            return .context(Context(entries))
        },
    ]

    private static let entryShape = Context.Shape(["key", "value"])

    private static func build(_ entries: [Value]) -> Value? {
        var result: [(String, Value)] = []
        var seen: Set<String> = []
        for entry in entries {
            guard case .context(let context) = entry, let key = context["key"]?.asString, let value = context["value"],
                seen.insert(key).inserted
            else { return nil }
            result.append((key, value))
        }
        return .context(Context(result))
    }

    private static func put(_ arguments: [Value], _ frame: inout Evaluation) -> Value {
        guard case .context(let context) = single(arguments[0]), frame.spend(context.count) else {
            return wrong("context put", arguments, &frame)
        }
        if let key = string(arguments, 1) { return .context(context.setting(key, to: arguments[2])) }
        guard case .list(let keys) = arguments[1] else { return wrong("context put", arguments, &frame) }
        let path = keys.compactMap(\.asString)
        guard !path.isEmpty, path.count == keys.count, path.count <= 200 else {
            return wrong("context put", arguments, &frame)
        }
        return put(path[...], arguments[2], into: context).map(Value.context)
            ?? frame.fail("“context put” needs a context at each key but the last")
    }

    private static func put(_ path: ArraySlice<String>, _ value: Value, into context: Context) -> Context? {
        guard let key = path.first else { return nil }
        if path.count == 1 { return context.setting(key, to: value) }
        guard case .context(let inner)? = context[key] else { return nil }
        return put(path.dropFirst(), value, into: inner).map { context.setting(key, to: .context($0)) }
    }
}

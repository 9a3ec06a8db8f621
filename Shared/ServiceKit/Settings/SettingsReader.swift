import Configuration
import Foundation

/// A service's settings: one type, read once at the start, each key declared where it is read.
public protocol ServiceSettings: Sendable {
    /// Reads every key, always and in one pass, so that help, checks and unknown keys see all of them.
    init(_ read: SettingsReader)

    /// What is wrong with files that the settings name, a line each; asked for by `--validate` only. A start finds the
    /// same when it reads them.
    var faultsOfFiles: [String] { get }
}

extension ServiceSettings {
    /// Most services read no file but their settings.
    public var faultsOfFiles: [String] { [] }
}

/// Why a value is refused, said after "…", so it begins with a verb: "is not a host and port".
public struct SettingsRefusal: Error, Hashable, Sendable {
    /// The reason; must not quote the value of a secret.
    public let reason: String

    /// Refuses a value for a reason.
    public init(_ reason: String) {
        self.reason = reason
    }
}

/// Reads settings and collects every fault instead of stopping at the first.
///
/// A read of a wrong or missing value records the fault and returns a placeholder; the settings built from it are
/// thrown away together with it, because ``finish()`` then throws.
public final class SettingsReader {
    private let sources: SettingsSources
    private let config: ConfigReader
    private var used: Set<String> = []
    private var prefixes: [String] = []
    private(set) var entries: [SettingsEntry] = []
    private(set) var secrets: [Secret] = []
    private var faults: [SettingsFault] = []

    init(_ sources: SettingsSources) {
        self.sources = sources
        self.config = ConfigReader(providers: sources.layers.map(\.provider))
        self.faults = sources.faults
    }

    /// Reads a value of any type. Everything else is built on this.
    ///
    /// - Parameters:
    ///   - type: the type as an operator reads it in help and faults: "whole number".
    ///   - fallback: the default; nil makes the setting required.
    ///   - shownDefault: the default's text in the help.
    ///   - placeholder: stands in for a faulty value until the faults are thrown.
    ///   - parse: gives the value, or throws a ``SettingsRefusal``.
    public func value<Value>(
        _ key: String, type: String, default fallback: Value?, shownDefault: String? = nil, placeholder: Value,
        _ meaning: String, parse: (String) throws(SettingsRefusal) -> Value
    ) -> Value {
        let presence: SettingsEntry.Presence =
            fallback.map { .defaults(to: shownDefault ?? "\($0)") } ?? .required
        declare(SettingsEntry(key: key, type: type, presence: presence, meaning: meaning, isSecret: false))
        guard let given = given(key) else {
            if fallback == nil { missing(key, meaning) }
            return fallback ?? placeholder
        }
        do throws(SettingsRefusal) {
            return try parse(given.text)
        } catch {
            faults.append(SettingsFault(.malformed, "\(given.spelling) \(error.reason): “\(shown(given.text))”"))
            return placeholder
        }
    }

    /// Reads a secret that must be there. A file (`…_FILE`, `key.file`) is stronger than the value itself.
    public func secret(_ key: String, _ meaning: String) -> Secret {
        if let secret = readSecret(key, presence: .required, meaning) { return secret }
        if !faultedSecrets.contains(key) { missing(key, meaning, orFile: true) }
        return Secret("")
    }

    /// Reads a secret that may be absent.
    public func optionalSecret(_ key: String, _ meaning: String) -> Secret? {
        readSecret(key, presence: .optional, meaning)
    }

    private var faultedSecrets: Set<String> = []

    private func readSecret(_ key: String, presence: SettingsEntry.Presence, _ meaning: String) -> Secret? {
        declare(SettingsEntry(key: key, type: "secret text", presence: presence, meaning: meaning, isSecret: true))
        used.insert(key + ".file")
        let text: String
        if let path = given(key + ".file") {
            guard let content = content(of: path) else {
                faultedSecrets.insert(key)
                return nil
            }
            text = content
        } else if let given = given(key) {
            text = given.text
        } else {
            return nil
        }
        let secret = Secret(text)
        secrets.append(secret)
        return secret
    }

    private func content(of path: GivenValue) -> String? {
        guard let content = try? String(contentsOfFile: path.text, encoding: .utf8) else {
            faults.append(
                SettingsFault(.unreadableSecret, "\(path.spelling): the file cannot be read: check path and rights"))
            return nil
        }
        let text = content.trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty {
            faults.append(SettingsFault(.unreadableSecret, "\(path.spelling): the file is empty"))
            return nil
        }
        return text
    }

    /// Reads every key under `prefix` as it stands: `kafka.properties.sasl.username` → `sasl.username`.
    ///
    /// A key that ends in `.file` is a secret read from that file.
    public func properties(_ prefix: String, _ meaning: String) -> [String: String] {
        declare(SettingsEntry(key: prefix + ".*", type: "text", presence: .optional, meaning: meaning, isSecret: false))
        prefixes.append(prefix + ".")
        var properties: [String: String] = [:]
        let keys = Set(sources.layers.flatMap(\.values.keys)).filter { $0.hasPrefix(prefix + ".") }
        for key in keys.sorted() where !key.hasSuffix(".file") && !keys.contains(key + ".file") {
            guard let given = given(key) else { continue }
            let name = String(key.dropFirst(prefix.count + 1))
            properties[name] = given.text
            if SettingsReader.isSecretProperty(name) { secrets.append(Secret(given.text)) }
        }
        for key in keys.sorted() where key.hasSuffix(".file") {
            guard let path = given(key), let text = content(of: path) else { continue }
            properties[String(key.dropFirst(prefix.count + 1).dropLast(".file".count))] = text
            secrets.append(Secret(text))
        }
        return properties
    }

    /// Records a fault that only several settings together show; `key` is the one to change.
    public func fault(_ key: String, _ text: String) {
        faults.append(SettingsFault(.contradiction, "\(given(key)?.spelling ?? key) \(text)"))
    }

    /// Records that a value is outside its bounds.
    func outOfBounds(_ key: String, _ text: String) {
        faults.append(SettingsFault(.outOfBounds, "\(given(key)?.spelling ?? key) \(text)"))
    }

    /// Keeps texts out of the log that came inside a larger secret.
    func keepSecret(_ texts: [String]) {
        secrets += texts.map(Secret.init)
    }

    /// Declares a setting that may be absent and returns its text.
    func optionalText(_ key: String, type: String, _ meaning: String) -> String? {
        declare(SettingsEntry(key: key, type: type, presence: .optional, meaning: meaning, isSecret: false))
        return given(key)?.text
    }

    /// Throws every fault found, including keys that nothing has read.
    func finish(unknownVariablesAreFaults: Bool = true) throws(SettingsError) {
        for layer in sources.layers where unknownVariablesAreFaults || layer.name != "environment" {
            for (key, given) in layer.values.sorted(by: { $0.key < $1.key }) where !isKnown(key) {
                let text = "\(given.spelling) is not a setting: remove it or correct its spelling, see --help"
                faults.append(SettingsFault(layer.name == "flags" ? .usage : .unknown, text))
            }
        }
        guard faults.isEmpty else { throw SettingsError(faults) }
    }

    private func isKnown(_ key: String) -> Bool {
        used.contains(key) || prefixes.contains { key.hasPrefix($0) }
    }

    private func declare(_ entry: SettingsEntry) {
        precondition(!used.contains(entry.key), "the setting \(entry.key) is declared twice")
        used.insert(entry.key)
        entries.append(entry)
    }

    private func given(_ key: String) -> GivenValue? {
        guard let text = config.string(forKey: ConfigKey(key), isSecret: true) else { return nil }
        let spelling = sources.layers.lazy.compactMap { $0.values[key]?.spelling }.first ?? key
        return GivenValue(spelling: spelling, text: text)
    }

    private func missing(_ key: String, _ meaning: String, orFile: Bool = false) {
        let variable = SettingsEntry.variable(key)
        let ways = orFile ? "\(variable)_FILE or \(variable)" : "\(variable) or \(SettingsEntry.flag(key))"
        faults.append(SettingsFault(.missing, "\(key) is not set: give \(ways). \(meaning)"))
    }

    private func shown(_ text: String) -> String {
        let visible = text.map { $0.isNewline ? " " : $0 }
        return visible.count > 60 ? String(visible.prefix(60)) + "…" : String(visible)
    }

    /// True for librdkafka's properties that hold a password or a key.
    static func isSecretProperty(_ name: String) -> Bool {
        ["password", "secret", "pem", "token", "oauthbearer.config", "jaas"].contains { name.contains($0) }
    }
}

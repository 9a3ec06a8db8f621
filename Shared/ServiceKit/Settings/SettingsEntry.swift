/// One documented setting: what `--help` says about it.
struct SettingsEntry: Sendable {
    enum Presence: Sendable {
        case required
        case optional
        case defaults(to: String)
    }

    let key: String
    let type: String
    let presence: Presence
    let meaning: String
    let isSecret: Bool

    /// The environment variable of a key: `GRADUS_KAFKA_BROKERS`.
    static func variable(_ key: String) -> String {
        "GRADUS_" + key.uppercased().split(separator: ".").joined(separator: "_")
    }

    /// The flag of a key: `--kafka-brokers`.
    static func flag(_ key: String) -> String {
        "--" + key.split(separator: ".").joined(separator: "-")
    }

    /// The setting's paragraph in the help.
    var help: String {
        let presence =
            switch presence {
            case .required: "required"
            case .optional: "optional"
            case .defaults(let text): "default \(text)"
            }
        let variable = SettingsEntry.variable(key)
        let spellings = isSecret ? "\(variable)_FILE (path), \(variable)" : "\(variable), \(SettingsEntry.flag(key))"
        return "\(key)  (\(type); \(presence))\n    \(meaning)\n    \(spellings)"
    }
}

/// The text of `--help` for a program and its settings.
func settingsHelp(program: String, _ entries: [SettingsEntry]) -> String {
    let codes = ExitCode.allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "\n  ")
    return """
        usage: \(program) [--key value]... [--config FILE] [--validate] [--help]

        A setting is taken from its flag, else from its environment variable, else from the YAML or JSON file named by
        --config or GRADUS_CONFIG, else from its default. A secret's file is stronger than the secret itself.
        --validate lists every fault and stops.

        exit codes:
          \(codes)

        \(entries.map(\.help).joined(separator: "\n"))
        """
}

import Configuration
import Foundation
import Yams

/// A value as it was given: how the giver spelled its key, and its text.
struct GivenValue: Hashable, Sendable {
    let spelling: String
    let text: String
}

/// One place settings come from, with its keys in the common spelling (`kafka.brokers`).
struct SettingsLayer: Sendable {
    let name: String
    var values: [String: GivenValue] = [:]

    /// The layer as a provider; everything is marked secret so that no debugging output shows a value.
    var provider: InMemoryProvider {
        let pairs = values.map { key, given in
            (AbsoluteConfigKey(ConfigKey(key)), ConfigValue(.string(given.text), isSecret: true))
        }
        return InMemoryProvider(name: name, values: Dictionary(pairs) { first, _ in first })
    }
}

/// What a command line asks for besides settings.
enum SettingsRequest: Sendable {
    case run
    case help
    case validate
}

/// Flags, environment and file, gathered once at the start: flags > environment > file > default.
struct SettingsSources: Sendable {
    var request = SettingsRequest.run
    var flags = SettingsLayer(name: "flags")
    var environment = SettingsLayer(name: "environment")
    var file = SettingsLayer(name: "file")
    var faults: [SettingsFault] = []

    /// The layers, the strongest first.
    var layers: [SettingsLayer] { [flags, environment, file] }

    /// Gathers from a command line without the program's name, and an environment.
    init(arguments: [String], environment variables: [String: String]) {
        readFlags(arguments)
        readEnvironment(variables)
        let path = flags.values.removeValue(forKey: "config") ?? environment.values["config"]
        environment.values.removeValue(forKey: "config")
        if let path {
            readFile(path.text)
        }
    }

    private mutating func readFlags(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--help", "-h": request = .help
            case "--validate": request = .validate
            case _ where argument.hasPrefix("--") && argument.count > 2:
                readFlag(argument, &rest)
            default:
                // The argument itself may be a secret put in the wrong place, so it is not repeated.
                let position = arguments.count - rest.count
                faults.append(
                    SettingsFault(.usage, "argument \(position) is not a flag: write --key value, see --help"))
            }
        }
    }

    private mutating func readFlag(_ argument: String, _ rest: inout ArraySlice<String>) {
        let halves = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let flag = String(halves[0])
        guard let key = SettingsSources.key(flag.dropFirst(2)) else {
            faults.append(SettingsFault(.usage, "\(flag) is not a well-formed flag: write --key value, see --help"))
            return
        }
        let text: String
        if halves.count == 2 {
            text = String(halves[1])
        } else if let next = rest.first, !next.hasPrefix("--") {
            text = next
            rest.removeFirst()
        } else {
            faults.append(SettingsFault(.usage, "\(flag) has no value: write \(flag) value"))
            return
        }
        if flags.values.updateValue(GivenValue(spelling: flag, text: text), forKey: key) != nil {
            faults.append(SettingsFault(.usage, "\(flag) is given twice: give it once"))
        }
    }

    private mutating func readEnvironment(_ variables: [String: String]) {
        for (name, text) in variables where name.hasPrefix("GRADUS_") && !text.isEmpty {
            guard !SettingsSources.isServiceLink(name, text), !SettingsSources.ofScripts.contains(name) else {
                continue
            }
            guard let key = SettingsSources.key(name.dropFirst("GRADUS_".count)) else {
                faults.append(SettingsFault(.unknown, "\(name) is not a setting: remove it or correct its spelling"))
                continue
            }
            environment.values[key] = GivenValue(spelling: name, text: text)
        }
    }

    private mutating func readFile(_ path: String) {
        do {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            guard let root = try Yams.compose(yaml: text) else { return }
            flatten(root, key: "", path: path)
        } catch let error as YamlError {
            let place = SettingsSources.place(of: error)
            faults.append(SettingsFault(.unreadableFile, "settings file \(path) is not YAML or JSON: \(place)"))
        } catch {
            faults.append(SettingsFault(.unreadableFile, "settings file \(path) cannot be read: check path and rights"))
        }
    }

    private mutating func flatten(_ node: Node, key: String, path: String) {
        let place = node.mark.map { "\(path):\($0.line)" } ?? path
        switch node {
        case .mapping(let mapping):
            for (name, child) in mapping {
                let joined = [key, name.string ?? ""].filter { !$0.isEmpty }.joined(separator: ".")
                flatten(child, key: joined, path: path)
            }
        case .sequence(let items):
            let texts = items.compactMap(\.string)
            guard texts.count == items.count else {
                faults.append(SettingsFault(.malformed, "\(key) in \(place) is a list of something else than texts"))
                return
            }
            keep(key, texts.joined(separator: ","), place)
        case .scalar(let scalar):
            guard node.null == nil else { return }
            keep(key, scalar.string, place)
        case .alias:
            faults.append(SettingsFault(.unreadableFile, "\(key) in \(place) is an alias: write the value out"))
        }
    }

    private mutating func keep(_ spelling: String, _ text: String, _ place: String) {
        guard let key = SettingsSources.key(spelling[...]) else {
            let shown = spelling.isEmpty ? "the top level" : spelling
            faults.append(SettingsFault(.unreadableFile, "\(shown) in \(place) is not a key: see --help"))
            return
        }
        file.values[key] = GivenValue(spelling: "\(spelling) in \(place)", text: text)
    }

    /// The common spelling of a key, whose words may be parted by dots, dashes or underscores; nil if malformed.
    private static func key(_ spelling: Substring) -> String? {
        let words = spelling.lowercased().split(omittingEmptySubsequences: false) { ".-_".contains($0) }
        let areWords = words.allSatisfy { word in
            !word.isEmpty && word.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) }
        }
        return areWords ? words.joined(separator: ".") : nil
    }

    /// Variables of the development scripts, which start services with their own environment.
    private static let ofScripts: Set<String> = [
        "GRADUS_LOCAL", "GRADUS_POSTGRES_BIN", "GRADUS_REQUIRE_SERVERS", "GRADUS_TEST_POSTGRES",
    ]

    /// Kubernetes adds variables such as `GRADUS_SCORING_SERVICE_HOST` for each Service of the namespace: not settings.
    private static func isServiceLink(_ name: String, _ text: String) -> Bool {
        name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_SERVICE_PORT") || name.contains("_SERVICE_PORT_")
            || name.contains("_TCP_") || name.contains("_UDP_")
            || text.hasPrefix("tcp://") || text.hasPrefix("udp://")
    }

    /// Where the parser stopped and why, without the snippet of the file, which may hold a secret.
    private static func place(of error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, _):
            "keys given twice: \(duplicates.joined(separator: ", "))"
        default: "it cannot be decoded"
        }
    }
}

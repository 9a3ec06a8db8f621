/// Reads a program's settings outside ``launch(_:assemble:)``: flags > environment > file > default.
///
/// Throws every fault at once. A command shares its environment with other programs, so a variable it does not know is
/// a fault only if `strictly`; unknown flags and keys of the file always are.
public func readSettings<Settings: ServiceSettings>(
    _ type: Settings.Type = Settings.self, arguments: [String], environment: [String: String],
    strictly: Bool = false
) throws(SettingsError) -> Settings {
    let reader = SettingsReader(SettingsSources(arguments: arguments, environment: environment))
    let settings = Settings(reader)
    try reader.finish(unknownVariablesAreFaults: strictly)
    return settings
}

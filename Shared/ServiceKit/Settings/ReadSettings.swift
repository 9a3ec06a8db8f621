/// Reads a program's settings outside ``launch(_:assemble:)``: flags > environment > file > default.
///
/// Throws every fault at once.
public func readSettings<Settings: ServiceSettings>(
    _ type: Settings.Type = Settings.self, arguments: [String], environment: [String: String]
) throws(SettingsError) -> Settings {
    let reader = SettingsReader(SettingsSources(arguments: arguments, environment: environment))
    let settings = Settings(reader)
    try reader.finish()
    return settings
}

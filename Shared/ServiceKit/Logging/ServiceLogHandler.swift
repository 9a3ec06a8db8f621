import Foundation
import Logging

/// Turns log statements into lines: JSON for machines, text for people; without personal data and secrets.
struct ServiceLogHandler: LogHandler {
    /// Where lines go and what they look like; one for the process.
    struct Output: Sendable {
        enum Form: Sendable {
            case json
            case text(coloured: Bool)
        }

        let service: String
        let form: Form
        let redaction: Redaction
        /// Takes a finished line.
        let emit: @Sendable ([UInt8]) -> Void
        /// Makes sure that lines emitted so far are out.
        let flush: @Sendable () -> Void

        func render(_ line: LogLine) -> [UInt8] {
            switch form {
            case .json: redaction.scrub(line.json())
            case .text(let coloured): redaction.scrub(line.text(coloured: coloured))
            }
        }
    }

    let output: Output
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    init(_ output: Output, level: Logger.Level) {
        self.output = output
        self.logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error {
            all["error"] = "\(error)"
            if all["code"] == nil, let coded = error as? any CodedError { all["code"] = "\(coded.code)" }
        }
        let line = LogLine(
            microseconds: SystemTime.now(), level: event.level, service: output.service,
            message: event.message.description, metadata: all)
        output.emit(output.render(line))
        // After a critical line the process usually ends: it must not be lost in the queue.
        if event.level == .critical { output.flush() }
    }
}

/// The process's log: standard output, through a thread of its own.
func processLogOutput(
    service: ServiceName, format: HostSettings.LogFormat, redaction: Redaction
) -> ServiceLogHandler.Output {
    let isTerminal = isatty(STDOUT_FILENO) == 1
    let form: ServiceLogHandler.Output.Form
    switch format {
    case .json: form = .json
    case .text: form = .text(coloured: isTerminal && getenv("NO_COLOR") == nil)
    case .auto: form = isTerminal ? .text(coloured: getenv("NO_COLOR") == nil) : .json
    }
    let sink = LogSink(descriptor: STDOUT_FILENO) { dropped in
        let line = LogLine(
            microseconds: SystemTime.now(), level: .warning, service: service.rawValue,
            message: "log lines dropped because the output is slow",
            metadata: ["code": "GR-LOG-001", "lines": "\(dropped)"])
        switch form {
        case .json: return line.json()
        case .text(let coloured): return line.text(coloured: coloured)
        }
    }
    sink.start()
    return ServiceLogHandler.Output(
        service: service.rawValue, form: form, redaction: redaction,
        emit: { sink.append($0) }, flush: { sink.flush() })
}

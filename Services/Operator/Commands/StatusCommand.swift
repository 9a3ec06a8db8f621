import ArgumentParser
import Foundation
import Kafka
import Postgres

/// `gradus status`: positions, lag, outboxes, suspense, dead letters and the last closes.
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show where every consumer stands and what waits.")

    @Flag(help: "Wait until everything sent has passed through all services.")
    var wait = false

    @Option(help: "Give up waiting after so many seconds.")
    var timeout: Int = 600

    @Flag(help: "One line for each partition instead of each topic.")
    var partitions = false

    @OptionGroup var report: ReportOptions

    func run() throws {
        let settings = try OperatorSettings.load()
        let connection = try settings.connection()
        defer { connection.close() }
        let administration = try TopicAdministration(settings.kafkaConfiguration, logger: OperatorSettings.logger)
        var status = try PipelineStatus(connection, administration)
        if wait {
            status = try PipelineStatus.whenIdle(within: timeout) { try PipelineStatus(connection, administration) }
        }
        if report.json { return try Terminal.json(status) }
        show(status)
    }

    private func show(_ status: PipelineStatus) {
        var table = Table([
            .text("service"), .text("topic"), .number("partition"), .number("position"), .number("lag"),
            .number("lag s"), .number("applied"), .number("duplicate"), .number("rejected"), .number("fenced"),
        ])
        for row in partitions ? status.positions.map(Line.init) : Line.byTopic(status.positions) {
            table.add(
                row.service, row.topic, row.partition, "\(row.position)", "\(row.lag)",
                row.lagSeconds.map { "\($0)" } ?? "–",
                "\(row.applied)", "\(row.duplicates)", "\(row.rejected)", "\(row.fenced)")
        }
        table.show()
        Terminal.line()
        var waiting = Table([.text("service"), .number("to publish"), .number("dead letters")])
        for row in status.waiting { waiting.add(row.service, "\(row.outbox)", "\(row.deadLetters)") }
        waiting.show()
        Terminal.line(
            "\nIn suspense: \(status.suspense). Notices due: \(status.deliveries). Customers to credit anew: \(status.recrediting)."
        )
        for close in status.lastCloses {
            Terminal.line("Last close of \(close.institution): \(close.period), \(close.state).")
        }
        for obstacle in status.obstacles {
            let place = obstacle.partition.map { " in partition \($0)" } ?? ""
            Terminal.line(
                "The close of \(obstacle.institution), \(obstacle.period), cannot go on\(place): "
                    + "\(obstacle.reason) (\(obstacle.code)); it is tried again until that is mended.")
        }
    }

    /// One row of the table: a partition, or all partitions of a topic.
    private struct Line {
        var service, topic, partition: String
        var position, lag, applied, duplicates, rejected, fenced: Int64
        var lagSeconds: Int64?

        init(_ one: PipelineStatus.Position) {
            service = one.service
            topic = one.topic
            partition = "\(one.partition)"
            position = one.position
            lag = one.lag
            applied = one.applied
            duplicates = one.duplicates
            rejected = one.rejected
            fenced = one.fenced
            lagSeconds = one.lagSeconds
        }

        static func byTopic(_ positions: [PipelineStatus.Position]) -> [Line] {
            positions.reduce(into: []) { lines, position in
                let line = Line(position)
                guard let last = lines.last, last.service == line.service, last.topic == line.topic else {
                    lines.append(line)
                    lines[lines.count - 1].partition = "all"
                    return
                }
                let end = lines.count - 1
                lines[end].position += line.position
                lines[end].lag += line.lag
                lines[end].applied += line.applied
                lines[end].duplicates += line.duplicates
                lines[end].rejected += line.rejected
                lines[end].fenced += line.fenced
                lines[end].lagSeconds = [last.lagSeconds, line.lagSeconds].compactMap { $0 }.max()
            }
        }
    }
}

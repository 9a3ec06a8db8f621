import ArgumentParser
import Contracts
import Foundation
import Postgres

extension DemoCommand {
    /// `gradus demo decide`: the people of the demonstration answer the open promotion tasks, step by step.
    struct Decide: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Answer the open promotion tasks: all agree for manager 3, the market manager refuses manager 10."
        )

        func run() async throws {
            let settings = try OperatorSettings.load()
            let connection = try settings.connection()
            defer { connection.close() }
            let writer = try EventWriter(settings.kafkaConfiguration)
            // A promotion passes four desks; each answer opens the next one's task.
            for _ in 1...4 {
                let tasks = try OpenTasks.all(onlyOpen: true, on: connection).filter {
                    $0.institution == DemoWorld.tobacco && Self.answer($0) != nil
                }
                guard !tasks.isEmpty else { break }
                try writer.write(tasks.map(Self.decision))
                try await Self.waitUntilAnswered(tasks, settings)
                for task in tasks {
                    Terminal.line("\(task.subject): \(task.role) answers \(Self.answer(task) ?? "")")
                }
            }
        }

        private static func answer(_ task: OpenTasks.Task) -> String? {
            switch (task.role, task.subject) {
            case ("manager", "cm-03"), ("manager", "cm-10"): "apply"
            case ("market-manager", "cm-10"): "refuse"
            case ("market-manager", "cm-03"), ("district-bureau", "cm-03"): "agree"
            case ("branch-bureau", "cm-03"): "approve"
            default: nil
            }
        }

        private static func decision(_ task: OpenTasks.Task) -> EventWriter.Message {
            let answer = answer(task) ?? ""
            let fields: [Field] = [
                .text("eventId", "decision-\(task.id)"), .text("institution", task.institution),
                .text("event", "decision.made"), .text("manager", task.subject), .text("businessDate", "2026-04-08"),
                .text("occurredAt", "2026-04-08T10:00:00+08:00"),
                .object(
                    "attributes",
                    [
                        .text("task", "\(task.id)"), .text("decision", answer), .text("by", "st-101"),
                        .text("role", task.role), .text("opinion", "同意"),
                    ]),
            ]
            return EventWriter.Message(topic: "hr.events", key: task.subject, value: Array(Field.object(fields).utf8))
        }

        private static func waitUntilAnswered(_ tasks: [OpenTasks.Task], _ settings: OperatorSettings) async throws {
            let connection = try settings.connection()
            defer { connection.close() }
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                let open = Set(try OpenTasks.all(onlyOpen: true, on: connection).map(\.id))
                guard tasks.contains(where: { open.contains($0.id) }) else { return }
                guard ContinuousClock.now < deadline else {
                    throw OperatorError(
                        "GR-OPERATOR-120", "the decisions were not taken in within 60 s; see gradus status")
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }
    }
}

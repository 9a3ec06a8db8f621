import ArgumentParser
import Foundation
import Kafka
import Postgres
import ServiceKit

/// The operator's command: everything about Gradus that is not a service.
@main
struct Gradus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gradus",
        abstract: "Operate Gradus: grades, appraisals and pay of relationship managers.",
        discussion: """
            The database and the broker are named by GRADUS_DATABASE_URL and GRADUS_KAFKA_BROKERS, or by the same keys \
            in the file that GRADUS_CONFIG names. Every command that reports takes --json.
            """,
        version: "0.1.0",
        subcommands: [
            MigrateCommand.self, TopicsCommand.self, SchemeCommand.self, DeadLettersCommand.self, StatusCommand.self,
            ShowCommand.self,
            PeriodCommand.self, RunCommand.self, AuditCommand.self,
            DemoCommand.self,
            FEELCommand.self, DMNCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch let failure as OperatorError {
            Terminal.complain("\(failure.code) \(failure.message)")
            Foundation.exit(failure.exitCode)
        } catch let error as KafkaError {
            Terminal.complain("\(error); is the broker at GRADUS_KAFKA_BROKERS running?")
            Foundation.exit(69)
        } catch let error as PostgresError {
            Terminal.complain("\(error.code) \(error); is the store at GRADUS_DATABASE_URL right and migrated?")
            Foundation.exit(69)
        } catch let fault as any CodedError {
            Terminal.complain("\(fault)".hasPrefix(fault.code) ? "\(fault)" : "\(fault.code) \(fault)")
            Foundation.exit(fault.exitCode.rawValue)
        } catch {
            exit(withError: error)
        }
    }
}

/// Why a command could not do what it was asked, and what to do about it.
struct OperatorError: Error {
    let code: String
    let message: String
    let exitCode: Int32

    init(_ code: String, _ message: String, exitCode: Int32 = 1) {
        self.code = code
        self.message = message
        self.exitCode = exitCode
    }
}

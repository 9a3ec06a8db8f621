import Domain
import Logging
import Mail
import Metrics
import NotificationsCore
import Postgres
import ServiceKit

/// Puts due notices into inboxes and hands e-mail to the mail server, on a thread of its own.
struct PostWorker: Sendable {
    let database: ConnectionSettings
    let store: DeliveryStore
    let smtp: SMTPSettings?
    let sender: MailAddress
    let mailDomain: String
    let interval: Duration
    let heartbeat: Heartbeat
    let logger: Logger

    /// Works until it is asked to stop; an outage of the store only makes it wait.
    func run(until stop: StopSignal) {
        var connection: Connection?
        let mail = smtp.map { SMTPSender($0) }
        while !stop.isStopping {
            heartbeat.tick()
            var isIdle = true
            do {
                let live = try connection ?? Connection(database)
                connection = live
                isIdle = try round(on: live, mail, stop)
            } catch {
                logger.log(level: .warning, "deliveries wait for the store", error: error)
                connection?.close()
                connection = nil
            }
            if isIdle { _ = stop.wait(for: interval) }
        }
        connection?.close()
    }

    /// One claim and its deliveries; true when there was nothing to do.
    private func round(on connection: Connection, _ mail: SMTPSender?, _ stop: StopSignal) throws -> Bool {
        let placed = try store.claim([.inbox], limit: 500, on: connection)
        try settle(placed.map { ($0, .delivered) }, on: connection)
        let letters = try store.claim([.email], limit: 10, on: connection)
        for letter in letters where !stop.isStopping {
            heartbeat.tick()
            try settle([(letter, send(letter, mail))], on: connection)
        }
        Gauge(label: "gradus_notices_backlog").record(try DeliveryStore.backlog(on: connection))
        return placed.isEmpty && letters.isEmpty
    }

    private func settle(_ tries: [(Delivery, DeliveryPolicy.Answer)], on connection: Connection) throws {
        guard !tries.isEmpty else { return }
        try store.settle(tries, now: Timestamp(microseconds: SystemTime.now()), on: connection)
        for (delivery, answer) in tries {
            let labels = [("channel", delivery.channel.rawValue), ("answer", answer.word)]
            Counter(label: "gradus_notices_deliveries_total", dimensions: labels).increment()
        }
    }

    private func send(_ delivery: Delivery, _ mail: SMTPSender?) -> DeliveryPolicy.Answer {
        guard let mail else { return .later(code: "GR-NOTE-303") }
        guard let address = delivery.address, !address.isEmpty else { return .never(code: "GR-NOTE-304") }
        let clause = delivery.language == "en" ? "Clause" : "依据"
        let message = MailMessage(
            messageID: "\(delivery.key.id)@\(mailDomain)", from: sender, to: [MailAddress(address)],
            subject: delivery.title, text: "\(delivery.body)\n\n\(clause): \(delivery.clause)\n",
            secondsSince1970: SystemTime.now() / 1_000_000)
        do {
            try mail.send(message)
            return .delivered
        } catch {
            return error.isTransient ? .later(code: error.answerCode) : .never(code: error.answerCode)
        }
    }
}

extension MailError {
    /// The server's own status where it gave one.
    fileprivate var answerCode: String {
        switch self {
        case .deferred(let status), .refused(let status): "SMTP-\(status)"
        default: code
        }
    }
}

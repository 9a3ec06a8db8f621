import AsyncHTTPClient
import Domain
import Foundation
import HTTPTypes
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import NotificationsCore
import Postgres
import ServiceKit
import ServiceLifecycle

/// Posts due notices to webhooks, a few at a time.
struct WebhookWorker: Service {
    let pool: Pool
    let store: DeliveryStore
    let key: WebhookKey
    let allowsPlainHTTP: Bool
    let interval: Duration
    let heartbeat: Heartbeat
    let logger: Logger

    private static let atOnce: Int32 = 8
    private static let timeout = TimeAmount.seconds(15)

    func run() async throws {
        var configuration = HTTPClient.Configuration(timeout: .init(connect: .seconds(5), read: .seconds(15)))
        // A redirect would carry the message and its signature to an address that nobody has approved.
        configuration.redirectConfiguration = .disallow
        let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                heartbeat.tick()
                let isIdle = await round(client)
                if isIdle { try? await Task.sleep(for: interval) }
            }
        }
        try await client.shutdown()
    }

    /// One claim and its posts; true when there was nothing to do.
    private func round(_ client: HTTPClient) async -> Bool {
        do {
            let store = store
            let deliveries = try await pool.withConnection { connection throws(PostgresError) in
                try store.claim([.webhook], limit: Self.atOnce, on: connection)
            }
            await withTaskGroup(of: Void.self) { group in
                for delivery in deliveries { group.addTask { await deliver(delivery, client) } }
            }
            return deliveries.isEmpty
        } catch {
            logger.log(level: .warning, "webhooks wait for the store", error: error)
            return true
        }
    }

    private func deliver(_ delivery: Delivery, _ client: HTTPClient) async {
        let now = Timestamp(microseconds: SystemTime.now())
        let answer = await post(delivery, client, now)
        Counter(
            label: "gradus_notices_deliveries_total", dimensions: [("channel", "webhook"), ("answer", answer.word)]
        )
        .increment()
        do {
            let store = store
            try await pool.transaction { transaction throws(any Error) in
                _ = try store.settle(delivery, answer, now: Timestamp(microseconds: SystemTime.now()), in: transaction)
            }
        } catch {
            // The lease ends by itself, and the receiver drops the repeat by its id.
            logger.log(level: .warning, "the outcome of a webhook was not stored", error: error)
        }
    }

    private func post(_ delivery: Delivery, _ client: HTTPClient, _ now: Timestamp) async -> DeliveryPolicy.Answer {
        guard let address = delivery.address, let url = URL(string: address), url.host != nil,
            url.scheme == "https" || (url.scheme == "http" && allowsPlainHTTP)
        else { return .never(code: "GR-NOTE-301") }
        do {
            let body = try WebhookMessage(delivery).body()
            let id = delivery.key.id.description
            let seconds = now.microseconds / 1_000_000
            var request = HTTPClientRequest(url: address)
            request.method = .POST
            request.headers = [
                "content-type": "application/cloudevents+json; charset=utf-8", "user-agent": "gradus-notifications",
                "webhook-id": id, "webhook-timestamp": "\(seconds)",
                "webhook-signature": key.signature(id: id, timestamp: seconds, body: body),
            ]
            request.body = .bytes(body)
            let response = try await client.execute(request, timeout: Self.timeout)
            return DeliveryPolicy.Answer(httpStatus: Int(response.status.code))
        } catch {
            return .later(code: "GR-NOTE-302")
        }
    }
}

extension DeliveryPolicy.Answer {
    /// 2xx is taken; a busy or failing receiver may take it later; everything else never will.
    init(httpStatus status: Int) {
        switch status {
        case 200..<300: self = .delivered
        case 408, 425, 429, 500...: self = .later(code: "HTTP-\(status)")
        default: self = .never(code: "HTTP-\(status)")
        }
    }

    /// The answer as a metric's label.
    var word: String {
        switch self {
        case .delivered: "delivered"
        case .later: "later"
        case .never: "never"
        }
    }
}

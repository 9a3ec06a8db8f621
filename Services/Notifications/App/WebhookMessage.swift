import Crypto
import Domain
import Foundation

/// The key that signs webhooks in the manner of Standard Webhooks.
struct WebhookKey: Sendable {
    private let key: SymmetricKey

    /// Reads `whsec_` followed by base64 of at least 24 bytes.
    init?(_ text: String) {
        guard text.hasPrefix("whsec_"), let bytes = Data(base64Encoded: String(text.dropFirst(6))), bytes.count >= 24
        else { return nil }
        key = SymmetricKey(data: bytes)
    }

    /// `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
    func signature(id: String, timestamp: Int64, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: key)
        return "v1," + Data(code).base64EncodedString()
    }
}

/// A notice on its way to a webhook: a CloudEvent in structured mode.
struct WebhookMessage: Encodable {
    struct Content: Encodable {
        let notice: UUID128
        let institution: String
        let recipient: Subject
        let language: String
        let title: String
        let body: String
        let scheme: String
        let version: Int
        let rule: String
        let clause: String
        let fact: UUID128?
    }

    let specversion = "1.0"
    let id: String
    let source = "/gradus/notifications"
    let type = "gradus.notice.message.v1"
    let subject: String
    let datacontenttype = "application/json"
    let data: Content

    /// The same delivery has the same id in every try, so that the receiver can drop repeats.
    init(_ delivery: Delivery) {
        let key = delivery.key
        id = key.id.description
        subject = key.recipient.description
        data = Content(
            notice: key.id, institution: key.institution, recipient: key.recipient, language: delivery.language,
            title: delivery.title, body: delivery.body, scheme: delivery.scheme, version: delivery.version,
            rule: key.rule, clause: delivery.clause, fact: delivery.fact)
    }

    /// The body, the same bytes in every try.
    func body() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(self))
    }
}

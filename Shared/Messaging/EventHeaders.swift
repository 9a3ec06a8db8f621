public import Domain
public import Kafka

/// The attributes of a CloudEvent in Kafka's binary mode: headers, with the data alone as the message's value.
public struct EventHeaders: Hashable, Sendable {
    /// Unique for its source; the same for every attempt to send the event.
    public var id: String
    /// Where the event comes from, such as `/gradus/scoring`.
    public var source: String
    /// What happened, such as `gradus.fact.v1`.
    public var type: String
    /// What it happened to.
    public var subject: String?
    /// When it happened.
    public var time: Timestamp?
    /// The media type of the data.
    public var contentType: String
    /// The W3C trace that the event belongs to.
    public var traceparent: String?

    /// The attributes of an event whose data is JSON unless said otherwise.
    public init(
        id: String, source: String, type: String, subject: String? = nil, time: Timestamp? = nil,
        contentType: String = "application/json", traceparent: String? = nil
    ) {
        self.id = id
        self.source = source
        self.type = type
        self.subject = subject
        self.time = time
        self.contentType = contentType
        self.traceparent = traceparent
    }

    /// Reads binary-mode headers; nil when one that CloudEvents demands is missing or the version is not 1.0.
    public init?(_ headers: HeaderList) {
        var found: [String: String] = [:]
        for (name, value) in headers.all {
            if let value { found[name.lowercased()] = String(decoding: value, as: UTF8.self) }
        }
        guard found["ce_specversion"] == "1.0", let id = found["ce_id"], let source = found["ce_source"],
            let type = found["ce_type"]
        else { return nil }
        self.init(
            id: id, source: source, type: type, subject: found["ce_subject"],
            time: found["ce_time"].flatMap { Timestamp($0) }, contentType: found["content-type"] ?? "application/json",
            traceparent: found["traceparent"])
    }

    /// Appends the headers to those of a message to be sent.
    public func write(to headers: inout HeaderBuffer) {
        headers.append("ce_specversion", "1.0")
        headers.append("ce_id", id)
        headers.append("ce_source", source)
        headers.append("ce_type", type)
        if let subject { headers.append("ce_subject", subject) }
        if let time { headers.append("ce_time", time.description) }
        headers.append("content-type", contentType)
        if let traceparent { headers.append("traceparent", traceparent) }
    }

    /// True when the whole event is in the value: the receiver's rule of the CloudEvents binding for Kafka.
    public static func isStructured(contentType: String?) -> Bool {
        contentType?.lowercased().hasPrefix("application/cloudevents") ?? false
    }
}

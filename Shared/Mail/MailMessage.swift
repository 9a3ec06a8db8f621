/// A mailbox, with the name shown beside it.
public struct MailAddress: Hashable, Sendable {
    /// What the reader sees; any language.
    public let name: String?
    /// `local@domain`, in ASCII.
    public let address: String

    /// A mailbox; the address is checked when a message is sent.
    public init(_ address: String, name: String? = nil) {
        self.address = address
        self.name = name
    }

    /// One `@` with something on both sides, and nothing that could end a header or a command.
    var isWellFormed: Bool {
        let parts = address.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        let isPlain = address.utf8.allSatisfy { byte in
            byte > 0x20 && byte < 0x7F && !"<>()[],;:\\\"".utf8.contains(byte)
        }
        return parts.count == 2 && parts.allSatisfy { !$0.isEmpty } && isPlain && address.utf8.count <= 254
    }
}

/// An e-mail: one text in two forms, readable by any client.
public struct MailMessage: Hashable, Sendable {
    /// `unique@domain` without angle brackets. Sent again, a message keeps it, so that mailboxes can drop repeats.
    public var messageID: String
    /// Who sends it.
    public var sender: MailAddress
    /// Who receives it; they see each other.
    public var recipients: [MailAddress]
    /// One line; any language.
    public var subject: String
    /// The body for every client.
    public var text: String
    /// The same body as HTML, if there is one.
    public var html: String?
    /// When it was written, in seconds since 1970-01-01T00:00:00Z.
    public var secondsSince1970: Int64

    /// A message of its parts; they are checked when it is sent.
    public init(
        messageID: String, from sender: MailAddress, to recipients: [MailAddress], subject: String, text: String,
        html: String? = nil, secondsSince1970: Int64
    ) {
        self.messageID = messageID
        self.sender = sender
        self.recipients = recipients
        self.subject = subject
        self.text = text
        self.html = html
        self.secondsSince1970 = secondsSince1970
    }
}

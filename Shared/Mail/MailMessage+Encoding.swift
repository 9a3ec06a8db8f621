import Foundation

extension MailMessage {
    /// The message as it goes over the wire (RFC 5322, MIME), in ASCII with CRLF line ends.
    func encoded() throws(MailError) -> [UInt8] {
        try check()
        var lines = [
            "Date: " + Self.date(secondsSince1970),
            "From: " + Self.mailbox(sender),
            "To: " + recipients.map(Self.mailbox).joined(separator: ",\r\n "),
            "Subject: " + Self.words(subject),
            "Message-ID: <\(messageID)>",
            // Keeps out-of-office programs from answering.
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
        ]
        guard let html else {
            lines += Self.part(text, type: "text/plain")
            return [UInt8]((lines.joined(separator: "\r\n") + "\r\n").utf8)
        }
        // No base64 line holds "=_", so this never occurs inside a part.
        let boundary = "=_gradus_part"
        lines += ["Content-Type: multipart/alternative; boundary=\"\(boundary)\"", "", "--" + boundary]
        lines += Self.part(text, type: "text/plain") + ["--" + boundary]
        lines += Self.part(html, type: "text/html") + ["--" + boundary + "--"]
        return [UInt8]((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }

    private func check() throws(MailError) {
        guard !recipients.isEmpty else { throw .invalidMessage(reason: "it has no recipient") }
        guard sender.isWellFormed else { throw .invalidMessage(reason: "the sender's address is malformed") }
        for (index, recipient) in recipients.enumerated() where !recipient.isWellFormed {
            throw .invalidMessage(reason: "the address of recipient \(index + 1) is malformed")
        }
        guard MailAddress(messageID).isWellFormed else {
            throw .invalidMessage(reason: "the message id is not of the form unique@domain")
        }
    }

    private static func part(_ text: String, type: String) -> [String] {
        ["Content-Type: \(type); charset=utf-8", "Content-Transfer-Encoding: base64", ""]
            + base64Lines(text.replacing("\r\n", with: "\n").replacing("\n", with: "\r\n"))
    }

    /// Base64 in lines of 76 characters, the most that MIME allows.
    private static func base64Lines(_ text: String) -> [String] {
        let encoded = Array(Data(text.utf8).base64EncodedString().utf8)
        return stride(from: 0, to: encoded.count, by: 76).map { start in
            String(decoding: encoded[start..<min(start + 76, encoded.count)], as: UTF8.self)
        }
    }

    private static func mailbox(_ address: MailAddress) -> String {
        guard let name = address.name, !name.isEmpty else { return address.address }
        let isAtom = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x20
        }
        return (isAtom ? name : encodedWords(name)) + "\r\n <\(address.address)>"
    }

    /// Unstructured text: plain where that is certain to survive, else encoded words.
    private static func words(_ text: String) -> String {
        let isPlain =
            text.utf8.count <= 60 && !text.contains("=?") && text.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        return isPlain ? text : encodedWords(text)
    }

    /// RFC 2047: pieces of whole characters, each short enough for its line. Line ends become spaces.
    private static func encodedWords(_ text: String) -> String {
        var pieces: [String] = []
        var piece: [UInt8] = []
        for scalar in text.unicodeScalars {
            let safe = scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar
            let bytes = Array(String(safe).utf8)
            if piece.count + bytes.count > 39 {
                pieces.append(Data(piece).base64EncodedString())
                piece = []
            }
            piece += bytes
        }
        pieces.append(Data(piece).base64EncodedString())
        return pieces.map { "=?UTF-8?B?\($0)?=" }.joined(separator: "\r\n ")
    }

    /// RFC 5322 form in UTC, made without a locale.
    private static func date(_ seconds: Int64) -> String {
        var moment = time_t(seconds)
        var parts = tm()
        gmtime_r(&moment, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(days[Int(parts.tm_wday)]), \(parts.tm_mday) \(months[Int(parts.tm_mon)]) \(parts.tm_year + 1900) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) +0000"
    }
}

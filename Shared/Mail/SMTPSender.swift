import CCurl

/// Hands messages to a mail server, one at a time, keeping the connection between them.
///
/// It belongs to one thread, which it blocks while it sends, at most as long as the settings allow.
public final class SMTPSender {
    private let settings: SMTPSettings
    private let handle: UnsafeMutableRawPointer?

    private static let isPrepared = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// A sender for one server; connects when the first message is sent.
    public init(_ settings: SMTPSettings) {
        self.settings = settings
        self.handle = Self.isPrepared ? curl_easy_init() : nil
    }

    deinit {
        curl_easy_cleanup(handle)
    }

    /// Sends the message; returns when the server has taken responsibility for it.
    ///
    /// After ``MailError/unreachable(reason:)`` it may have been taken all the same: sent again with the same message
    /// id it is recognisable as a repeat.
    public func send(_ message: MailMessage) throws(MailError) {
        let bytes = try message.encoded()
        guard let handle else { throw .unreachable(reason: "libcurl is not usable here") }
        // Forgets the last message's options; connections stay.
        curl_easy_reset(handle)
        var recipients: UnsafeMutablePointer<curl_slist>?
        for recipient in message.recipients {
            recipients = curl_slist_append(recipients, "<\(recipient.address)>")
        }
        defer { curl_slist_free_all(recipients) }
        guard set(message.sender, recipients, on: handle) else {
            throw .unreachable(reason: "libcurl refuses the mail settings")
        }
        let code = Self.perform(bytes, on: handle)
        guard code != CURLE_OK else { return }
        throw Self.error(code, status: gradus_curl_response_code(handle))
    }

    private func set(
        _ sender: MailAddress, _ recipients: UnsafeMutablePointer<curl_slist>?, on handle: UnsafeMutableRawPointer
    ) -> Bool {
        let protection = settings.security == .none ? CURLUSESSL_NONE : CURLUSESSL_ALL
        var codes = [
            gradus_curl_set_text(handle, CURLOPT_URL, settings.url),
            gradus_curl_set_text(handle, CURLOPT_MAIL_FROM, "<\(sender.address)>"),
            gradus_curl_set_list(handle, CURLOPT_MAIL_RCPT, recipients),
            gradus_curl_set_number(handle, CURLOPT_UPLOAD, 1),
            gradus_curl_set_number(handle, CURLOPT_USE_SSL, Int(protection.rawValue)),
            gradus_curl_set_number(handle, CURLOPT_CONNECTTIMEOUT, settings.connectTimeoutSeconds),
            gradus_curl_set_number(handle, CURLOPT_TIMEOUT, settings.totalTimeoutSeconds),
            // Timeouts without signals, which would reach other threads.
            gradus_curl_set_number(handle, CURLOPT_NOSIGNAL, 1),
        ]
        if let user = settings.user {
            codes.append(gradus_curl_set_text(handle, CURLOPT_USERNAME, user))
            codes.append(gradus_curl_set_text(handle, CURLOPT_PASSWORD, settings.password ?? ""))
        }
        if let file = settings.authoritiesFile {
            codes.append(gradus_curl_set_text(handle, CURLOPT_CAINFO, file))
        }
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    /// What is left to send; lent to libcurl while it runs.
    private struct Source {
        var rest: UnsafeRawBufferPointer
    }

    private static func perform(_ bytes: [UInt8], on handle: UnsafeMutableRawPointer) -> CURLcode {
        let reader: curl_read_callback = { target, size, count, argument in
            guard let target, let source = argument?.assumingMemoryBound(to: Source.self) else { return 0 }
            let piece = UnsafeRawBufferPointer(rebasing: source.pointee.rest.prefix(size * count))
            UnsafeMutableRawBufferPointer(start: target, count: size * count).copyMemory(from: piece)
            source.pointee.rest = UnsafeRawBufferPointer(rebasing: source.pointee.rest.dropFirst(piece.count))
            return piece.count
        }
        return bytes.withUnsafeBytes { buffer in
            var source = Source(rest: buffer)
            return withUnsafeMutablePointer(to: &source) { pointer in
                let code = gradus_curl_set_reader(handle, reader, pointer)
                return code == CURLE_OK ? curl_easy_perform(handle) : code
            }
        }
    }

    private static func error(_ code: CURLcode, status: Int) -> MailError {
        let reason = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_USE_SSL_FAILED, CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_ISSUER_ERROR:
            return .insecure(reason: reason)
        case CURLE_LOGIN_DENIED:
            return (400..<500).contains(status) ? .deferred(status: status) : .loginRefused
        case CURLE_OPERATION_TIMEDOUT, CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST:
            return .unreachable(reason: reason)
        default:
            switch status {
            case 400..<500: return .deferred(status: status)
            case 500..<600: return .refused(status: status)
            default: return .unreachable(reason: reason)
            }
        }
    }
}

@available(*, unavailable)
extension SMTPSender: Sendable {}

import Foundation

/// A mail server for tests (aiosmtpd), in a process of its own that ends with the test process.
///
/// It takes mail for anybody except `full@…` (452) and `nobody@…` (550), parses it, and hands back what it read.
public final class MailServer: Sendable {
    /// Why a suite cannot have a mail server.
    public struct Unavailable: Error, CustomStringConvertible {
        /// What is missing.
        public let description: String
    }

    /// What the server wants before it takes mail.
    public enum Kind: String, Sendable {
        /// Nothing.
        case plain
        /// STARTTLS, then the login `gradus` with the password `right`.
        case guarded
    }

    /// A message as an independent parser reads it.
    public struct Received: Decodable, Sendable {
        public let sender: String
        public let recipients: [String]
        public let from: String
        public let subject: String
        public let messageID: String
        public let date: String
        public let text: String
        public let html: String?
        public let isEncrypted: Bool
        public let longestLine: Int
        public let defects: Int
    }

    /// The server's port on 127.0.0.1.
    public let port: Int
    /// The certificate that a guarded server shows, as a PEM file.
    public let certificateFile: String
    private let child: ChildProcess

    /// True when tests can have a server; without one they are skipped, or fail if `GRADUS_REQUIRE_SERVERS` is set.
    public static let isAvailable: Bool = {
        if ProcessInfo.processInfo.environment["GRADUS_REQUIRE_SERVERS"] != nil { return true }
        guard let probe = try? ChildProcess("/usr/bin/env", ["python3", "-c", "import aiosmtpd; print('here')"]) else {
            return false
        }
        return probe.readLine() == "here"
    }()

    /// Starts a server on a free port.
    public init(_ kind: Kind = .plain) throws {
        child = try ChildProcess("/usr/bin/env", ["python3", "-c", Self.script, kind.rawValue])
        guard let line = child.readLine(), let space = line.firstIndex(of: " "), let port = Int(line[..<space]) else {
            throw Unavailable(description: "aiosmtpd did not start; install it for python3")
        }
        self.port = port
        self.certificateFile = String(line[line.index(after: space)...])
    }

    /// The next message, waited for.
    public func nextMessage() throws -> Received {
        guard let line = child.readLine() else { throw Unavailable(description: "the mail server ended") }
        return try JSONDecoder().decode(Received.self, from: Data(line.utf8))
    }

    /// Stops the server before the test process ends.
    public func stop() { child.end() }

    private static let script = """
        import email, email.policy, json, logging, shutil, ssl, subprocess, sys, tempfile
        from aiosmtpd.controller import Controller
        from aiosmtpd.smtp import AuthResult, LoginPassword

        logging.disable()

        class Handler:
            async def handle_RCPT(self, server, session, envelope, address, options):
                if address.startswith("full@"): return "452 mailbox full"
                if address.startswith("nobody@"): return "550 no such user"
                envelope.rcpt_tos.append(address)
                return "250 OK"

            async def handle_DATA(self, server, session, envelope):
                message = email.message_from_bytes(envelope.content, policy=email.policy.default)
                html = message.get_body(("html",))
                print(json.dumps({
                    "sender": envelope.mail_from, "recipients": envelope.rcpt_tos, "from": str(message["from"]),
                    "subject": str(message["subject"]), "messageID": str(message["message-id"]),
                    "date": message["date"].datetime.isoformat(), "text": message.get_body(("plain",)).get_content(),
                    "html": html and html.get_content(), "isEncrypted": session.ssl is not None,
                    "longestLine": max(len(line) for line in envelope.content.split(b"\\r\\n")),
                    "defects": sum(len(part.defects) for part in message.walk()),
                }), flush=True)
                return "250 taken"

        folder = tempfile.mkdtemp(prefix="gradus-mail-")
        options = {}
        if sys.argv[1] == "guarded":
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                "-keyout", folder + "/key.pem", "-out", folder + "/certificate.pem"], check=True, capture_output=True)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
            def login(server, session, envelope, mechanism, data):
                return AuthResult(success=data == LoginPassword(b"gradus", b"right"), handled=False)
            options = dict(tls_context=context, require_starttls=True, auth_required=True, authenticator=login)
        class Free(Controller):
            def _trigger_server(self):
                self.port = self.server.sockets[0].getsockname()[1]
                super()._trigger_server()
        server = Free(Handler(), hostname="127.0.0.1", port=0, **options)
        server.start()
        print(server.port, folder + "/certificate.pem", flush=True)
        sys.stdin.read()
        server.stop()
        shutil.rmtree(folder)
        """
}

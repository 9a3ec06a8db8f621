import Mail
import TestServers
import Testing

@Suite(.enabled(if: MailServer.isAvailable, "needs aiosmtpd for python3"))
struct SMTPSenderTests {
    private static let subject = "三月绩效：您的工资单已生成，请在五个工作日内确认 – payslip for March ✓ and a rather long rest"

    @Test func deliversBothFormsInAnyLanguage() throws {
        let server = try MailServer()
        var message = Self.message(to: "rm-017@bank.example")
        message.subject = Self.subject
        message.text = "您好，\n.\n本月绩效 1,234.56 元。\n" + String(repeating: "长", count: 3000)
        message.html = "<p>您好</p>"
        try SMTPSender(Self.plain(server)).send(message)

        let received = try server.nextMessage()
        #expect(received.sender == "gradus@bank.example")
        #expect(received.recipients == ["rm-017@bank.example"])
        #expect(received.from.contains("绩效办公室"))
        #expect(received.subject == Self.subject)
        #expect(received.messageID == "<notice-1@gradus.example>")
        #expect(received.date == "2026-03-05T02:00:00+00:00")
        #expect(received.text.replacing("\r\n", with: "\n") == message.text)
        #expect(received.html == "<p>您好</p>")
        #expect(received.longestLine <= 78)
        #expect(received.defects == 0)
        #expect(!received.isEncrypted)
    }

    @Test func deliversSeveralMessagesThroughOneSender() throws {
        let server = try MailServer()
        let sender = SMTPSender(Self.plain(server))
        for number in 1...3 {
            var message = Self.message(to: "rm-\(number)@bank.example")
            message.recipients.append(MailAddress("copy@bank.example", name: "Audit, \"internal\""))
            try sender.send(message)
            let received = try server.nextMessage()
            #expect(received.recipients == ["rm-\(number)@bank.example", "copy@bank.example"])
            #expect(received.html == nil)
        }
    }

    @Test func tellsLaterFromNever() throws {
        let server = try MailServer()
        let sender = SMTPSender(Self.plain(server))
        let later = #expect(throws: MailError.deferred(status: 452)) {
            try sender.send(Self.message(to: "full@bank.example"))
        }
        let never = #expect(throws: MailError.refused(status: 550)) {
            try sender.send(Self.message(to: "nobody@bank.example"))
        }
        #expect(later?.isTransient == true)
        #expect(never?.isTransient == false)
        try sender.send(Self.message(to: "rm-1@bank.example"))
        #expect(try server.nextMessage().recipients == ["rm-1@bank.example"])
    }

    @Test func logsInOnlyOverTrustedTLS() throws {
        let server = try MailServer(.guarded)
        var settings = SMTPSettings(
            host: "127.0.0.1", port: server.port, security: .startTLS, user: "gradus", password: "right")
        let untrusted = #expect(throws: MailError.self) {
            try SMTPSender(settings).send(Self.message(to: "rm-1@bank.example"))
        }
        #expect(untrusted?.code == "GR-MAIL-005")

        settings.authoritiesFile = server.certificateFile
        try SMTPSender(settings).send(Self.message(to: "rm-1@bank.example"))
        #expect(try server.nextMessage().isEncrypted)

        settings.password = "wrong"
        #expect(throws: MailError.loginRefused) {
            try SMTPSender(settings).send(Self.message(to: "rm-1@bank.example"))
        }
    }

    @Test func sendsNothingWithoutTheTLSItWants() throws {
        let server = try MailServer()
        var settings = Self.plain(server)
        settings.security = .startTLS
        let error = #expect(throws: MailError.self) {
            try SMTPSender(settings).send(Self.message(to: "rm-1@bank.example"))
        }
        #expect(error?.code == "GR-MAIL-005")
    }

    @Test func callsAnAbsentServerTransient() throws {
        let server = try MailServer()
        let sender = SMTPSender(Self.plain(server))
        try sender.send(Self.message(to: "rm-1@bank.example"))
        _ = try server.nextMessage()
        server.stop()
        let error = #expect(throws: MailError.self) { try sender.send(Self.message(to: "rm-1@bank.example")) }
        #expect(error?.code == "GR-MAIL-001")
        #expect(error?.isTransient == true)
    }

    @Test(arguments: [
        "", "no-at", "@bank.example", "a@", "a b@bank.example", "a@b@c", "a@b\r\nRCPT TO:<x@y>", "客户@bank.example",
        "<a@b>",
    ])
    func refusesAMalformedAddressBeforeConnecting(address: String) {
        let sender = SMTPSender(SMTPSettings(host: "192.0.2.1"))
        let error = #expect(throws: MailError.invalidMessage(reason: "the address of recipient 1 is malformed")) {
            try sender.send(Self.message(to: address))
        }
        #expect(error?.isTransient == false)
    }

    @Test func keepsLineEndsOutOfHeaders() throws {
        let server = try MailServer()
        var message = Self.message(to: "rm-1@bank.example")
        message.subject = "March\r\nBcc: thief@evil.example"
        try SMTPSender(Self.plain(server)).send(message)
        let received = try server.nextMessage()
        #expect(received.subject == "March  Bcc: thief@evil.example")
        #expect(received.recipients == ["rm-1@bank.example"])
    }

    @Test func neverShowsThePassword() {
        let settings = SMTPSettings(host: "mail.example", user: "gradus", password: "s3cret")
        var dumped = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &dumped)
        #expect(!dumped.contains("s3cret"))
        #expect(dumped.contains("mail.example:587 (starttls)"))
    }

    private static func plain(_ server: MailServer) -> SMTPSettings {
        SMTPSettings(host: "127.0.0.1", port: server.port, security: .none)
    }

    private static func message(to address: String) -> MailMessage {
        MailMessage(
            messageID: "notice-1@gradus.example", from: MailAddress("gradus@bank.example", name: "绩效办公室"),
            to: [MailAddress(address)], subject: "Payslip", text: "Ready.", secondsSince1970: 1_772_676_000)
    }
}

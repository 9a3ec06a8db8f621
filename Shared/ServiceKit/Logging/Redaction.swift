/// Keeps personal data and secrets out of log lines.
struct Redaction: Sendable {
    static let mark = "[redacted]"

    /// Secret texts of this process, the longest first, so that no part of a longer one remains.
    private let secrets: [[UInt8]]

    init(_ secrets: [Secret] = []) {
        let texts = Set(secrets.flatMap(\.scrubbable))
        self.secrets = texts.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// Keys whose values are about a person or open a door, in lower case without separators.
    private static let personal: Set<String> = [
        "name", "fullname", "firstname", "lastname", "customername", "managername", "employeename", "姓名",
        "idnumber", "identitynumber", "idcard", "nationalid", "passport", "身份证", "身份证号",
        "account", "accountnumber", "accountno", "card", "cardnumber", "iban", "账号", "卡号",
        "address", "birthday", "birthdate", "recipientaddress", "emailaddress", "remoteaddress", "clientip",
        "authorization", "cookie", "credentials", "databaseurl", "body", "payload", "rawpayload", "messagekey",
    ]
    private static let personalEndings = ["password", "secret", "token", "phone", "mobile", "email", "手机", "邮箱"]

    /// True when the value under this metadata key must not be written.
    static func isPersonal(_ key: String) -> Bool {
        let plain = key.lowercased().filter { !"-_. ".contains($0) }
        return personal.contains(plain) || personalEndings.contains { plain.hasSuffix($0) }
    }

    /// Blanks every secret in a finished line.
    func scrub(_ line: [UInt8]) -> [UInt8] {
        var line = line
        for secret in secrets {
            while let start = firstIndex(of: secret, in: line) {
                line.replaceSubrange(start..<start + secret.count, with: Redaction.mark.utf8)
            }
        }
        return line
    }

    private func firstIndex(of part: [UInt8], in whole: [UInt8]) -> Int? {
        guard let first = part.first, whole.count >= part.count else { return nil }
        return (0...(whole.count - part.count)).first { start in
            whole[start] == first && whole[start..<start + part.count].elementsEqual(part)
        }
    }
}

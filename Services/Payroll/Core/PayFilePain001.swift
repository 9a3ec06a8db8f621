public import Domain

/// Who pays: what a pain.001 file says of the ordering bank.
public struct PayingParty: Hashable, Sendable {
    /// The institution's own name.
    public var name: String
    /// The account that salaries are paid from, as the bank's own reference.
    public var account: String
    /// The paying bank's BIC or clearing code.
    public var agent: String

    /// A party of its parts.
    public init(name: String, account: String, agent: String) {
        self.name = name
        self.account = account
        self.agent = agent
    }
}

/// A released run as an ISO 20022 customer credit transfer initiation, pain.001.001.09, of category SALA.
///
/// Payees are named by employee reference only (scheme code `EMPL`): Gradus keeps no account numbers, and the paying
/// bank fills in the accounts of its own staff. Nothing is written for a manager who is paid nothing.
public enum PayFilePain001 {
    /// The file's text; the same run gives the same bytes.
    ///
    /// - Parameters:
    ///   - created: when the run was released.
    ///   - executeOn: the day on which the bank is to pay.
    public static func text(
        _ run: PayRun, _ statements: [PayStatement], party: PayingParty, created: Timestamp, executeOn: CalendarDate
    ) -> String {
        let paid = statements.filter { $0.payable > 0 }
        let control = PayFileControl(count: paid.count, sum: paid.reduce(0) { $0 + $1.payable })
        let totals = element("NbOfTxs", String(control.count)) + element("CtrlSum", run.amountText(control.sum))
        let reference = compact(run.id)
        let header =
            element("MsgId", reference) + element("CreDtTm", created.text(offsetMinutes: 480)) + totals
            + "<InitgPty>\(element("Nm", party.name))</InitgPty>"
        let agent = "<FinInstnId><Othr>\(element("Id", party.agent))</Othr></FinInstnId>"
        let payment =
            element("PmtInfId", reference) + element("PmtMtd", "TRF") + element("BtchBookg", "true") + totals
            + "<PmtTpInf><CtgyPurp><Cd>SALA</Cd></CtgyPurp></PmtTpInf>"
            + "<ReqdExctnDt>\(element("Dt", executeOn.description))</ReqdExctnDt>"
            + "<Dbtr>\(element("Nm", party.name))</Dbtr>"
            + "<DbtrAcct><Id><Othr>\(element("Id", party.account))</Othr></Id></DbtrAcct>"
            + "<DbtrAgt>\(agent)</DbtrAgt>"
        let transfers = paid.map { "\n" + transfer($0, run) }.joined()
        return """
            <?xml version="1.0" encoding="UTF-8"?>
            <Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09">
            <CstmrCdtTrfInitn>
            <GrpHdr>\(header)</GrpHdr>
            <PmtInf>\(payment)\(transfers)
            </PmtInf>
            </CstmrCdtTrfInitn>
            </Document>

            """
    }

    private static func transfer(_ statement: PayStatement, _ run: PayRun) -> String {
        let payee = "<Id><PrvtId><Othr>\(element("Id", statement.subject.id))<SchmeNm><Cd>EMPL</Cd></SchmeNm>"
        return "<CdtTrfTxInf><PmtId>\(element("EndToEndId", compact(statement.id)))</PmtId>"
            + "<Amt><InstdAmt Ccy=\"\(run.currency.code)\">\(run.amountText(statement.payable))</InstdAmt></Amt>"
            + "<Cdtr>\(payee)</Othr></PrvtId></Id></Cdtr>"
            + "<RmtInf>\(element("Ustrd", "\(run.month) \(run.institution)"))</RmtInf></CdtTrfTxInf>"
    }

    /// An identifier in 32 characters: ISO 20022 references hold no more than 35.
    private static func compact(_ id: UUID128) -> String {
        String(id.description.filter { $0 != "-" })
    }

    private static func element(_ name: String, _ text: String) -> String {
        "<\(name)>\(escaped(text))</\(name)>"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { escaped, character in
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
    }
}

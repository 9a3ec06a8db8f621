import Contracts
import Domain
import Pages

/// A manager's statement as a page that explains every figure: formula, numbers, clause and facts.
public struct StatementPage {
    private let run: PayRun
    private let statement: PayStatement
    private let language: String

    /// The page of one statement in `zh` or `en`.
    public init(_ run: PayRun, _ statement: PayStatement, language: String) {
        self.run = run
        self.statement = statement
        self.language = language == "en" ? "en" : "zh"
    }

    /// The whole document.
    public var html: String {
        let title = say("薪酬单", "Pay statement") + " \(run.month)"
        return HTML.page(title: title, language: language, header(title), summary, table, gaps, note)
    }

    private func header(_ title: String) -> HTML {
        let other = language == "zh" ? ("en", "English") : ("zh", "中文")
        return .element(
            "header", [:], .element("h1", text: title),
            .element(
                "p", ["class": "soft"], .text("\(statement.subject.institution) · \(statement.subject.id) · "),
                .text(stateText + " · "), .element("a", ["href": "?lang=\(other.0)"], text: other.1)))
    }

    private var summary: HTML {
        .element(
            "section", ["class": "card"],
            .element("p", ["class": "soft"], text: say("实发金额", "Paid")),
            .element("p", ["class": "sum"], text: "\(money(statement.payable)) \(run.currency)"),
            statement.carriedOut < 0
                ? .element(
                    "p", text: say("结转下月扣回 ", "Carried to the next month ") + money(statement.carriedOut))
                : .empty)
    }

    private var table: HTML {
        let head = HTML.element(
            "thead", [:],
            .element(
                "tr", [:], .element("th", text: say("项目", "Item")),
                .element("th", text: say("计算与依据", "Calculation and clause")),
                .element("th", ["class": "amount"], text: say("金额", "Amount"))))
        let body = statement.lines.map(row) + carryRows + [total]
        return .element("section", ["class": "card"], .element("table", [:], head, .element("tbody", [:], body)))
    }

    private func row(_ line: BookedLine) -> HTML {
        let item = line.item
        let period = line.isCorrection ? say("更正 ", "Correction of ") + "\(line.earned)" : ""
        return .element(
            "tr", [:],
            .element(
                "td", [:], .text(text(item.title)),
                period.isEmpty ? .empty : .element("p", ["class": "soft"], text: period)),
            .element(
                "td", [:], .element("p", text: text(item.basis)),
                .element("p", ["class": "soft"], text: item.clause), sources(line)),
            amountCell(item.amount))
    }

    private func sources(_ line: BookedLine) -> HTML {
        let item = line.item
        var entries = [
            .text(say("方案 ", "Scheme ") + "\(item.key.scheme) v\(item.version) · "),
            HTML.element("code", text: item.rule),
        ]
        let facts = item.facts + line.causes.filter { !item.facts.contains($0) }
        for fact in facts {
            entries.append(.element("p", [:], .text(say("事实 ", "Fact ")), .element("code", text: "\(fact)")))
        }
        for finding in item.findings {
            entries.append(.element("p", [:], .text(say("检查结果 ", "Finding ")), .element("code", text: "\(finding)")))
        }
        return .element("details", [:], [.element("summary", text: say("来源", "Sources"))] + entries)
    }

    private var carryRows: [HTML] {
        guard statement.carriedIn != 0 else { return [] }
        return [
            .element(
                "tr", [:], .element("td", text: say("上月结转", "Carried in")),
                .element("td", ["class": "soft"], text: say("以前月份未扣完的金额", "What earlier months left to recover")),
                amountCell(statement.carriedIn))
        ]
    }

    private var total: HTML {
        .element(
            "tr", ["class": "total"], .element("td", text: say("合计", "Total")), .element("td", text: ""),
            amountCell(statement.total + statement.carriedIn))
    }

    private var gaps: HTML {
        guard !statement.gaps.isEmpty else { return .empty }
        let entries = statement.gaps.map { HTML.element("p", text: text($0)) }
        return .element(
            "section", ["class": "card"],
            [.element("h2", text: say("未能计算的项目", "Items that could not be worked out"))] + entries)
    }

    private var note: HTML {
        .element(
            "p", ["class": "soft"],
            text: say(
                "每一项均由公布的规则计算得出。对结果有异议,可向绩效管理部门申请复核。",
                "Every item follows from the published rules. You may ask the performance office for a review."))
    }

    private func amountCell(_ amount: Int64) -> HTML {
        .element("td", ["class": amount < 0 ? "amount minus" : "amount"], text: money(amount))
    }

    private func money(_ amount: Int64) -> String { run.amountText(amount) }

    private func say(_ zh: String, _ en: String) -> String { language == "zh" ? zh : en }

    private func text(_ text: BilingualText) -> String { language == "zh" || text.en.isEmpty ? text.zh : text.en }

    private var stateText: String {
        switch run.state {
        case .open: say("未计算", "open")
        case .calculated: say("待审批", "waits for approval")
        case .approved: say("待发放", "approved, not yet released")
        case .released: say("已发放", "released")
        }
    }
}

import Domain
import Testing

@testable import Schemes

/// What compiles and leaves something open or can never happen.
struct CompletenessTests {
    private func faults(_ rules: String) -> [SchemeFault] { UnitTests.faults(rules) }
    private func codes(_ rules: String) -> [String] { faults(rules).map { String($0.code.suffix(3)) } }

    private static let ladder = "- ladder: grade\n  clause: R1 x\n  grades: [low, middle, high]\n  entry: low\n"

    // MARK: tables

    private func table(_ inputs: String, _ rows: String, _ more: String = "unit: text") -> String {
        Self.ladder + """
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month }
            - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, unit: count }
            - { measure: last deal, clause: R1 x, fact: deal.closed, take: last date, window: month, unit: date }
            - { indicator: score, clause: R1 x, actual: volume, score: actual, floor: 0, cap: 100 }
            - { parameter: opening, clause: R1 x, value: "09:00", unit: time }
            - table: outcome
              clause: R2 x
              \(more)
              inputs: [\(inputs)]
              rows: [\(rows)]
            - { figure: seen, clause: R3 x, formula: outcome, every: month }
            """
    }

    @Test(arguments: [
        ("rank", #"['"low"', '"a"']"#, ["013"]),
        ("rank", #"['"low"', '"a"'], ['"high"', '"b"']"#, []),
        ("status", #"['"active"', '"a"']"#, ["013"]),
        ("status", #"['"active"', '"a"'], ['not("active")', '"b"']"#, []),
        ("last deal", #"['< date("2026-03-01")', '"a"'], ['> date("2026-03-01")', '"b"']"#, ["013"]),
        ("last deal", #"['< date("2026-03-01")', '"a"'], ['>= date("2026-03-01")', '"b"']"#, []),
        ("deals", #"['0', '"a"'], ['[1..3]', '"b"'], ['>= 4', '"c"']"#, []),
        ("deals", #"['0', '"a"'], ['[1..3]', '"b"'], ['>= 5', '"c"']"#, ["013"]),
        ("score", #"['[0..60)', '"a"'], ['[60..100]', '"b"']"#, []),
        ("score", #"['[0..60)', '"a"'], ['[60..100]', '"b"'], ['> 100', '"c"']"#, ["014"]),
        (
            "grade, volume", #"['"low"', '-', '"a"'], ['"middle", "high"', '< 5', '"b"'], ['"high"', '>= 5', '"c"']"#,
            ["013"]
        ),
        (
            "grade, volume, rank",
            #"['-', '< 5', '"low"', '"a"'], ['-', '>= 5', '-', '"b"'], ['-', '-', '"high"', '"c"']"#, ["012"]
        ),
        ("volume > 5", #"['true', '"a"']"#, ["013"]),
    ])
    func looksAtEveryKindOfInput(_ inputs: String, _ rows: String, _ expected: [String]) {
        #expect(codes(table(inputs, rows)) == expected)
    }

    @Test func findsTheOneHoleOfATableWithManyColumns() throws {
        let names = ["a", "b", "c", "d", "e"]
        let measures = names.map { "- { measure: \($0), clause: R1 x, fact: deal.closed, window: month }" }
        let bands = ["< 1", "[1..2)", "[2..3)", "[3..4)", ">= 4"]
        let first = bands.map { "['\($0)', '-', '-', '-', '-', '1']" }.dropLast()
        let rest = bands.dropLast().map { "['>= 4', '\($0)', '-', '-', '-', '2']" }
        let last =
            "['>= 4', '>= 4', '< 7', '-', '-', '3'], ['>= 4', '>= 4', '>= 7', '< 8', '-', '4'], ['>= 4', '>= 4', '>= 7', '> 8', '< 9', '5'], ['>= 4', '>= 4', '>= 7', '> 8', '>= 9', '6']"
        let rules =
            measures.joined(separator: "\n") + """

                - table: outcome
                  clause: R2 x
                  inputs: [a, b, c, d, e]
                  rows: [\((first + rest).joined(separator: ", ")), \(last)]
                - { figure: seen, clause: R3 x, formula: outcome, every: month }
                """
        let found = faults(rules)
        #expect(found.map { String($0.code.suffix(3)) } == ["013"])
        #expect(found.first?.what == "no row of `outcome` applies to a = 4, b = 4, c = 7, d = 8, e = 8")
    }

    @Test func saysThatATableCannotBeJudged() {
        #expect(codes(table("volume", #"['< deals', '"a"'], ['>= deals', '"b"']"#)) == ["030"])
    }

    @Test func showsWhatHidesARow() {
        let found = faults(
            table("volume", #"['>= 5', '"a"'], ['>= 9', '"b"'], ['-', '"c"']"#, "unit: text\n  hit: first"))
        #expect(found.map { String($0.code.suffix(3)) } == ["014"])
        #expect(
            found.first?.what
                == "row 2 of `outcome` can never apply: to volume = 9, for example, row 1 applies before it")
    }

    @Test func rowsThatMayBothApplyHaveToAgree() {
        let same = table("volume", #"['>= 5', '"a"'], ['>= 9', '"a"'], ['< 5', '"c"']"#, "unit: text\n  hit: any")
        let other = table("volume", #"['>= 5', '"a"'], ['>= 9', '"b"'], ['< 5', '"c"']"#, "unit: text\n  hit: any")
        #expect(codes(same) == [])
        #expect(codes(other) == ["012"])
    }

    @Test func everyGradeOfTheLadderHasItsPayAlsoBehindOtherFigures() {
        func pay(_ rows: String) -> String {
            Self.ladder + """
                - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, unit: count }
                - table: factor
                  clause: R2 x
                  unit: ratio
                  inputs: [grade, deals]
                  rows: [\(rows)]
                - { parameter: base, clause: R2 x, value: 100, unit: CNY }
                - { figure: amount, clause: R2 x, formula: base * factor, unit: CNY }
                - { pay: award, clause: R2 x, formula: amount }
                """
        }
        let low = #"['"low"', '-', '1'], ['"middle"', '< 5', '2'], ['"middle"', '>= 5', '3']"#
        #expect(codes(pay(low)) == ["017"])
        #expect(codes(pay(low + #", ['"high"', '>= 5', '3']"#)) == ["013"])
        #expect(codes(pay(low + #", ['"high"', '-', '3']"#)) == [])
    }

    // MARK: conditions

    private func task(_ when: String) -> String {
        Self.ladder + """
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month }
            - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, unit: count }
            - { indicator: score, clause: R1 x, actual: volume, score: actual, floor: 0, cap: limit }
            - { parameter: limit, clause: R1 x, value: 100, unit: points }
            - { parameter: mode, clause: R1 x, value: single, unit: text }
            - task: talk
              clause: R2 x
              when: '\(when)'
              steps:
                - { role: head, within: 5 days, options: { done: end } }
            """
    }

    @Test(arguments: [
        ("score > limit", ["019"]), ("score >= limit", []), ("score < 0", ["019"]), ("deals < 0", ["019"]),
        ("deals > 3 and deals < 4", ["019"]), ("volume > 3 and volume < 4", []),
        ("grade = \"low\" and grade = \"high\"", ["019"]),
        ("not(grade = \"low\") or grade = \"low\"", ["019"]), ("rank = \"low\" and volume > 3", []),
        ("mode = \"teams\" and volume > 3", []), ("volume / deals > 3 and volume / deals < 2", []),
    ])
    func findsConditionsOfAPeriodThatCannotBeMeant(_ when: String, _ expected: [String]) {
        #expect(codes(task(when)) == expected)
    }

    @Test func findsANoticeThatIsNeverSent() {
        let notice =
            "- notice: news\n  clause: R1 x\n  on: deal.closed\n  when: product = \"loan\" and product = \"fund\""
        #expect(codes(notice) == ["019"])
    }

    @Test func someoneIsLiableInEveryCase() {
        func liability(_ last: String) -> String {
            """
            - liability: loss
              clause: R1 x
              on: deal.closed
              amount: amount
              bands:
                - { when: 'product = "loan"', shares: { product: 1 }, residual: product }
                - { \(last)shares: { product: 1 }, residual: product }
            """
        }
        #expect(codes(liability("when: 'amount > 5', ")) == ["013"])
        #expect(codes(liability("")) == [])
    }

    // MARK: tasks

    private func steps(_ options: [String], role: String = "head") -> String {
        Self.ladder + "- task: decision\n  clause: R2 x\n  on: deal.closed\n  steps:\n"
            + options.map { "    - { role: \(role), within: 5 days, options: { \($0) } }" }.joined(separator: "\n")
    }

    @Test(arguments: [
        (["agree: next", "agree: end"], []),
        (["agree: next"], ["004"]),
        (["agree: end", "agree: end"], ["025"]),
        (["promote: { ladder: grade, move: 1 }"], []),
        (["promote: { ladder: grade, move: 0 }"], ["025"]),
        (["promote: { ladder: grade, move: 3 }"], ["025"]),
        (["appoint: { ladder: grade, to: post }"], ["025"]),
        (["appoint: { ladder: grade, to: product }"], ["010", "010"]),
    ])
    func everyAnswerLeadsSomewhere(_ options: [String], _ expected: [String]) {
        #expect(codes(steps(options)) == expected)
    }

    @Test func nobodyNamesHisOwnGrade() {
        #expect(codes(steps(["appoint: { ladder: grade, to: product }"], role: "manager")).contains("018"))
    }

    @Test func anAnswerThatIsNoOutcomeIsRefused() {
        #expect(codes(steps(["agree: nxet"])).contains("010"))
    }

    // MARK: what is open

    @Test func aDutyHasADeadline() {
        let duty = "- obligation: log\n  clause: R1 x\n  due: working day\n  fact: deal.closed\n"
        #expect(codes(duty) == ["026"])
        #expect(codes(duty + "  deadline: { after: 1 day }") == [])
    }

    @Test func aDutyIsDueInAKnownRhythm() {
        let rules = """
            - { measure: customers, clause: R1 x, fact: deal.closed, take: balance, per: customer, window: to date, unit: CNY }
            - table: rhythm
              clause: R1 x
              unit: text
              inputs: [balance]
              rows: [['< 5', '"month"'], ['>= 5', '"fortnight"']]
            - obligation: visit
              clause: R1 x
              for each: customers
              with: { balance: value }
              due: rhythm
              fact: deal.closed
              deadline: { after: 0 days }
            """
        #expect(codes(rules) == ["010"])
    }

    @Test func aParameterHasAValueFromTheFirstDay() {
        func parameter(_ from: String) -> String {
            "- parameter: fee\n  clause: R1 x\n  unit: CNY\n  values: [{ from: \(from), value: 5 }]"
        }
        #expect(codes(parameter("2026-04-01")) == ["027"])
        #expect(codes(parameter("2026-01-01")) == [])
    }

    @Test func warnsOfFiguresThatAreNeitherUsedNorReported() {
        func warnings(_ more: String) -> [String] {
            let rules = """
                - { measure: volume, clause: R1 x, fact: deal.closed, window: month, unit: points }
                - { figure: double, clause: R1 x, formula: volume * 2\(more) }
                - { indicator: part, clause: R1 x, actual: volume, score: actual\(more) }
                - { comparison: place, clause: R1 x, of: volume\(more) }
                """
            return SchemeCheck.check([Sample.source(rules)]).map { "\($0.severity) \($0.code.suffix(3)) \($0.line)" }
        }
        #expect(warnings("") == ["warning 021 14", "warning 021 15", "warning 021 16"])
        #expect(warnings(", every: month") == [])
    }

    @Test func weightsAddUpOnEveryDay() {
        let rules = """
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month }
            - parameter: first weight
              clause: R1 x
              unit: ratio
              values: [{ from: 2026-01-01, value: 0.4 }, { from: 2026-07-01, value: 0.5 }]
            - { indicator: a, clause: R1 x, actual: volume, score: actual, weight: first weight }
            - { indicator: b, clause: R1 x, actual: volume, score: actual, weight: 60 % }
            - { scorecard: total, clause: R1 x, of: [a, b] }
            """
        let found = faults(rules)
        #expect(found.map { String($0.code.suffix(3)) } == ["015"])
        #expect(found.first?.what.contains("110 % on 2026-07-01") == true)
    }

    @Test func quotasAndEntryGradesStandOnTheLadder() {
        let rules = """
            - ladder: grade
              clause: R1 x
              grades: [low, high]
              entry: 'if rank = "low" then "low" else "hihg"'
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month }
            - { parameter: places, clause: R1 x, value: 3, unit: count }
            - grading: yearly
              clause: R1 x
              ladder: grade
              grade: 'if volume > 3 then "top" else "low"'
              order: volume
              quotas: { higher: places }
              approver: head
            """
        #expect(codes(rules) == ["010", "010", "010"])
    }

    // MARK: notices

    @Test(arguments: [
        ("on: deal.closed", "{{manager}} {{amount}} {{product}}", []),
        ("on: deal.closed", "{{manager}} {{amuont}}", ["028"]),
        ("every: month\n  figures: [volume]", "{{period}} {{volume}}", []),
        ("every: month\n  figures: [volume]", "{{period}} {{deals}}", ["028"]),
        ("every: month\n  rows: { figures: [volume], order: volume }", "{{#rows}}{{rank}} {{volume}}{{/rows}}", []),
        ("every: month\n  rows: { figures: [volume], order: volume }", "{{rank}}", ["028"]),
        ("every: month\n  rows: { figures: [volume], order: volume }", "{{#rows}}{{rank}}", ["028"]),
        ("event: gradus.finding.raised.v1", "{{text}}{{#amount}} {{amount}}{{/amount}} {{subjectName}}", []),
        ("event: gradus.finding.raised.v1", "{{deadline}}", ["028"]),
        ("event: gradus.finding.rised.v1", "{{clause}}", ["010"]),
    ])
    func aNoticeNamesWhatItGets(_ trigger: String, _ body: String, _ expected: [String]) {
        let rules = """
            - { measure: volume, clause: R1 x, fact: deal.closed, window: month, every: month }
            - { measure: deals, clause: R1 x, fact: deal.closed, take: count, window: month, every: month }
            - notice: news
              clause: R2 x
              \(trigger.replacing("\n", with: "\n  "))
              body: { zh: "\(body)", en: "\(body)" }
            """.replacing("\n    figures", with: "\n  figures").replacing("\n    rows", with: "\n  rows")
        #expect(codes(rules) == expected)
    }
}

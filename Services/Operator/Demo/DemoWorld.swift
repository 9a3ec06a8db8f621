import Domain

/// The two institutions of the demonstration: who works there, who banks there, who looks after whom.
struct DemoWorld {
    struct Manager {
        let institution: String
        let id: String
        let unit: String
        let role: String
        let name: String
    }

    struct Customer {
        let id: String
        /// The manager of the first assignment; nil when nobody was assigned at first.
        let manager: String
        /// Balance at the end of 2025, in hundredths.
        let opening: Int
    }

    static let post = "dongguan-post"
    static let tobacco = "baiyin-tobacco"
    static let centre = "u-centre"
    static let managersOfThePost = 60
    static let customersPerManager = 40

    let managers: [Manager]
    let customers: [Customer]
    let calendar: WorkCalendar

    init(seed: UInt64) {
        managers = Self.staff()
        customers = Self.customers(seed)
        calendar = WorkCalendar(
            holidays: Set(Self.holidays.compactMap { CalendarDate($0) }),
            makeUpDays: Set(Self.makeUpDays.compactMap { CalendarDate($0) }))
    }

    static let holidays =
        ["2026-01-01", "2026-01-02"] + (16...23).map { "2026-02-\($0)" }
    static let makeUpDays = ["2026-01-04", "2026-02-14", "2026-02-28"]

    static func rm(_ number: Int) -> String { "rm-" + padded(number, 3) }
    static func cm(_ number: Int) -> String { "cm-" + padded(number, 2) }
    static func customer(_ number: Int) -> String { "c-" + padded(number, 5) }
    static func padded(_ number: Int, _ width: Int) -> String {
        let text = "\(number)"
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// The customers that one of the post's managers starts with.
    static func portfolio(of manager: Int) -> ClosedRange<Int> {
        ((manager - 1) * customersPerManager + 1)...(manager * customersPerManager)
    }

    private static func staff() -> [Manager] {
        let managers = (1...managersOfThePost).map {
            Manager(institution: post, id: rm($0), unit: centre, role: "manager", name: "东莞客户经理\($0)")
        }
        let postRoles = [
            ("st-001", "administrator", "中心管理员"), ("st-002", "centre-head", "中心主任"),
            ("st-003", "marketing-centre", "营销中心"),
        ].map { Manager(institution: post, id: $0.0, unit: centre, role: $0.1, name: $0.2) }
        let tobaccoManagers = (1...12).map {
            Manager(institution: tobacco, id: cm($0), unit: "u-marketing", role: "manager", name: "白银客户经理\($0)")
        }
        let tobaccoRoles = [
            ("st-101", "market-manager", "市场经理"), ("st-102", "district-bureau", "区局（营销部）"),
            ("st-103", "branch-bureau", "分局"),
        ].map { Manager(institution: tobacco, id: $0.0, unit: "u-marketing", role: $0.1, name: $0.2) }
        return managers + postRoles + tobaccoManagers + tobaccoRoles
    }

    private static func customers(_ seed: UInt64) -> [Customer] {
        var random = SeededRandom(seed: seed, for: "openings")
        return (1...managersOfThePost).flatMap { manager in
            portfolio(of: manager).map { number in
                // Manager 1 holds exactly 31,000,000 yuan, so that the regulation's own example can be recomputed by hand.
                let opening = manager == 1 ? 775_000_00 : random.pick(60...1_700) * 1_000_00
                return Customer(id: customer(number), manager: rm(manager), opening: opening)
            }
        }
    }
}

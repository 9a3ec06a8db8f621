import Foundation
import Kafka
import TestServers

@testable import Operator

/// Two months of the demonstration without any fault; made once, the measure for all other journeys.
///
/// Its services are stopped at the end; its store and its broker, with the whole log, stay as long as the tests run.
final class CalmRun: Sendable {
    let site: Site
    let january: DemoLoad
    let february: DemoLoad
    /// After January was closed.
    let afterJanuary: StoreDigest
    /// After both months were closed and paid.
    let atEnd: StoreDigest
    /// The same without offsets, for runs with a log of their own.
    let atEndPlain: StoreDigest
    let seconds: Double

    private static let shared = Task { try await journey { try CalmRun() } }

    static func value() async throws -> CalmRun { try await shared.value }

    private init() throws {
        let began = ContinuousClock.now
        site = try Site(server: PostgresServer(), broker: .development(), database: "gradus")
        january = DemoLoad(.january)
        february = DemoLoad(.february)
        try site.prepare()
        try site.start()
        try DemoLoad(.reference).send(to: site)
        try january.send(to: site)
        try site.close("2026-01")
        afterJanuary = try StoreDigest(site)
        try site.pay("2026-01")
        try february.send(to: site)
        try site.close("2026-02")
        try site.pay("2026-02")
        atEnd = try StoreDigest(site, exact: true, payroll: true)
        atEndPlain = try StoreDigest(site)
        try site.stop()
        seconds = Double((ContinuousClock.now - began).components.seconds)
        print("calm run: \(seconds) s, \(atEnd)")
    }
}

import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ServiceKit

@Suite struct BlockingServiceTests {
    private struct Broken: Error, Equatable {}

    @Test func aLoopRunsOnAThreadOfItsOwnNameUntilTheGroupStops() async throws {
        let seen = Mutex<String?>(nil)
        let started = AsyncStream<Void>.makeStream()
        let service = BlockingService("scoring loop") { stop in
            seen.withLock { $0 = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
            started.continuation.finish()
            while !stop.wait(for: .seconds(60)) {}
        }
        let group = ServiceGroup(services: [service], logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        async let running: Void = group.run()
        for await _ in started.stream {}
        await group.triggerGracefulShutdown()
        try await running
        #expect(seen.withLock { $0 } == "scoring loop\n")
    }

    @Test func aCancelledTaskStopsTheLoop() async throws {
        let started = AsyncStream<Void>.makeStream()
        let service = BlockingService("loop") { stop in
            started.continuation.finish()
            while !stop.isStopping { _ = stop.wait(for: .milliseconds(5)) }
        }
        let task = Task { try await service.run() }
        for await _ in started.stream {}
        task.cancel()
        try await task.value
    }

    @Test func theLoopsErrorIsTheServicesError() async {
        await #expect(throws: Broken()) {
            try await BlockingService("loop") { _ in throw Broken() }.run()
        }
    }

    @Test func anActionWakesABlockedCallOnceHoweverOftenTheSignalIsGiven() {
        let stop = StopSignal()
        let count = Atomic<Int>(0)
        stop.onStop { count.wrappingAdd(1, ordering: .relaxed) }
        #expect(!stop.wait(for: .milliseconds(1)))
        stop.stop()
        stop.stop()
        #expect(stop.isStopping)
        #expect(stop.wait(for: .seconds(60)))
        #expect(stop.wait(for: .seconds(60)))
        #expect(count.load(ordering: .relaxed) == 1)
        stop.onStop { count.wrappingAdd(1, ordering: .relaxed) }
        #expect(count.load(ordering: .relaxed) == 2)
    }
}

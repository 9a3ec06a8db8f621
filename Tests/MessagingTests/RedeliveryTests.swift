import Kafka
import Ledger
import Postgres
import TestServers
import Testing

@testable import Messaging

@Suite(.enabled(if: PostgresServer.isAvailable)) struct RedeliveryTests {
    /// The client library is made to deliver from the start what was applied up to offset 60.
    @Test func dropsOnReceiptWhatWasAppliedBefore() async throws {
        try await withTestDatabase { url in
            let shop = try Workshop(url: url, partitions: 1)
            try shop.send((0..<100).map { "v\($0)" })
            let settings = try shop.settings()
            let driver = try LoopDriver(settings, LoopControl(consumer: shop.group), quiet)
            let partition = TopicPartition(shop.topic, 0)
            let lane = Lane(partition, slot: driver.consumer.slot(for: partition))
            lane.begin(Claim(partition: partition, epoch: 1, nextOffset: 60))
            driver.lanes = [lane]
            try driver.consumer.assign([StartPosition(partition, at: 0)])
            try shop.wait(seconds: 20) {
                try driver.poll(timeoutMilliseconds: 50, .now)
                return lane.expected == 100
            }
            #expect(driver.redelivered == 60)
            #expect(driver.gaps == 0)
            let job = try #require(lane.takeJob())
            #expect(job.start == 60 && job.batch.firstOffset == 60 && job.batch.nextOffset == 100)
            driver.consumer.close()
        }
    }
}

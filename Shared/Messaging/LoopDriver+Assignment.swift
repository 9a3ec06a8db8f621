import Kafka
import Logging
import Postgres

/// Taking over and giving up partitions.
extension LoopDriver: RebalanceListener {
    /// Claims in the database before anything is read; without a claim nothing is read.
    func assigned(
        _ partitions: [TopicPartition], generation: Int32?, to consumer: Consumer
    ) -> [StartPosition] {
        self.generation = generation
        isPaused = false
        fullSince = nil
        for partition in partitions {
            let slot = consumer.slot(for: partition)
            while lanes.count <= slot { lanes.append(nil) }
            lanes[slot]?.end()
            lanes[slot] = Lane(partition, slot: slot)
        }
        unclaimed = Set(partitions)
        claimBackoff.reset()
        claim()
        return starts()
    }

    /// Lets batches under way end for two seconds, unless another member may own the partitions already.
    func revoked(_ partitions: [TopicPartition], lost: Bool, from consumer: Consumer) {
        unclaimed.removeAll()
        if !lost {
            for case let lane? in lanes { lane.drop() }
            drain(until: .now + .seconds(2))
            tellKafka(.now, always: true)
        }
        for index in lanes.indices {
            lanes[index]?.end()
            lanes[index] = nil
        }
        waiting.removeAll()
    }

    func failed(_ error: KafkaError, on consumer: Consumer) {
        if case .failed(_, let cause, let topic?, let number?) = error, cause.name == "_AUTO_OFFSET_RESET",
            let lane = lanes.compactMap({ $0 }).first(where: { $0.partition == TopicPartition(topic, number) })
        {
            let known = consumer.knownWatermarks(of: lane.partition)
            let reason = MessagingError.positionOutOfRange(
                lane.partition, next: lane.expected, low: known?.low ?? -1, high: known?.high ?? -1)
            logger.error("\(reason)", metadata: ["code": "\(reason.code)"])
            lane.stop(reason.description)
        } else {
            logger.warning("\(error)", metadata: ["code": "\(error.code)"])
        }
    }

    /// Tries the claims that failed before, and begins to read what they cover.
    func resumeClaims() throws {
        guard claim() else { return }
        // Naming all partitions again makes the client fetch again what it had in hand, so each goes on where it was.
        try consumer.assign(starts())
        isPaused = false
        for case let lane? in lanes where lane.isHeldBack { holdBack(lane) }
    }

    /// Where each readable partition goes on.
    private func starts() -> [StartPosition] {
        lanes.compactMap { lane in
            lane.flatMap { $0.isReading ? StartPosition($0.partition, at: $0.expected) : nil }
        }
    }

    /// One attempt to claim what is unclaimed, in one transaction; true when something can be read that could not before.
    @discardableResult
    private func claim() -> Bool {
        guard let positions else { return false }
        let wanted = unclaimed.sorted()
        do {
            var marks: [TopicPartition: Watermarks] = [:]
            for partition in wanted {
                marks[partition] = try consumer.watermarks(of: partition, timeoutMilliseconds: 5_000)
            }
            let starts = wanted.map { partition in
                let known = marks[partition] ?? Watermarks(low: 0, high: 0)
                return (partition: partition, offset: settings.firstStart == .earliest ? known.low : known.high)
            }
            let claims = try positions.claim(
                starts, generation: generation, staleSeconds: settings.staleClaimSeconds, on: try claimingSession())
            for claim in claims {
                unclaimed.remove(claim.partition)
                if let marks = marks[claim.partition] { begin(claim, marks) }
            }
            if unclaimed.isEmpty {
                claimBackoff.reset()
            } else {
                nextClaim = .now + claimBackoff.next()
                try endStandstill(at: positions)
            }
            return !claims.isEmpty
        } catch {
            let pause = claimBackoff.next()
            nextClaim = .now + pause
            logger.warning(
                "partitions cannot be claimed now",
                metadata: ["reason": "\(error)", "partitions": "\(wanted.count)", "retry": "\(pause)"])
            return false
        }
    }

    private func endStandstill(at positions: StreamOffsetStore) throws {
        let ended = try positions.endStandstill(
            of: unclaimed.sorted(), milliseconds: settings.transactionIdleLimit.nanoseconds / 1_000_000,
            on: claimingSession())
        guard ended > 0 else { return }
        logger.warning(
            "a former owner stood still within a transaction; its session was ended", metadata: ["sessions": "\(ended)"]
        )
    }

    private func begin(_ claim: Claim, _ marks: Watermarks) {
        guard let lane = lanes[consumer.slot(for: claim.partition)] else { return }
        lane.begin(claim)
        guard claim.nextOffset >= marks.low, claim.nextOffset <= marks.high else {
            let reason = MessagingError.positionOutOfRange(
                claim.partition, next: claim.nextOffset, low: marks.low, high: marks.high)
            logger.error("\(reason)", metadata: ["code": "\(reason.code)"])
            return lane.stop(reason.description)
        }
    }

    /// Claims need a session of their own, with short limits, because the polling thread waits for them.
    private func claimingSession() throws -> Connection {
        if let claimConnection, !claimConnection.isBroken { return claimConnection }
        var database = settings.database
        database.connectTimeoutSeconds = 2
        database.statementTimeoutMilliseconds = 5_000
        let session = try Connection(database)
        claimConnection = session
        return session
    }
}

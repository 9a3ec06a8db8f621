import ArgumentParser
import Contracts
import Domain

/// Encodes and scans facts in memory on one core.
struct Decode: ParsableCommand {
    @OptionGroup var options: WorkOptions

    func run() throws {
        var work = options.work
        var block: [UInt8] = []
        var ranges: [Range<Int>] = []
        work.generate { _, value in
            ranges.append(block.count..<block.count + value.count)
            block += value
        }
        let scanner = FactScanner()
        let clock = ContinuousClock()
        let span = block.span
        var accepted = 0
        var sum: Int64 = 0
        let start = clock.now
        for range in ranges {
            guard let view = try? scanner.scan(span.extracting(range)) else { continue }
            accepted += 1
            sum &+= view.amount?.tenThousandths ?? 0
        }
        report("scan_per_second", count: ranges.count, in: clock.now - start)
        report("scan_accepted", "\(accepted)")
        report("scan_sum", "\(sum)")

        let facts = try ranges.prefix(200_000).compactMap { range -> [UInt8]? in
            let bytes = Array(block[range])
            return (try? FactCodec.decode(bytes.span)) == nil ? nil : bytes
        }.map { try FactCodec.decode($0.span) }
        var buffer: [UInt8] = []
        let encodeStart = clock.now
        for fact in facts {
            buffer.removeAll(keepingCapacity: true)
            FactCodec.encode(fact, into: &buffer)
        }
        report("encode_per_second", count: facts.count, in: clock.now - encodeStart)
    }
}

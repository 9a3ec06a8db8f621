import ArgumentParser
import Contracts
import Domain
import Foundation
import IntakeCore

/// Reads and credits records in memory on one core.
struct IntakeDecode: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "intake-decode")
    @OptionGroup var options: IntakeOptions
    @Option(help: "The configuration of sources.") var sources = "deploy/local/sources.yaml"

    func run() throws {
        let document = try SourceDocument(yaml: String(contentsOfFile: sources, encoding: .utf8))
        var block: [UInt8] = []
        var ranges: [Range<Int>] = []
        options.work.generate { _, value in
            ranges.append(block.count..<block.count + value.count)
            block += value
        }
        var book = AssignmentBook()
        for number in 0..<options.customers { book.apply(try assignment(number)) }
        var reader = RecordReader(CompiledSource(document.sources[0], of: document))
        var composer = FactComposer(source: document.sources[0].id, stock: document.stock)
        var batch = FactBatch()
        var start = processorTime()
        var tape = JSONTape()
        for range in ranges { try tape.scan(block.span.extracting(range)) }
        report("json_scan_per_second", count: ranges.count, in: processorTime() - start)
        start = processorTime()
        for range in ranges { _ = reader.read(block.span.extracting(range)) }
        report("read_per_second", count: ranges.count, in: processorTime() - start)
        start = processorTime()
        var credited = 0
        for (index, range) in ranges.enumerated() {
            if index % 20_000 == 0 { batch.removeAll() }
            guard reader.read(block.span.extracting(range)) == .fact else { continue }
            if composer.compose(reader, with: book, into: &batch) == .credited { credited += 1 }
        }
        report("read_and_credit_per_second", count: ranges.count, in: processorTime() - start)
        report("credited", "\(credited)")
        report("mean_source_bytes", "\(block.count / ranges.count)")
    }

    private func assignment(_ number: Int) throws -> Assignment {
        guard let from = CalendarDate("2026-01-01") else { throw ExitCode(1) }
        return Assignment(
            no: Int64(number + 1), institution: "bank", id: "a-\(100_000 + number)",
            customer: IntakeWork.customer(number),
            manager: "rm-\(number % options.managers)", share: .whole, validFrom: from, validTo: nil)
    }
}

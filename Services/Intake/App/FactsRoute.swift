import Contracts
import HTTPTypes
import Hummingbird
import IntakeCore
import NIOCore
import ServiceKit

/// `POST /v1/facts`: one CloudEvent or a batch, with an answer for each.
struct FactsRoute: Sendable {
    let lane: Lane<IngestSession>
    let sources: [(id: String, source: Int)]
    let batchLimit: Int

    func add(to host: ServiceHost) {
        host.router.group("v1/facts").add(middleware: host.requires(.intakeWriter)).post { request, context in
            try await take(request, context)
        }
    }

    struct Answer: Encodable, ResponseEncodable, Sendable {
        struct Item: Encodable, Sendable {
            struct Fault: Encodable, Sendable {
                var code: String
                var path: String
                var message: String
                var remedy: String
            }

            var index: Int
            var id: String
            var outcome: String
            var problems: [Fault]?
        }

        var received: Int
        var accepted: Int
        var duplicate: Int
        var suspended: Int
        var rejected: Int
        var items: [Item]
    }

    private func take(_ request: Request, _ context: RequestScope) async throws -> Answer {
        let source = try source(request)
        let buffer = try await request.body.collect(upTo: context.maxUploadSize)
        var bytes = Array(buffer.readableBytesView)
        let contentType = request.headers[.contentType]?.lowercased() ?? ""
        let ranges: [Range<Int>]
        if contentType.hasPrefix("application/cloudevents-batch+json") {
            ranges = try batch(bytes)
        } else if contentType.hasPrefix("application/cloudevents+json") {
            ranges = [0..<bytes.count]
        } else {
            throw ServiceKit.Problem(
                .unsupportedMediaType, code: "GR-INTAKE-020", message: "The content type is not a CloudEvents format",
                detail: "Send application/cloudevents+json or application/cloudevents-batch+json")
        }
        if ranges.isEmpty { bytes = [] }
        return try await take(bytes, ranges, of: source, context)
    }

    private func take(_ bytes: [UInt8], _ ranges: [Range<Int>], of source: Int, _ context: RequestScope) async throws
        -> Answer
    {
        let (request, trace) = (context.requestID, context.clientTrace?.traceparent)
        do {
            return try await lane.perform { session in
                var input = IngestInput(source: source, bytes: bytes, ranges: ranges)
                input.namesRecords = true
                input.company = { _ in .init(trace: trace) }
                return Answer(try session.take(input, door: .init(name: "http", trace: request)))
            }
        } catch let fault as IntakeFault {
            throw ServiceKit.Problem(.serviceUnavailable, code: fault.code, message: "\(fault)")
        }
    }

    private func source(_ request: Request) throws -> Int {
        guard let name = request.uri.queryParameters["source"].map(String.init) else {
            guard let first = sources.first else { throw unknownSource() }
            return first.source
        }
        guard let named = sources.first(where: { $0.id == name }) else { throw unknownSource() }
        return named.source
    }

    private func unknownSource() -> ServiceKit.Problem {
        ServiceKit.Problem(
            .notFound, code: ProblemCode.unknownSource.rawValue, message: "There is no such source",
            detail: "Name a source that the configuration opens to HTTP")
    }

    private func batch(_ bytes: [UInt8]) throws -> [Range<Int>] {
        var tape = JSONTape()
        do throws(JSONFault) {
            try tape.scan(bytes.span)
        } catch {
            throw ServiceKit.Problem(.badRequest, code: ProblemCode.notJSON.rawValue, message: "\(error)")
        }
        guard tape.tokens[0].kind == .array else {
            throw ServiceKit.Problem(
                .badRequest, code: ProblemCode.notAnObject.rawValue, message: "A batch is an array of events")
        }
        let elements = tape.elements(of: 0)
        guard elements.count <= batchLimit else {
            throw ServiceKit.Problem(
                .contentTooLarge, code: ProblemCode.tooLarge.rawValue,
                message: "The batch has \(elements.count) events; at most \(batchLimit) are taken at once")
        }
        return elements.map { tape.tokens[$0].kind == .string ? 0..<0 : tape.tokens[$0].range }
    }
}

extension FactsRoute.Answer {
    init(_ result: IngestResult) {
        received = result.outcomes.count
        accepted = result.count("accepted")
        duplicate = result.count("duplicate")
        suspended = result.count("suspended")
        rejected = result.count("rejected")
        items = result.outcomes.enumerated().map { index, outcome in
            var item = Item(index: index, id: result.ids[index], outcome: outcome.name)
            if case .rejected(let problems) = outcome {
                item.problems = problems.map {
                    Item.Fault(code: $0.code.rawValue, path: $0.path, message: $0.message, remedy: $0.remedy)
                }
            }
            return item
        }
    }
}

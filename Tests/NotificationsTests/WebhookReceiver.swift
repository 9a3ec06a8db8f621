import HTTPTypes
import Hummingbird
import NIOCore
import Synchronization

/// A receiver of webhooks that answers as told and remembers what it was sent.
final class WebhookReceiver: Sendable {
    struct Post: Sendable {
        let id: String
        let timestamp: String
        let signature: String
        let contentType: String
        let body: [UInt8]
    }

    private let port: Int
    private let task: Task<Void, Never>
    private let inbox: Inbox

    var url: String { "http://127.0.0.1:\(port)/hook" }
    var received: [Post] { inbox.posts.withLock { $0 } }

    /// Answers the first posts with these statuses, later ones with 204.
    init(answering answers: HTTPResponse.Status...) async throws {
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let inbox = Inbox()
        inbox.answers.withLock { $0 = answers }
        let router = Router()
        router.post("hook") { request, _ in
            let body = try await request.body.collect(upTo: 1 << 20)
            return Response(status: inbox.take(request, Array(body.readableBytesView)))
        }
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { continuation.yield($0.localAddress?.port ?? 0) })
        task = Task { try? await application.run() }
        var iterator = ports.makeAsyncIterator()
        port = await iterator.next() ?? 0
        self.inbox = inbox
    }

    deinit { task.cancel() }

    private final class Inbox: Sendable {
        let posts = Mutex<[Post]>([])
        let answers = Mutex<[HTTPResponse.Status]>([])

        func take(_ request: Request, _ body: [UInt8]) -> HTTPResponse.Status {
            func header(_ name: String) -> String { HTTPField.Name(name).flatMap { request.headers[$0] } ?? "" }
            let post = Post(
                id: header("webhook-id"), timestamp: header("webhook-timestamp"),
                signature: header("webhook-signature"), contentType: header("content-type"), body: body)
            posts.withLock { $0.append(post) }
            return answers.withLock { $0.isEmpty ? .noContent : $0.removeFirst() }
        }
    }
}

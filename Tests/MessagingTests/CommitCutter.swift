import Foundation
import Postgres
import Synchronization

/// A proxy before PostgreSQL that, when armed, passes one COMMIT on and cuts the connection before the answer.
final class CommitCutter: @unchecked Sendable {
    let url: String
    private let listener: Int32
    private let socketPath: String
    private let armed = Atomic(false)
    private let cutCount = Atomic(0)

    /// `database` is the URL of a server that listens on a socket in the folder `host` names.
    init(database: String) throws {
        guard let host = database.range(of: "?host="), let start = database.range(of: "@/") else {
            throw PostgresError.invalidSettings(reason: "not a socket: \(database)")
        }
        let folder = database[host.upperBound...].prefix { $0 != "&" }
        let name = database[start.upperBound..<host.lowerBound]
        socketPath = "\(folder)/.s.PGSQL.5432"
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        listen(listener, 16)
        url = "postgresql://postgres@127.0.0.1:\(UInt16(bigEndian: address.sin_port))/\(name)"
        Thread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 else { return }
                serve(client)
            }
        }.start()
    }

    deinit { close(listener) }

    var cuts: Int { cutCount.load(ordering: .acquiring) }

    func arm() { armed.store(true, ordering: .releasing) }

    private func serve(_ client: Int32) {
        let server = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socketPath.utf8) }
        let isConnected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else { return _ = close(client) }
        Thread { [self] in pump(from: client, to: server, watching: true) }.start()
        Thread { [self] in pump(from: server, to: client, watching: false) }.start()
    }

    private func pump(from source: Int32, to target: Int32, watching: Bool) {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = read(source, &buffer, buffer.count)
            guard count > 0 else { break }
            let isCommit = watching && buffer[..<count].elementsEqual(Self.commit)
            let isCut =
                isCommit
                && armed.compareExchange(
                    expected: true, desired: false, ordering: .acquiringAndReleasing
                ).exchanged
            // The way back is closed before the request goes out, so that no answer can slip through.
            if isCut { shutdown(source, Int32(SHUT_RDWR)) }
            guard send(target, buffer, count, Int32(MSG_NOSIGNAL)) == count else { break }
            if isCut { cutCount.add(1, ordering: .acquiringAndReleasing) }
        }
        shutdown(target, Int32(SHUT_WR))
    }

    /// A simple query of the protocol.
    private static let commit: [UInt8] = [0x51, 0, 0, 0, 11] + Array("COMMIT".utf8) + [0]
}

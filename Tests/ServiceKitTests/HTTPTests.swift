import Foundation
import FoundationNetworking
import HTTPTypes
import Hummingbird
import NIOCore
import Testing

@testable import ServiceKit

@Suite struct HTTPTests {
    private struct Broken: Error {
        let name = "PLANTED"
    }

    /// What a service might add.
    private static func routes(_ host: ServiceHost) {
        host.router.get("managers/:id") { _, context in "\(context.parameters.get("id") ?? "")" }
        host.router.get("broken") { _, _ -> String in throw Broken() }
        host.router.get("conflict") { _, _ -> String in
            throw Problem(.conflict, code: "GR-INTAKE-012", message: "The fact differs", detail: "Send a reversal.")
        }
        host.router.group("facts").add(middleware: host.requires(.intakeWriter))
            .post { request, context in
                let body = try await request.body.collect(upTo: context.maxUploadSize)
                return "\(context.caller?.name ?? "nobody") \(body.readableBytes)"
            }
        host.router.get("trace") { _, context in "\(context.traceContext)" }
    }

    @Test func livenessFailsWithTheReasonWhenALoopNoLongerTicks() async throws {
        let probes = Probes()
        let healthy = Heartbeat("reader")
        probes.watch(healthy)
        try await RunningServer.run(probes) { server in
            let good = try await server.send("GET", "/livez")
            #expect(good.status == 200)
            #expect(good.text == #"{"checks":[{"check":"reader","ok":true}],"status":"ok"}"#)

            probes.watch(Heartbeat("relay", limit: .nanoseconds(1)))
            let bad = try await server.send("GET", "/livez")
            #expect(bad.status == 503)
            #expect(bad.text.contains(#"{"check":"relay","ok":false,"reason":"no pass for 0 s, limit 0 s"}"#))
        }
    }

    @Test func readinessNamesEveryConditionThatDoesNotHold() async throws {
        let probes = Probes(patience: .milliseconds(200))
        let joined = ReadinessGate("kafka group", reason: "not joined yet")
        probes.require(joined)
        probes.require("database") { throw Broken() }
        probes.require("schema") { throw SettingsError([SettingsFault(.missing, "version 3 is needed")]) }
        probes.require("slow") { try await Task.sleep(for: .seconds(60)) }
        try await RunningServer.run(probes) { server in
            let bad = try await server.send("GET", "/readyz")
            #expect(bad.status == 503)
            let checks = try #require(try bad.object()["checks"] as? [[String: Any]])
            #expect(
                checks.map { $0["reason"] as? String } == [
                    "not joined yet", "failed: Broken", "GR-SET-001 version 3 is needed",
                    "no answer within 0 s",
                ])
            joined.open()
            let better = try await server.send("GET", "/readyz")
            #expect(better.text.contains(#"{"check":"kafka group","ok":true}"#))
        }
    }

    @Test func aProcessThatStopsIsNotReadyButAlive() async throws {
        let probes = Probes()
        probes.drain()
        try await RunningServer.run(probes) { server in
            let ready = try await server.send("GET", "/readyz")
            let live = try await server.send("GET", "/livez")
            #expect(ready.status == 503)
            #expect(live.status == 200)
        }
    }

    @Test func metricsAreServedAsPrometheusText() async throws {
        try await RunningServer.run { server in
            let answer = try await server.send("GET", "/metrics")
            #expect(answer.text == "gradus_x 1\n")
            #expect(
                answer.headers.value(forHTTPHeaderField: "Content-Type")
                    == "text/plain; version=0.0.4; charset=utf-8")
        }
    }

    @Test func everyErrorIsAProblemDocument() async throws {
        try await RunningServer.run(routes: Self.routes) { server in
            let conflict = try await server.send("GET", "/conflict", headers: ["X-Request-Id": "req-1"])
            #expect(conflict.status == 409)
            #expect(conflict.headers.value(forHTTPHeaderField: "Content-Type") == "application/problem+json")
            #expect(
                conflict.text == #"{"code":"GR-INTAKE-012","detail":"Send a reversal.","message":"The fact differs","#
                    + #""requestId":"req-1","status":409,"title":"Conflict","type":"about:blank"}"#)

            let broken = try await server.send("GET", "/broken")
            #expect(broken.status == 500)
            #expect(try broken.object()["code"] as? String == "GR-HTTP-500")
            #expect(!broken.text.contains("PLANTED"))

            let missing = try await server.send("GET", "/nowhere")
            #expect(missing.status == 404)
            #expect(try missing.object()["code"] as? String == "GR-HTTP-404")
        }
    }

    @Test func aProtectedRouteNeedsAKnownTokenWithTheRole() async throws {
        try await RunningServer.run(routes: Self.routes) { server in
            let none = try await server.send("POST", "/facts", body: Data("{}".utf8))
            #expect(none.status == 401)
            #expect(none.headers.value(forHTTPHeaderField: "WWW-Authenticate") == "Bearer")
            for wrong in ["Bearer 0123456789abcdef-intakX", "Bearer 0123456789abcdef", "Basic eDp5", "Bearer "] {
                let answer = try await server.send("POST", "/facts", headers: ["Authorization": wrong])
                #expect(answer.status == 401)
            }
            let reader = ["Authorization": "Bearer \(RunningServer.readerToken)"]
            let forbidden = try await server.send("POST", "/facts", headers: reader)
            #expect(forbidden.status == 403)
            #expect(try forbidden.object()["detail"] as? String == "One of these roles is needed: intake-writer.")
            let writer = ["Authorization": "bearer \(RunningServer.token)"]
            let good = try await server.send("POST", "/facts", headers: writer, body: Data("{}".utf8))
            #expect(good.text == "core 2")
        }
    }

    @Test func aBodyOverTheLimitIsRefused() async throws {
        try await RunningServer.run(routes: Self.routes) { server in
            let headers = ["Authorization": "Bearer \(RunningServer.token)"]
            let large = Data(repeating: 0x61, count: 1_025)
            let answer = try await server.send("POST", "/facts", headers: headers, body: large)
            #expect(answer.status == 413)
            #expect(try answer.object()["code"] as? String == "GR-HTTP-413")
            let fitting = try await server.send("POST", "/facts", headers: headers, body: large.dropLast())
            #expect(fitting.text == "core 1024")
        }
    }

    @Test func theCallersTraceGoesOnAndAMalformedOneIsReplaced() async throws {
        let trace = "0af7651916cd43dd8448eb211c80319c"
        try await RunningServer.run(routes: Self.routes) { server in
            let header = ["traceparent": "00-\(trace)-b7ad6b7169203331-01"]
            let known = try await server.send("GET", "/trace", headers: header)
            #expect(known.text.hasPrefix("00-\(trace)-"))
            #expect(!known.text.contains("b7ad6b7169203331"))
            let other = try await server.send("GET", "/trace", headers: ["traceparent": "00-x"])
            #expect(TraceContext(traceparent: other.text) != nil)
        }
    }

    @Test func theAccessLogNamesRouteCallerAndRequestButNoPersonAndNoToken() async throws {
        try await RunningServer.run(routes: Self.routes) { server in
            let forged = ["Authorization": "Bearer \(RunningServer.token)", "X-Request-Id": "req 1 {forged}"]
            let answer = try await server.send("GET", "/managers/rm-PLANTED?phone=PLANTED", headers: forged)
            #expect(answer.text == "rm-PLANTED")
            let id = try #require(answer.headers.value(forHTTPHeaderField: "X-Request-Id"))
            #expect(id.count == 16)
            _ = try await server.send("POST", "/facts", headers: forged, body: Data("PLANTED".utf8))
            _ = try await server.send("GET", "/broken")

            let text = server.lines.text
            #expect(text.contains(#""route":"/managers/:id""#) || text.contains(#""route":"/managers/{id}""#))
            #expect(text.contains(id))
            #expect(text.contains(#""caller":"core""#))
            #expect(!text.contains("forged"))
            #expect(!text.contains(RunningServer.token))
            #expect(text.contains(#""error":"Broken""#))
            #expect(!text.contains("PLANTED"))
            #expect(!text.contains("phone"))
        }
    }
}

import ArgumentParser

/// Makes the reference work, measures the parts of its way through Gradus, and checks what came of it.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "The parts of deploy/bench.",
        subcommands: [
            Fill.self, Consume.self, Copy.self, Decode.self, Watch.self, Verify.self, IntakeDecode.self,
            IntakeFill.self, IntakeWatch.self, Close.self, CloseInMemory.self, Decisions.self,
        ])
}

/// The work that all parts agree on.
struct WorkOptions: ParsableArguments {
    @Option(help: "Messages to make.") var messages = 1_000_000
    @Option(help: "Managers they are about.") var managers = 10_000
    @Option(help: "The same seed makes the same messages.") var seed: UInt64 = 20_261_121

    var work: ReferenceWork { ReferenceWork(messages: messages, managers: managers, seed: seed) }
}

/// Prints one figure, so that a script can pick it up.
func report(_ name: String, _ value: String) {
    print("\(name)=\(value)")
}

func report(_ name: String, count: Int, in duration: Duration) {
    let seconds = duration.seconds
    report(name, "\(Int(Double(count) / max(seconds, 0.000_001)))")
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}

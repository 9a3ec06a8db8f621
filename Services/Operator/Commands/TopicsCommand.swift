import ArgumentParser
import Contracts
import Kafka

/// `gradus topics`: the topics of Gradus on the broker.
struct TopicsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "topics", abstract: "Create, list and read Gradus's topics.",
        subcommands: [Create.self, List.self, Read.self])

    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create the topics that are missing.",
            discussion: "The number of partitions is fixed for a topic's life: choose 12 or 24 before the first event.")

        @Option(help: "Partitions of each topic.")
        var partitions: Int32 = Int32(Topic.defaultPartitions)

        @Option(help: "Replicas of each partition; -1 takes the broker's default.")
        var replicas: Int32 = -1

        @Option(help: "Another topic to create as well, such as a source topic of the bank; repeatable.")
        var also: [String] = []

        func validate() throws {
            guard (1...1000).contains(partitions) else {
                throw ValidationError("--partitions must be between 1 and 1000")
            }
        }

        func run() throws {
            let administration = try TopicAdministration(
                try OperatorSettings.load().kafkaConfiguration, logger: OperatorSettings.logger)
            let names = Topic.allCases.map(\.name) + also
            let existing = try administration.partitionCounts()
            for name in names {
                if let count = existing[name] {
                    guard also.contains(name) || count == Int(partitions) else {
                        throw OperatorError(
                            "GR-OPERATOR-020",
                            "\(name) has \(count) partitions, not \(partitions); partitions cannot change, because keys "
                                + "would move: use --partitions \(count)")
                    }
                    continue
                }
                _ = try administration.create(TopicSpecification(name, partitions: partitions, replicas: replicas))
                Terminal.line("created \(name) with \(partitions) partitions")
            }
            try administration.waitUntilVisible(names)
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List Gradus's topics with their sizes.")

        @OptionGroup var report: ReportOptions

        private struct Size: Encodable {
            let topic: String
            let partitions: Int
            let messages: Int64
        }

        func run() throws {
            let administration = try TopicAdministration(
                try OperatorSettings.load().kafkaConfiguration, logger: OperatorSettings.logger)
            let counts = try administration.partitionCounts()
            let sizes = try Topic.allCases.compactMap { topic -> Size? in
                guard let partitions = counts[topic.name] else { return nil }
                var messages: Int64 = 0
                for partition in 0..<Int32(partitions) {
                    let marks = try administration.watermarks(of: TopicPartition(topic.name, partition))
                    messages += marks.high - marks.low
                }
                return Size(topic: topic.name, partitions: partitions, messages: messages)
            }
            if report.json { return try Terminal.json(sizes) }
            var table = Table([.text("topic"), .number("partitions"), .number("messages")])
            for size in sizes { table.add(size.topic, "\(size.partitions)", "\(size.messages)") }
            table.show()
        }
    }

    struct Read: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a topic's events from its beginning, one JSON object a line.")

        @Argument(help: "The topic.")
        var topic: String

        func run() throws {
            let settings = try OperatorSettings.load()
            try TopicReader(settings.kafkaConfiguration, topic: topic).read { event in
                Terminal.line(event.jsonLine)
            }
        }
    }
}

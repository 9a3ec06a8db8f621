/// A regular expression as XPath defines it, run within a bound of steps.
///
/// The pattern is compiled to a small program that is run with backtracking; a pattern that would take too long is
/// given up instead of holding up the caller.
struct Pattern {
    struct Flags {
        var dotMatchesAll = false
        var multiline = false
        var ignoresCase = false
        var ignoresSpace = false
        var literal = false

        /// The flags of their letters `s`, `m`, `i`, `x`, `q`; nil for any other letter.
        init?(_ text: String) {
            for scalar in text.unicodeScalars {
                switch scalar {
                case "s": dotMatchesAll = true
                case "m": multiline = true
                case "i": ignoresCase = true
                case "x": ignoresSpace = true
                case "q": literal = true
                default: return nil
                }
            }
        }
    }

    enum Instruction {
        case set(CharacterSet)
        case start
        case end
        /// Go on at the first place, and at the second if that fails.
        case fork(Int, Int)
        case jump(Int)
        case save(Int)
        /// Remember where a round of a loop began.
        case mark(Int)
        /// Leave the loop when the round took nothing.
        case progress(Int, exit: Int)
        case reference(Int)
        case accept
    }

    let program: [Instruction]
    let groups: Int
    let registers: Int
    let flags: Flags

    /// How many states may wait at once, so that they take no more than some 20 MB.
    private var stateLimit: Int { 2_000_000 / (registers + 8) }
    private static let registerLimit = 1_000

    /// Reads a pattern; nil when it is not one.
    init?(_ text: String, flags: Flags) {
        var scalars = Array(text.unicodeScalars)
        if flags.ignoresSpace, !flags.literal { scalars = Self.withoutSpace(scalars) }
        var reader = PatternReader(scalars, flags: flags)
        guard let tree = flags.literal ? reader.literal() : reader.pattern() else { return nil }
        var writer = PatternWriter(slots: (reader.groups + 1) * 2)
        writer.write(.group(tree, 0))
        guard writer.fits, writer.slots <= Self.registerLimit else { return nil }
        writer.program.append(.accept)
        program = writer.program
        groups = reader.groups
        registers = writer.slots
        self.flags = flags
    }

    /// Removes spaces outside character classes.
    private static func withoutSpace(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        var result: [Unicode.Scalar] = []
        var depth = 0
        var escaped = false
        for scalar in scalars {
            let isSpace = scalar == " " || scalar == "\t" || scalar == "\n" || scalar == "\r"
            if isSpace && depth == 0 { continue }
            result.append(scalar)
            if escaped {
                escaped = false
                continue
            }
            if scalar == "\\" { escaped = true }
            if scalar == "[" { depth += 1 }
            if scalar == "]" { depth = max(0, depth - 1) }
        }
        return result
    }

    /// Where a pattern matched: the whole and each group, as ranges of characters; -1 for a group that took no part.
    struct Match {
        let slots: [Int]
        var start: Int { slots[0] }
        var end: Int { slots[1] }

        func range(_ group: Int) -> Range<Int>? {
            let index = group * 2
            guard index + 1 < slots.count, slots[index] >= 0, slots[index + 1] >= slots[index] else { return nil }
            return slots[index]..<slots[index + 1]
        }
    }

    struct TooLong: Error {}

    /// The first match at or after a place; nil when there is none.
    func firstMatch(in text: [Unicode.Scalar], from start: Int, steps: inout Int) throws(TooLong) -> Match? {
        var place = start
        while place <= text.count {
            if let match = try match(in: text, at: place, steps: &steps) { return match }
            place += 1
        }
        return nil
    }

    private struct State {
        var instruction: Int
        var place: Int
        var slots: [Int]
    }

    private func match(in text: [Unicode.Scalar], at start: Int, steps: inout Int) throws(TooLong) -> Match? {
        var pending: [State] = []
        var state = State(instruction: 0, place: start, slots: [Int](repeating: -1, count: registers))
        while true {
            steps -= 1
            if steps < 0 || pending.count > stateLimit { throw TooLong() }
            var failed = false
            switch program[state.instruction] {
            case .accept: return Match(slots: Array(state.slots.prefix((groups + 1) * 2)))
            case .jump(let target): state.instruction = target
            case .fork(let first, let second):
                pending.append(State(instruction: second, place: state.place, slots: state.slots))
                state.instruction = first
            case .save(let slot), .mark(let slot):
                state.slots[slot] = state.place
                state.instruction += 1
            case .progress(let slot, let exit):
                state.instruction = state.slots[slot] == state.place ? exit : state.instruction + 1
            default: failed = !advance(&state, text)
            }
            if failed {
                guard let next = pending.popLast() else { return nil }
                state = next
            }
        }
    }

    /// Steps over what the instruction demands; false when it is not there.
    private func advance(_ state: inout State, _ text: [Unicode.Scalar]) -> Bool {
        switch program[state.instruction] {
        case .set(let set):
            guard state.place < text.count, set.contains(text[state.place], ignoringCase: flags.ignoresCase) else {
                return false
            }
            state.place += 1
        case .start:
            let afterLine =
                flags.multiline && state.place > 0 && state.place < text.count && text[state.place - 1] == "\n"
            guard state.place == 0 || afterLine else { return false }
        case .end:
            let beforeLine = flags.multiline && state.place < text.count && text[state.place] == "\n"
            guard state.place == text.count || beforeLine else { return false }
        case .reference(let group):
            let (from, to) = (state.slots[group * 2], state.slots[group * 2 + 1])
            guard from >= 0, to >= from else { break }
            guard state.place + to - from <= text.count else { return false }
            for offset in 0..<(to - from) {
                let (a, b) = (text[from + offset], text[state.place + offset])
                guard a == b || (flags.ignoresCase && CharacterSet.folded(a) == CharacterSet.folded(b)) else {
                    return false
                }
            }
            state.place += to - from
        default: break
        }
        state.instruction += 1
        return true
    }
}

/// The parts of a pattern.
indirect enum PatternTree {
    case empty
    case set(CharacterSet)
    case start
    case end
    case sequence([PatternTree])
    case choice([PatternTree])
    case group(PatternTree, Int)
    case reference(Int)
    case repeated(PatternTree, min: Int, max: Int?, lazy: Bool)
}

/// Writes the program of a pattern.
struct PatternWriter {
    var program: [Pattern.Instruction] = []
    var slots: Int
    private static let limit = 20_000

    init(slots: Int) {
        self.slots = slots
    }

    /// Whether the program stayed within its bounds.
    var fits: Bool { program.count < Self.limit }

    mutating func write(_ tree: PatternTree) {
        guard fits else { return }
        switch tree {
        case .empty: break
        case .set(let set): program.append(.set(set))
        case .start: program.append(.start)
        case .end: program.append(.end)
        case .reference(let group): program.append(.reference(group))
        case .sequence(let parts): for part in parts { write(part) }
        case .group(let inner, let number):
            program.append(.save(number * 2))
            write(inner)
            program.append(.save(number * 2 + 1))
        case .choice(let branches): write(choice: branches)
        case .repeated(let inner, let min, let max, let lazy): write(inner, min, max, lazy)
        }
    }

    private mutating func write(choice branches: [PatternTree]) {
        var exits: [Int] = []
        for (index, branch) in branches.enumerated() {
            guard index < branches.count - 1 else {
                write(branch)
                break
            }
            let fork = program.count
            program.append(.accept)
            write(branch)
            exits.append(program.count)
            program.append(.accept)
            program[fork] = .fork(fork + 1, program.count)
        }
        for exit in exits { program[exit] = .jump(program.count) }
    }

    private mutating func write(_ inner: PatternTree, _ min: Int, _ max: Int?, _ lazy: Bool) {
        for _ in 0..<min where fits { write(inner) }
        guard let max else {
            let fork = program.count
            let slot = slots
            slots += 1
            program.append(.accept)
            program.append(.mark(slot))
            write(inner)
            program.append(.progress(slot, exit: program.count + 2))
            program.append(.jump(fork))
            program[fork] = lazy ? .fork(program.count, fork + 1) : .fork(fork + 1, program.count)
            return
        }
        var forks: [Int] = []
        for _ in min..<Swift.max(min, max) where fits {
            forks.append(program.count)
            program.append(.accept)
            write(inner)
        }
        for fork in forks {
            program[fork] = lazy ? .fork(program.count, fork + 1) : .fork(fork + 1, program.count)
        }
    }
}

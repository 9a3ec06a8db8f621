import Contracts
public import Messaging
public import ScoringCore

extension BatchOutcome {
    mutating func reject(_ message: Int, _ rejection: FactRejection) {
        deadLetters.append(DeadLetter(message: message, code: rejection.code, detail: "\(rejection)"))
    }

    mutating func reject(_ message: Int, _ fault: ScoringFault) {
        deadLetters.append(DeadLetter(message: message, code: fault.code, detail: "\(fault)"))
    }
}

extension ScoringFault: ClassifiedFault {
    /// None passes by waiting.
    public var isTransient: Bool { false }
    /// A close without one partition would be wrong, so its marker is never put aside.
    public var needsMending: Bool { if case .stuckMarker = self { true } else { false } }
}

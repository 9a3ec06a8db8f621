import Dispatch

/// Runs an actor's jobs, one at a time, on Dispatch's threads.
///
/// A blocking call of libpq then stalls that actor alone, never Swift's small cooperative pool.
final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        self.queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

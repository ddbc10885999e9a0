//! Workers that each take one run of a grid after the other.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::context::SweepContext;
use super::events::Event;
use super::outcome::Outcome;
use super::run::{RunEnd, RunError};
use crate::record::{Failure, Provenance, Record, Run, finished_record, write_summary};
use crate::store::RunId;
use crate::text::panic_text;
use crate::train::EngineError;

/// Wait before checking again a run that another process has claimed.
pub const POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Runs that are trained one by one, and what became of all runs of the sweep.
pub struct WorkerPool<'a> {
    pub context: SweepContext<'a>,
    queue: Mutex<VecDeque<&'a Run>>,
    outcome: Mutex<Outcome>,
    last_summary: Mutex<Option<SummaryTiming>>,
}

impl<'a> WorkerPool<'a> {
    /// A pool with the runs of `queue` to be trained.
    pub fn new(context: SweepContext<'a>, queue: Vec<&'a Run>) -> Self {
        Self {
            context,
            queue: Mutex::new(queue.into()),
            outcome: Mutex::default(),
            last_summary: Mutex::default(),
        }
    }

    /// How the sweep ended.
    pub fn into_outcome(self) -> Outcome {
        self.outcome.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Trains and measures the runs of the queue with as many threads as `workers`.
    pub fn run_workers(&self, workers: usize) {
        std::thread::scope(|scope| {
            for worker in 0..workers {
                scope.spawn(move || self.run_worker(worker));
            }
        });
    }

    /// Puts the unfinished ones of `runs` into the queue for the CPU, after their device failed.
    ///
    /// # Errors
    /// `error`, if the CPU is not to take over.
    pub fn fall_back_to_cpu(
        &self,
        runs: Vec<&'a Run>,
        error: EngineError,
    ) -> Result<(), EngineError> {
        if !self.context.options.falls_back {
            return Err(error);
        }
        let outcome = lock(&self.outcome);
        let finished = outcome.records.iter().map(|record| &record.run_id);
        let ended: BTreeSet<&RunId> =
            finished.chain(outcome.failures.iter().map(|(id, _)| id)).collect();
        let remaining: Vec<&Run> =
            runs.into_iter().filter(|run| !ended.contains(&run.id)).collect();
        let text = format!("{error}; the CPU takes over {} runs", remaining.len());
        self.context.reporter.report(&Event::Note { text: &text });
        self.context.device.fall_back_to_cpu();
        lock(&self.queue).extend(remaining);
        Ok(())
    }

    fn run_worker(&self, worker: usize) {
        loop {
            let Some(run) = lock(&self.queue).pop_front() else {
                return;
            };
            if self.context.interrupt.is_raised() {
                return self.add_interrupted(0);
            }
            let end = self.claim_and_execute(worker, run);
            self.add_end(worker, run, end);
        }
    }

    /// Trains and measures a run, unless another process has claimed it.
    fn claim_and_execute(&self, worker: usize, run: &Run) -> Result<RunEnd, String> {
        let store = self.context.store;
        let found =
            finished_record(store, &run.spec, &run.id).map_err(|error| error.to_string())?;
        if let Some(record) = found {
            return Ok(RunEnd::AlreadyFinished(Box::new(record)));
        }
        let Some(claim) = store.claim(&run.id).map_err(|error| error.to_string())? else {
            return Ok(RunEnd::ClaimedByOther);
        };
        self.context.reporter.report(&Event::Started { worker, spec: &run.spec });
        let run = self.context.of_run(worker, run, &claim);
        catch_panic(|| run.execute().inspect_err(|error| self.stop_if_disk_is_full(error)))
    }

    /// Empties the queue if nothing can be written: the remaining runs would be trained in vain.
    fn stop_if_disk_is_full(&self, error: &RunError) {
        let mut queue = lock(&self.queue);
        if is_disk_full(error) && !queue.is_empty() {
            let left = queue.len();
            queue.clear();
            let runs = if left == 1 { "run is" } else { "runs are" };
            tracing::warn!("the disk takes no more: {left} {runs} left for the next sweep");
        }
    }

    /// Adds the end of a run to the outcome. A run that another process has claimed goes to the end of
    /// the queue.
    pub fn add_end(&self, worker: usize, run: &'a Run, end: Result<RunEnd, String>) {
        match end {
            Ok(RunEnd::AlreadyFinished(record)) => self.add_record(*record, true),
            Ok(RunEnd::Finished(record)) => self.add_record(*record, false),
            Ok(RunEnd::Interrupted { steps }) => self.add_interrupted(steps),
            Ok(RunEnd::ClaimedByOther) => {
                self.context.reporter.report(&Event::ClaimedByOther { worker, spec: &run.spec });
                if !self.skips_claimed_run() {
                    lock(&self.queue).push_back(run);
                    std::thread::sleep(POLL_INTERVAL);
                }
            }
            Err(reason) => self.add_failure(worker, run, reason),
        }
    }

    fn add_record(&self, record: Record, earlier: bool) {
        self.context.reporter.report(&Event::Finished { record: &record, earlier });
        if !earlier {
            lock(&self.outcome).advanced = true;
            self.refresh_summary();
        }
        lock(&self.outcome).records.push(record);
    }

    /// Notes that a run was interrupted `steps` steps after the checkpoint it started from.
    pub fn add_interrupted(&self, steps: u64) {
        let mut outcome = lock(&self.outcome);
        outcome.interrupted = true;
        outcome.advanced |= steps > 0;
    }

    /// Notes that a run failed, on disk too.
    pub fn add_failure(&self, worker: usize, run: &Run, reason: String) {
        let SweepContext { device, store, reporter, .. } = &self.context;
        let Run { id, spec, data } = run;
        let failure = Failure {
            spec: spec.clone(),
            reason: reason.clone(),
            provenance: Provenance::now(&data.digest, device.gpu_name(spec.backend)),
        };
        // The failure may be that nothing can be written; it is reported either way.
        if let Err(error) = failure.write(store, id) {
            tracing::warn!("{error}");
        }
        reporter.report(&Event::Failed { worker, spec, id, reason: &reason });
        lock(&self.outcome).failures.push((id.clone(), reason));
        if self.context.options.fail_fast {
            // The runs at work save their states, as after a signal.
            self.context.interrupt.stop();
        }
    }

    /// Whether a run that another process has claimed is left to it, and counts it then: a task of a
    /// job array does not wait for such runs.
    pub fn skips_claimed_run(&self) -> bool {
        let is_task = self.context.options.task;
        lock(&self.outcome).claimed_by_others += usize::from(is_task);
        is_task
    }

    /// Writes the summary, unless that would take more than a tenth of the time.
    ///
    /// It is written once more at the end of the sweep, and there a failure is an error.
    fn refresh_summary(&self) {
        let mut last = lock(&self.last_summary);
        if self.context.options.task || !last.as_ref().is_none_or(SummaryTiming::is_due) {
            return;
        }
        let started = Instant::now();
        if let Err(error) = write_summary(self.context.store) {
            tracing::warn!("{error}");
        }
        *last = Some(SummaryTiming { written: Instant::now(), duration: started.elapsed() });
    }
}

/// Whether the disk is full or read-only.
fn is_disk_full(error: &RunError) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    let mut kinds = causes.filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.any(|kind| {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        matches!(kind, StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem)
    })
}

/// When the summary was last written, and how long that took.
#[derive(Debug)]
struct SummaryTiming {
    written: Instant,
    duration: Duration,
}

impl SummaryTiming {
    fn is_due(&self) -> bool {
        self.written.elapsed() >= 10 * self.duration
    }
}

/// Locks `mutex`, also after a panic of another holder.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The result of `work`, with a panic as an error: a bug in one run, ours or a library's, must not end
/// the other runs.
pub fn catch_panic<T, E: Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("internal error: {}", panic_text(panic.as_ref()))),
    }
}

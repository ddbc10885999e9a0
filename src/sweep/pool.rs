//! Workers that take the runs of a grid one after the other.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Display;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use faer::{Par, get_global_parallelism};
use serde::{Deserialize, Serialize};

use super::claim::Claim;
use super::experiment::{self, ExperimentError};
use super::identity::{RunId, run_id};
use super::interrupt::Interrupt;
use super::job::{End, Job, JobError, is_finished};
use super::placed::Placed;
use super::progress::{Event, Reporter};
use super::provenance::Provenance;
use super::record::Record;
use super::row::Rows;
use super::store::{self, Store, StoreError};
use super::summary;
use crate::accelerate::OnDevice;
use crate::config::{AnalysisBackend, RunSpec};
use crate::data::Dataset;
use crate::memory::{self, TooLittle};
use crate::stability::accelerator::Accelerator;
use crate::text::panic_text;
use crate::train::EngineError;

/// A sweep that could not begin.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The device is absent or unusable; nothing was begun.
    #[error(transparent)]
    NoDevice(EngineError),
    /// The device failed; every run keeps its saved state.
    #[error(
        "{0}; run again to go on, with a smaller run.batched_runs if its memory was full, or with \
         another run.results and run.backend"
    )]
    Device(EngineError),
    #[error(transparent)]
    Summary(#[from] summary::SummaryError),
    /// A run of the plan cannot fit; nothing was begun.
    #[error(transparent)]
    Memory(#[from] TooLittle),
}

/// How a sweep runs.
#[derive(Debug, Clone, Copy)]
pub struct SweepOptions {
    /// Runs side by side; 0 is one per core.
    pub workers: usize,
    /// Between two saves of an unfinished run's state.
    pub checkpoint_interval: Duration,
    /// Which of the backend's devices.
    pub device: usize,
    /// Where the exact thresholds are iterated.
    pub analysis_backend: AnalysisBackend,
    /// Whether the CPU takes over from a GPU that fails: with `run.backend = "auto"`.
    pub falls_back: bool,
    /// Runs that the tensor engine trains at once; 0 chooses, 1 trains each alone.
    pub batched_runs: usize,
    /// Whether this is one task of many that share a frozen plan: it neither waits for runs that
    /// others have nor gathers the summary.
    pub task: bool,
}

/// How a sweep ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Outcome {
    /// Records of the finished runs, in no particular order.
    pub records: Vec<Record>,
    /// Runs that failed, with their reasons.
    pub failures: Vec<(RunId, String)>,
    /// Whether runs were left for another time.
    pub interrupted: bool,
    /// Whether there is more on disk than before: a run finished, or a state from later in a run.
    pub advanced: bool,
    /// Runs that a task left to the process that has them.
    pub elsewhere: usize,
}

/// `runs/ID/failure.json`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Failure {
    pub spec: RunSpec,
    pub reason: String,
    pub provenance: Provenance,
}

/// Wait before looking again at a run that another process has.
pub(super) const POLL: Duration = Duration::from_millis(300);

/// Finishes every run of `specs` in `store`, then gathers the summary, unless it is a task's part.
///
/// # Errors
/// The folder holds another experiment or cannot be written. Runs that fail are in the outcome.
pub fn sweep(
    store: &Store,
    specs: &[RunSpec],
    data: &Dataset,
    options: SweepOptions,
    reporter: &dyn Reporter,
    interrupt: &Interrupt,
) -> Result<Outcome, SweepError> {
    specs.iter().try_for_each(|spec| memory::check_run(spec, data))?;
    let device = Placed::new(specs, options).map_err(SweepError::NoDevice)?;
    let rows = Rows::new(specs, options, &device).map_err(SweepError::NoDevice)?;
    let accelerator = accelerator(specs, options, reporter).map_err(SweepError::NoDevice)?;
    if !options.task {
        experiment::register(store, specs, &data.digest)?;
    }
    let workers = worker_count(options.workers, specs, data, reporter);
    // What cannot be read is told of when its turn comes.
    let is_finished =
        |spec: &RunSpec| is_finished(store, spec, &run_id(spec, &data.digest)).unwrap_or(false);
    let finished = specs.iter().filter(|spec| is_finished(spec)).count();
    let trainers = usize::from(rows.is_some());
    let in_rows = rows.as_ref().map(Rows::device);
    reporter.report(&Event::Planned { specs, finished, workers: workers + trainers, in_rows });
    let (together, alone): (Vec<&RunSpec>, Vec<&RunSpec>) =
        specs.iter().partition(|spec| rows.is_some() && Rows::fit(spec));
    let pool = Pool {
        store,
        data,
        par: get_global_parallelism(),
        reporter,
        interrupt,
        options,
        device,
        accelerator,
        gathered: Mutex::new(Gathering::default()),
        queue: Mutex::new(alone.into()),
        outcome: Mutex::new(Outcome::default()),
    };
    let end = match rows {
        Some(rows) => {
            let end = rows.work(&pool, together.clone(), workers);
            end.or_else(|error| pool.take_over(together, error))
        }
        None => Ok(()),
    };
    if end.is_ok() {
        pool.work_on_all(workers);
    }
    if !options.task {
        summary::gather(store)?;
    }
    end.map_err(SweepError::Device)?;
    Ok(pool.outcome.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// What the exact thresholds of `specs` are iterated on, if not the CPU's own kernels.
fn accelerator<'a>(
    specs: &[RunSpec],
    options: SweepOptions,
    reporter: &'a dyn Reporter,
) -> Result<Option<OnDevice<'a>>, EngineError> {
    if !specs.iter().any(|spec| spec.analysis.thresholds) {
        return Ok(None);
    }
    let say = Box::new(|text: &str| reporter.report(&Event::Note { text }));
    OnDevice::open(options.analysis_backend, options.device, "run.analysis_backend = ", say)
}

/// Runs side by side: as many as are asked for, or one per core; fewer where memory is too small for
/// all of them to be measured at once.
fn worker_count(asked: usize, specs: &[RunSpec], data: &Dataset, reporter: &dyn Reporter) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if asked == 0 { cores } else { asked }.min(specs.len()).max(1);
    let largest = specs.iter().map(|spec| memory::of_run(spec, data)).max().unwrap_or(0);
    let fit = memory::available().map_or(workers, |bytes| (bytes / largest.max(1)) as usize);
    if fit.max(1) >= workers {
        return workers;
    }
    let (fit, each) = (fit.max(1), memory::size(largest));
    let text = format!("memory for {fit} of {workers} runs side by side: one takes some {each}");
    reporter.report(&Event::Note { text: &text });
    fit
}

pub(super) struct Pool<'a> {
    pub(super) store: &'a Store,
    pub(super) data: &'a Dataset,
    par: Par,
    pub(super) reporter: &'a dyn Reporter,
    pub(super) interrupt: &'a Interrupt,
    pub(super) options: SweepOptions,
    pub(super) device: Placed,
    accelerator: Option<OnDevice<'a>>,
    gathered: Mutex<Gathering>,
    queue: Mutex<VecDeque<&'a RunSpec>>,
    outcome: Mutex<Outcome>,
}

impl<'a> Pool<'a> {
    fn work_on_all(&self, workers: usize) {
        std::thread::scope(|scope| {
            for worker in 0..workers {
                scope.spawn(move || self.work(worker));
            }
        });
    }

    /// Goes on on the CPU with what a failed device has left of `specs`, if that was allowed.
    fn take_over(&self, specs: Vec<&'a RunSpec>, error: EngineError) -> Result<(), EngineError> {
        if !self.options.falls_back {
            return Err(error);
        }
        let outcome = locked(&self.outcome);
        let finished = outcome.records.iter().map(|record| &record.run_id);
        let ended: BTreeSet<&RunId> =
            finished.chain(outcome.failures.iter().map(|(id, _)| id)).collect();
        let left =
            specs.into_iter().filter(|spec| !ended.contains(&run_id(spec, &self.data.digest)));
        let left: Vec<&RunSpec> = left.collect();
        let text = format!("{error}; the CPU takes over {} runs", left.len());
        self.reporter.report(&Event::Note { text: &text });
        self.device.abandon();
        locked(&self.queue).extend(left);
        Ok(())
    }

    fn work(&self, worker: usize) {
        loop {
            let Some(spec) = locked(&self.queue).pop_front() else {
                return;
            };
            if self.interrupt.raised() {
                locked(&self.outcome).interrupted = true;
                return;
            }
            match self.attempt(worker, spec) {
                Ok(End::Found(record)) => self.finished(*record, true),
                Ok(End::Made(record)) => self.finished(*record, false),
                Ok(End::Interrupted { steps }) => self.interrupted(steps),
                Ok(End::Elsewhere) => self.leave(worker, spec),
                Err(reason) => self.failed(worker, spec, reason),
            }
        }
    }

    /// Works on a run, unless another process does.
    fn attempt(&self, worker: usize, spec: &'a RunSpec) -> Result<End, String> {
        let id = run_id(spec, &self.data.digest);
        let found = Job::finished(self.store, spec, &id).map_err(|error| error.to_string())?;
        if let Some(record) = found {
            return Ok(End::Found(Box::new(record)));
        }
        let Some(claim) = self.store.claim(&id).map_err(|error| error.to_string())? else {
            return Ok(End::Elsewhere);
        };
        self.reporter.report(&Event::Started { worker, spec });
        caught(|| self.job(worker, spec, &claim).run().inspect_err(|error| self.heed(error)))
    }

    /// Where nothing can be written, the runs that are left would be trained in vain.
    fn heed(&self, error: &JobError) {
        let mut queue = locked(&self.queue);
        if is_full(error) && !queue.is_empty() {
            let left = queue.len();
            queue.clear();
            let runs = if left == 1 { "run is" } else { "runs are" };
            tracing::warn!("the disk takes no more: {left} {runs} left for the next sweep");
        }
    }

    pub(super) fn job<'j>(&'j self, worker: usize, spec: &'j RunSpec, claim: &'j Claim) -> Job<'j> {
        Job {
            store: self.store,
            claim,
            spec,
            data: self.data,
            par: self.par,
            worker,
            reporter: self.reporter,
            interrupt: self.interrupt,
            checkpoint_interval: self.options.checkpoint_interval,
            device: &self.device,
            accelerator: self.accelerator.as_ref().map(|device| device as &dyn Accelerator),
        }
    }

    pub(super) fn finished(&self, record: Record, found: bool) {
        self.reporter.report(&Event::Finished { record: &record, found });
        if !found {
            locked(&self.outcome).advanced = true;
            self.gather();
        }
        locked(&self.outcome).records.push(record);
    }

    /// Gathers the summary, unless gathering would take more than a tenth of the time.
    ///
    /// What is not gathered yet is gathered at the end, where a failure is reported.
    fn gather(&self) {
        let mut gathering = locked(&self.gathered);
        if self.options.task || !gathering.is_due() {
            return;
        }
        let started = Instant::now();
        if let Err(error) = summary::gather(self.store) {
            tracing::warn!("{error}");
        }
        *gathering = Gathering { last: Some((Instant::now(), started.elapsed())) };
    }

    /// Notes that a run which has made `steps` here is left for another time.
    pub(super) fn interrupted(&self, steps: u64) {
        let mut outcome = locked(&self.outcome);
        outcome.interrupted = true;
        outcome.advanced |= steps > 0;
    }

    pub(super) fn failed(&self, worker: usize, spec: &RunSpec, reason: String) {
        let id = run_id(spec, &self.data.digest);
        let failure = Failure {
            spec: spec.clone(),
            reason: reason.clone(),
            provenance: Provenance::now(&self.data.digest, self.device.name()),
        };
        let path = self.store.run_folder(&id).join("failure.json");
        // The reason may be that nothing can be written; it is reported either way.
        if let Err(error) = store::write_json(&path, &failure) {
            tracing::warn!("{error}");
        }
        self.reporter.report(&Event::Failed { worker, spec, id: &id, reason: &reason });
        locked(&self.outcome).failures.push((id, reason));
    }

    /// Puts a run that another process has at the end of the queue, or leaves it to that.
    fn leave(&self, worker: usize, spec: &'a RunSpec) {
        self.reporter.report(&Event::Elsewhere { worker, spec });
        if !self.leaves_to_others() {
            locked(&self.queue).push_back(spec);
            std::thread::sleep(POLL);
        }
    }

    /// Whether a run that another process has is that one's for good: a task does not wait for it,
    /// and takes note.
    pub(super) fn leaves_to_others(&self) -> bool {
        locked(&self.outcome).elsewhere += usize::from(self.options.task);
        self.options.task
    }
}

/// Whether the disk refused because it is full, or because it may not be written.
fn is_full(error: &JobError) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |e| e.source());
    let mut kinds = causes.filter_map(|cause| Some(cause.downcast_ref::<io::Error>()?.kind()));
    kinds.any(|kind| {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        matches!(kind, StorageFull | QuotaExceeded | FileTooLarge | ReadOnlyFilesystem)
    })
}

/// When the summary was last gathered, and how long that took.
#[derive(Debug, Default)]
struct Gathering {
    last: Option<(Instant, Duration)>,
}

impl Gathering {
    fn is_due(&self) -> bool {
        self.last.is_none_or(|(when, took)| when.elapsed() >= 10 * took)
    }
}

pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What `work` returns; a bug in one run, ours or a library's, must not take the night's other runs
/// with it.
pub(super) fn caught<T, E: Display>(work: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(panic) => Err(format!("internal error: {}", panic_text(panic.as_ref()))),
    }
}

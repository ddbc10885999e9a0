//! Starts a sweep.

use faer::get_global_parallelism;

use super::context::SweepContext;
use super::device_handle::DeviceHandle;
use super::events::{Event, Reporter};
use super::interrupt::Interrupt;
use super::options::SweepOptions;
use super::outcome::Outcome;
use super::pool::WorkerPool;
use super::rows::RowTrainer;
use crate::accelerate::DeviceAccelerator;
use crate::device::DeviceError;
use crate::memory::{self, NotEnoughMemory};
use crate::record::{
    ExperimentError, Run, RunPlan, SummaryError, is_finished, register, write_summary,
};
use crate::store::{Store, StoreError};
use crate::train::EngineError;

/// A sweep that could not begin, or that a device ended.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The device does not exist or is unusable; no run was begun.
    #[error(transparent)]
    NoDevice(DeviceError),
    /// The device failed; every run has its last checkpoint.
    #[error(
        "{0}; run again to go on, with a smaller run.batched_runs if its memory was full, or with \
         another run.results and run.backend"
    )]
    Device(EngineError),
    #[error(transparent)]
    Summary(#[from] SummaryError),
    /// A run of the plan does not fit into memory; no run was begun.
    #[error(transparent)]
    Memory(#[from] NotEnoughMemory),
}

/// Finishes every run of `plan` in `store`, then writes the summary, unless this is a task of a job
/// array.
///
/// # Errors
/// The folder holds another experiment or cannot be written, or the device fails. Runs that fail are
/// in the outcome.
pub fn sweep(
    store: &Store,
    plan: &RunPlan,
    options: SweepOptions,
    reporter: &dyn Reporter,
    interrupt: &Interrupt,
) -> Result<Outcome, SweepError> {
    let runs = &plan.runs[..];
    runs.iter().try_for_each(|run| memory::check_run(&run.spec, run.data.shape))?;
    let device = DeviceHandle::new(runs, options).map_err(SweepError::NoDevice)?;
    let row_trainer = RowTrainer::new(runs, options, &device).map_err(SweepError::NoDevice)?;
    let accelerator = open_accelerator(runs, options, reporter).map_err(SweepError::NoDevice)?;
    if !options.task {
        register(store, plan)?;
    }
    let workers = worker_count(options.workers, runs, reporter);
    // A record that cannot be read is reported when its run begins.
    let is_finished = |run: &&Run| is_finished(store, &run.spec, &run.id).unwrap_or(false);
    let finished = runs.iter().filter(is_finished).count();
    reporter.report(&Event::Planned {
        runs,
        finished,
        workers: workers + usize::from(row_trainer.is_some()),
        row_device: row_trainer.as_ref().map(RowTrainer::device_name),
    });
    let is_of_row = |run: &&Run| row_trainer.as_ref().is_some_and(|row| row.supports(&run.spec));
    let (together, alone): (Vec<&Run>, Vec<&Run>) = runs.iter().partition(is_of_row);
    let context = SweepContext {
        store,
        par: get_global_parallelism(),
        reporter,
        interrupt,
        options,
        device,
        accelerator,
    };
    let pool = WorkerPool::new(context, alone);
    let end = match row_trainer {
        Some(row_trainer) => row_trainer
            .train_and_measure(&pool, together.clone(), workers)
            .or_else(|error| pool.fall_back_to_cpu(together, error)),
        None => Ok(()),
    };
    if end.is_ok() {
        pool.run_workers(workers);
    }
    if !options.task {
        write_summary(store)?;
    }
    end.map_err(SweepError::Device)?;
    let mut outcome = pool.into_outcome();
    outcome.stopped_at_failure = interrupt.is_stopped();
    outcome.interrupted &= interrupt.is_signalled();
    Ok(outcome)
}

/// The device on which the exact thresholds of `runs` are iterated; `None` for the CPU's own kernels.
fn open_accelerator<'a>(
    runs: &[Run],
    options: SweepOptions,
    reporter: &'a dyn Reporter,
) -> Result<Option<DeviceAccelerator<'a>>, DeviceError> {
    if !runs.iter().any(|run| run.spec.analysis.thresholds) {
        return Ok(None);
    }
    let note = Box::new(|text: &str| reporter.report(&Event::Note { text }));
    DeviceAccelerator::open(
        options.analysis_backend,
        options.device,
        "run.analysis_backend = ",
        note,
    )
}

/// The number of workers: `requested` or, if that is 0, one per core; fewer if memory is too small for
/// all of them to measure at once.
fn worker_count(requested: usize, runs: &[Run], reporter: &dyn Reporter) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if requested == 0 { cores } else { requested }.min(runs.len()).max(1);
    let largest =
        runs.iter().map(|run| memory::run_bytes(&run.spec, run.data.shape)).max().unwrap_or(0);
    let fit = memory::available().map_or(workers, |bytes| (bytes / largest.max(1)) as usize);
    if fit.max(1) >= workers {
        return workers;
    }
    let (fit, each) = (fit.max(1), memory::size(largest));
    let text = format!("memory for {fit} of {workers} runs side by side: one takes some {each}");
    reporter.report(&Event::Note { text: &text });
    fit
}

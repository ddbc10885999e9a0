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
use crate::config::RunSpec;
use crate::data::Dataset;
use crate::device::DeviceError;
use crate::memory::{self, NotEnoughMemory};
use crate::record::{ExperimentError, SummaryError, is_finished, register, run_id, write_summary};
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

/// Finishes every run of `specs` in `store`, then writes the summary, unless this is a task of a job
/// array.
///
/// # Errors
/// The folder holds another experiment or cannot be written, or the device fails. Runs that fail are
/// in the outcome.
pub fn sweep(
    store: &Store,
    specs: &[RunSpec],
    data: &Dataset,
    options: SweepOptions,
    reporter: &dyn Reporter,
    interrupt: &Interrupt,
) -> Result<Outcome, SweepError> {
    specs.iter().try_for_each(|spec| memory::check_run(spec, data))?;
    let device = DeviceHandle::new(specs, options).map_err(SweepError::NoDevice)?;
    let row_trainer = RowTrainer::new(specs, options, &device).map_err(SweepError::NoDevice)?;
    let accelerator = open_accelerator(specs, options, reporter).map_err(SweepError::NoDevice)?;
    if !options.task {
        register(store, specs, &data.digest)?;
    }
    let workers = worker_count(options.workers, specs, data, reporter);
    // A record that cannot be read is reported when its run begins.
    let is_finished =
        |spec: &RunSpec| is_finished(store, spec, &run_id(spec, &data.digest)).unwrap_or(false);
    let finished = specs.iter().filter(|spec| is_finished(spec)).count();
    reporter.report(&Event::Planned {
        specs,
        finished,
        workers: workers + usize::from(row_trainer.is_some()),
        row_device: row_trainer.as_ref().map(RowTrainer::device_name),
    });
    let (together, alone): (Vec<&RunSpec>, Vec<&RunSpec>) =
        specs.iter().partition(|spec| row_trainer.is_some() && RowTrainer::supports(spec));
    let context = SweepContext {
        store,
        data,
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
    Ok(pool.into_outcome())
}

/// The device on which the exact thresholds of `specs` are iterated; `None` for the CPU's own kernels.
fn open_accelerator<'a>(
    specs: &[RunSpec],
    options: SweepOptions,
    reporter: &'a dyn Reporter,
) -> Result<Option<DeviceAccelerator<'a>>, DeviceError> {
    if !specs.iter().any(|spec| spec.analysis.thresholds) {
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
fn worker_count(
    requested: usize,
    specs: &[RunSpec],
    data: &Dataset,
    reporter: &dyn Reporter,
) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let workers = if requested == 0 { cores } else { requested }.min(specs.len()).max(1);
    let largest = specs.iter().map(|spec| memory::run_bytes(spec, data)).max().unwrap_or(0);
    let fit = memory::available().map_or(workers, |bytes| (bytes / largest.max(1)) as usize);
    if fit.max(1) >= workers {
        return workers;
    }
    let (fit, each) = (fit.max(1), memory::size(largest));
    let text = format!("memory for {fit} of {workers} runs side by side: one takes some {each}");
    reporter.report(&Event::Note { text: &text });
    fit
}

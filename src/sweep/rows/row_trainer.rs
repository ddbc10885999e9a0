//! Trains the runs of a sweep row by row.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use burn_tensor::Device;

use super::measure::{UnmeasuredRun, measure_all};
use super::row_queue::RowQueue;
use crate::config::RunSpec;
use crate::device::{DeviceError, DeviceMemory, EngineKind};
use crate::sweep::device_handle::DeviceHandle;
use crate::sweep::options::SweepOptions;
use crate::sweep::pool::{POLL_INTERVAL, WorkerPool};
use crate::text::panic_text;
use crate::train::EngineError;
use crate::train::row::{End, capacity, train_row};

/// Trains rows of runs on a device.
pub struct RowTrainer {
    device: Device,
    device_name: String,
    memory: DeviceMemory,
    /// `run.batched_runs`.
    batched_runs: usize,
}

impl RowTrainer {
    /// `None` if each run is to be trained alone: because of `run.batched_runs = 1`, by default on a
    /// CPU, which has a worker for each core, or because of another engine or algorithm.
    pub fn new(
        specs: &[RunSpec],
        options: SweepOptions,
        device: &DeviceHandle,
    ) -> Result<Option<Self>, DeviceError> {
        let Some(spec) = specs.iter().find(|spec| Self::supports(spec)) else { return Ok(None) };
        let batched_runs = options.batched_runs;
        if batched_runs == 1 || (batched_runs == 0 && !spec.backend.is_gpu()) {
            return Ok(None);
        }
        Ok(Some(Self {
            device: device.open(spec.backend)?,
            device_name: device.gpu_name().unwrap_or(spec.backend.name()).to_owned(),
            memory: device.gpu().map_or(DeviceMemory::UNKNOWN, |gpu| gpu.memory),
            batched_runs,
        }))
    }

    /// Whether a run can be part of a row: the steps of a mixture differ in their batch sizes.
    pub fn supports(spec: &RunSpec) -> bool {
        spec.engine.trains_rows() && spec.train.algorithm.has_one_batch_size()
    }

    /// Name of the device.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Trains `specs`, batch size by batch size, while `measurers` threads measure the trained runs.
    pub fn train_and_measure<'p>(
        &self,
        pool: &WorkerPool<'p>,
        specs: Vec<&'p RunSpec>,
        measurers: usize,
    ) -> Result<(), EngineError> {
        let (sender, receiver) = channel();
        let receiver = &Mutex::new(receiver);
        std::thread::scope(|scope| {
            for worker in 1..=measurers {
                scope.spawn(move || measure_all(pool, worker, receiver));
            }
            self.train(pool, specs, sender)
        })
    }

    fn train<'p>(
        &self,
        pool: &WorkerPool<'p>,
        specs: Vec<&'p RunSpec>,
        trained: Sender<UnmeasuredRun<'p>>,
    ) -> Result<(), EngineError> {
        for row in by_batch_size(specs) {
            let runs = self.runs_at_once(pool, row[0]);
            let mut queue = RowQueue::new(pool, row, &trained);
            while queue.has_runs() {
                let end = self.train_row(pool, runs, &mut queue)?;
                let runs_remain = pool.context.interrupt.is_raised() && queue.has_runs();
                if end == End::Interrupted || runs_remain {
                    // An interrupted row has saved the states of its runs.
                    pool.add_interrupted(u64::from(end == End::Interrupted));
                    return Ok(());
                }
                if queue.has_runs() {
                    std::thread::sleep(POLL_INTERVAL);
                }
            }
        }
        Ok(())
    }

    fn runs_at_once(&self, pool: &WorkerPool<'_>, spec: &RunSpec) -> usize {
        let widths = spec.model.widths(pool.context.data.features, pool.context.data.outputs);
        match self.batched_runs {
            0 => capacity(&widths, spec.train.batch_size, self.memory),
            batched_runs => batched_runs,
        }
    }

    /// Trains runs of `queue`, `runs` at once, until none can be claimed.
    fn train_row(
        &self,
        pool: &WorkerPool<'_>,
        runs: usize,
        queue: &mut RowQueue<'_, '_>,
    ) -> Result<End, EngineError> {
        let loss = queue.loss();
        let train = || train_row(pool.context.data, loss, &self.device, runs, queue);
        let fault = match catch_unwind(AssertUnwindSafe(train)) {
            Ok(Ok(end)) => return Ok(end),
            Ok(Err(error)) => error.fault,
            // Burn's GPU runtimes report a lost device and a full memory by a panic.
            Err(panic) => panic_text(panic.as_ref()).to_owned(),
        };
        let name = &self.device_name;
        Err(EngineError {
            engine: EngineKind::Tensor.name(),
            fault: format!("{name} failed with {runs} runs at once: {fault}"),
        })
    }
}

/// Groups runs by batch size, in the order in which these first occur.
fn by_batch_size(specs: Vec<&RunSpec>) -> Vec<VecDeque<&RunSpec>> {
    let mut rows: Vec<VecDeque<&RunSpec>> = Vec::new();
    for spec in specs {
        let size = spec.train.batch_size;
        match rows.iter_mut().find(|row| row[0].train.batch_size == size) {
            Some(row) => row.push_back(spec),
            None => rows.push(VecDeque::from([spec])),
        }
    }
    rows
}

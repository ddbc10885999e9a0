//! Trains the runs of a sweep row by row.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use burn_tensor::Device;

use super::measure::{UnmeasuredRun, measure_all};
use super::row_queue::RowQueue;
use crate::config::RunSpec;
use crate::device::{Backend, DeviceError, DeviceMemory, EngineKind};
use crate::record::Run;
use crate::sweep::device_handle::DeviceHandle;
use crate::sweep::options::SweepOptions;
use crate::sweep::pool::{POLL_INTERVAL, WorkerPool};
use crate::text::panic_text;
use crate::train::EngineError;
use crate::train::row::{End, capacity, train_row};

/// Trains rows of runs on a device.
pub struct RowTrainer {
    backend: Backend,
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
        runs: &[Run],
        options: SweepOptions,
        device: &DeviceHandle,
    ) -> Result<Option<Self>, DeviceError> {
        let mut specs = runs.iter().map(|run| &run.spec);
        let Some(spec) = specs.find(|spec| Self::can_train(spec)) else { return Ok(None) };
        let batched_runs = options.batched_runs;
        if batched_runs == 1 || (batched_runs == 0 && !spec.backend.is_gpu()) {
            return Ok(None);
        }
        Ok(Some(Self {
            backend: spec.backend,
            device: device.open(spec.backend)?,
            device_name: device.gpu_name(spec.backend).unwrap_or(spec.backend.name()).to_owned(),
            memory: device.gpu(spec.backend).map_or(DeviceMemory::UNKNOWN, |gpu| gpu.memory),
            batched_runs,
        }))
    }

    /// Whether a run can be part of a row on this device.
    pub fn supports(&self, spec: &RunSpec) -> bool {
        Self::can_train(spec) && spec.backend == self.backend
    }

    /// Whether a run can be part of a row: the steps of a mixture differ in their batch sizes.
    fn can_train(spec: &RunSpec) -> bool {
        spec.engine.trains_rows() && spec.train.algorithm.has_one_batch_size()
    }

    /// Name of the device.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Trains `runs`, row by row, while `measurers` threads measure the trained runs.
    pub fn train_and_measure<'p>(
        &self,
        pool: &WorkerPool<'p>,
        runs: Vec<&'p Run>,
        measurers: usize,
    ) -> Result<(), EngineError> {
        let (sender, receiver) = channel();
        let receiver = &Mutex::new(receiver);
        std::thread::scope(|scope| {
            for worker in 1..=measurers {
                scope.spawn(move || measure_all(pool, worker, receiver));
            }
            self.train(pool, runs, sender)
        })
    }

    fn train<'p>(
        &self,
        pool: &WorkerPool<'p>,
        runs: Vec<&'p Run>,
        trained: Sender<UnmeasuredRun<'p>>,
    ) -> Result<(), EngineError> {
        for row in rows(runs) {
            let runs = self.runs_at_once(row[0]);
            let mut queue = RowQueue::new(pool, row, &trained);
            while queue.has_runs() {
                let end = self.train_row(runs, &mut queue)?;
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

    fn runs_at_once(&self, run: &Run) -> usize {
        let (spec, shape) = (&run.spec, run.data.shape);
        let widths = spec.model.widths(shape.features, shape.outputs);
        match self.batched_runs {
            0 => capacity(&widths, spec.train.optimizer(), spec.train.batch_size, self.memory),
            batched_runs => batched_runs,
        }
    }

    /// Trains runs of `queue`, `runs` at once, until none can be claimed.
    fn train_row(&self, runs: usize, queue: &mut RowQueue<'_, '_>) -> Result<End, EngineError> {
        let (loss, optimizer, source) = (queue.loss(), queue.optimizer(), queue.data());
        let failure = |fault| EngineError { engine: EngineKind::Tensor.name(), fault };
        let data = source.samples().map_err(|error| failure(error.to_string()))?;
        let train = || train_row(&data, loss, optimizer, &self.device, runs, queue);
        let fault = match catch_unwind(AssertUnwindSafe(train)) {
            Ok(Ok(end)) => return Ok(end),
            Ok(Err(error)) => error.fault,
            // Burn's GPU runtimes report a lost device and a full memory by a panic.
            Err(panic) => panic_text(panic.as_ref()).to_owned(),
        };
        let name = &self.device_name;
        Err(failure(format!("{name} failed with {runs} runs at once: {fault}")))
    }
}

/// Groups runs by what a row has in common (batch size, network, loss, optimizer and data), in the order in which
/// these first occur.
fn rows(runs: Vec<&Run>) -> Vec<VecDeque<&Run>> {
    let mut rows: Vec<VecDeque<&Run>> = Vec::new();
    for run in runs {
        match rows.iter_mut().find(|row| is_same_row(row[0], run)) {
            Some(row) => row.push_back(run),
            None => rows.push(VecDeque::from([run])),
        }
    }
    rows
}

fn is_same_row(a: &Run, b: &Run) -> bool {
    a.spec.train.batch_size == b.spec.train.batch_size
        && a.spec.model.hidden == b.spec.model.hidden
        && a.spec.loss == b.spec.loss
        && a.spec.train.optimizer() == b.spec.train.optimizer()
        && a.data.digest == b.data.digest
        && a.spec.data.scaling == b.spec.data.scaling
}

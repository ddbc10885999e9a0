//! A sweep on a device that trains many runs at once.
//!
//! Runs that share the batch size form rows; one thread feeds the device, the others measure the
//! minima as they come. Every run keeps its own claim, checkpoint and record.

mod crew;
mod measure;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use burn::tensor::Device;

use super::placed::Placed;
use super::pool::{POLL, Pool, SweepOptions};
use crate::config::{Algorithm, EngineKind, RunSpec};
use crate::net::Widths;
use crate::text::panic_text;
use crate::train::EngineError;
use crate::train::row::{End, Memory, capacity, train_row};
use crew::Crew;
use measure::Work;

/// How the rows of a sweep are trained.
pub(super) struct Rows {
    device: Device,
    name: String,
    memory: Memory,
    /// `run.batched_runs`.
    wanted: usize,
}

impl Rows {
    /// `None` if each run is to be trained alone: by `run.batched_runs = 1`, by default on a CPU,
    /// which has a worker for each core, or by another engine or algorithm.
    pub fn new(
        specs: &[RunSpec],
        options: SweepOptions,
        placed: &Placed,
    ) -> Result<Option<Self>, EngineError> {
        let Some(spec) = specs.iter().find(|spec| Self::fit(spec)) else { return Ok(None) };
        let wanted = options.batched_runs;
        if wanted == 1 || (wanted == 0 && !spec.backend.is_gpu()) {
            return Ok(None);
        }
        let untold = Memory { total: None, buffer: None };
        Ok(Some(Self {
            device: placed.open(spec.backend)?,
            name: placed.name().unwrap_or(spec.backend.name()).to_owned(),
            memory: placed.gpu().map_or(untold, |gpu| gpu.memory),
            wanted,
        }))
    }

    /// Whether a run can be one of a row: the steps of a mixture differ in their batch sizes.
    pub fn fit(spec: &RunSpec) -> bool {
        spec.engine == EngineKind::Tensor && spec.train.algorithm == Algorithm::Sgd
    }

    /// The device in words.
    pub fn device(&self) -> &str {
        &self.name
    }

    /// Trains `specs`, batch size by batch size, while `measurers` threads measure what is trained.
    pub fn work(
        &self,
        pool: &Pool<'_>,
        specs: Vec<&RunSpec>,
        measurers: usize,
    ) -> Result<(), EngineError> {
        let (sender, receiver) = channel();
        let receiver = &Mutex::new(receiver);
        std::thread::scope(|scope| {
            for worker in 1..=measurers {
                scope.spawn(move || measure::all(pool, worker, receiver));
            }
            self.train(pool, specs, sender)
        })
    }

    fn train<'a>(
        &self,
        pool: &'a Pool<'_>,
        specs: Vec<&'a RunSpec>,
        trained: Sender<Work<'a>>,
    ) -> Result<(), EngineError> {
        for row in by_batch_size(specs) {
            let runs = self.capacity(pool, row[0]);
            let mut crew = Crew::new(pool, row, &trained);
            while crew.has_runs() {
                let end = self.train_some(pool, runs, &mut crew)?;
                let leaving = pool.interrupt.raised() && crew.has_runs();
                if end == End::Interrupted || leaving {
                    // A row that is left saves the states of its runs.
                    pool.interrupted(u64::from(end == End::Interrupted));
                    return Ok(());
                }
                if crew.has_runs() {
                    std::thread::sleep(POLL);
                }
            }
        }
        Ok(())
    }

    fn capacity(&self, pool: &Pool<'_>, spec: &RunSpec) -> usize {
        let widths = Widths::of(&spec.model, pool.data);
        match self.wanted {
            0 => capacity(&widths, spec.train.batch_size, self.memory),
            wanted => wanted,
        }
    }

    fn train_some(
        &self,
        pool: &Pool<'_>,
        runs: usize,
        crew: &mut Crew<'_, '_>,
    ) -> Result<End, EngineError> {
        let factor = crew.loss_factor();
        let train = || train_row(pool.data, factor, &self.device, runs, crew);
        let fault = match catch_unwind(AssertUnwindSafe(train)) {
            Ok(Ok(end)) => return Ok(end),
            Ok(Err(error)) => error.fault,
            // Burn's GPU runtimes report a lost device and a full memory by a panic.
            Err(panic) => panic_text(panic.as_ref()).to_owned(),
        };
        let name = &self.name;
        Err(EngineError {
            engine: "tensor",
            fault: format!("{name} failed with {runs} runs at once: {fault}"),
        })
    }
}

/// The runs of a sweep differ in step size, seed and batch size; those of one batch size, in order.
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

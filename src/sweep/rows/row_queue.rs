//! The runs of a row: claims them and passes on those that have been trained.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::measure::UnmeasuredRun;
use crate::data::DataSource;
use crate::loss::Loss;
use crate::net::Weights;
use crate::optimizer::Optimizer;
use crate::record::{Record, Run};
use crate::store::Claim;
use crate::sweep::events::Event;
use crate::sweep::pool::{POLL_INTERVAL, WorkerPool};
use crate::sweep::run::{RunContext, RunError, TrainedRun};
use crate::train::row::{NewRun, Row, RunSource};
use crate::train::{EngineError, Outcome, Progress, Snapshot, TrainingPoint, start_of_run};

/// The worker that trains rows.
const WORKER: usize = 0;

/// A claimed run in a row.
pub struct RunSlot<'p> {
    run: &'p Run,
    claim: Claim,
    /// Its share of the seconds of training.
    seconds: f64,
}

/// The runs of one batch size, network, loss, optimizer and data.
pub struct RowQueue<'s, 'p> {
    pool: &'s WorkerPool<'p>,
    first: &'p Run,
    queue: VecDeque<&'p Run>,
    /// Runs that other processes had claimed when they were last checked.
    claimed_by_others: VecDeque<&'p Run>,
    last_check: Instant,
    trained: Sender<UnmeasuredRun<'p>>,
    last_share: Instant,
    last_save: Instant,
}

impl<'s, 'p> RowQueue<'s, 'p> {
    /// A queue of `runs`, which are not empty. Trained runs are sent to `trained`.
    pub fn new(
        pool: &'s WorkerPool<'p>,
        runs: VecDeque<&'p Run>,
        trained: &Sender<UnmeasuredRun<'p>>,
    ) -> Self {
        let now = Instant::now();
        Self {
            pool,
            first: runs[0],
            queue: runs,
            claimed_by_others: VecDeque::new(),
            last_check: now,
            trained: trained.clone(),
            last_share: now,
            last_save: now,
        }
    }

    /// Whether there are runs that are not known to be finished.
    pub fn has_runs(&self) -> bool {
        !self.queue.is_empty() || !self.claimed_by_others.is_empty()
    }

    /// The loss of all runs.
    pub fn loss(&self) -> Loss {
        Loss::from(&self.first.spec.loss)
    }

    /// The optimizer of all runs.
    pub fn optimizer(&self) -> Optimizer {
        self.first.spec.train.optimizer()
    }

    /// The data of all runs.
    pub fn data(&self) -> &'p DataSource {
        &self.first.data
    }

    /// Claims a run and loads its state; `None` if it needs no training, or another process has it.
    fn claim(&mut self, run: &'p Run) -> Result<Option<NewRun<RunSlot<'p>>>, RunError> {
        let Run { id, spec, data } = run;
        let context = &self.pool.context;
        let Some(claim) = context.store.claim(id)? else {
            context.reporter.report(&Event::ClaimedByOther { worker: WORKER, spec });
            self.defer(run);
            return Ok(None);
        };
        if Record::path(context.store, id).exists() {
            self.send_to_measurement(UnmeasuredRun { run, claim, trained: None });
            return Ok(None);
        }
        context.reporter.report(&Event::Started { worker: WORKER, spec });
        let saved = context.of_run(WORKER, run, &claim);
        let (saved, progress, seconds) = match saved.load_checkpoint()? {
            Some(saved) => (Some(saved.engine), Some(saved.progress), saved.seconds),
            None => (None, None, 0.0),
        };
        let point = start_of_run(spec, &*data.samples()?, saved)?;
        let key = RunSlot { run, claim, seconds };
        Ok(Some(NewRun { key, schedule: spec.train.clone(), point, progress }))
    }

    /// Checks a run that another process has claimed again later, unless it is left to that process.
    fn defer(&mut self, run: &'p Run) {
        if !self.pool.skips_claimed_run() {
            self.claimed_by_others.push_back(run);
        }
    }

    fn send_to_measurement(&self, run: UnmeasuredRun<'p>) {
        // The receiver exists as long as there is a sender.
        if self.trained.send(run).is_err() {
            tracing::warn!("a trained run could not be passed on");
        }
    }

    fn run<'r>(&'r self, slot: &'r RunSlot<'p>) -> RunContext<'r> {
        self.pool.context.of_run(WORKER, slot.run, &slot.claim)
    }

    /// Saves the state of a run. The disk may have space again when the run is finished, so training
    /// continues after a failure.
    fn save(
        &self,
        slot: &RunSlot<'p>,
        progress: &Progress,
        snapshot: impl FnOnce() -> Result<Snapshot, EngineError>,
    ) {
        if let Err(error) = self.run(slot).save_checkpoint(progress, slot.seconds, snapshot) {
            tracing::warn!("run {}: its state could not be saved: {error}", slot.run.id);
        }
    }

    fn save_all(&mut self, row: &Row<RunSlot<'p>>) {
        for (index, state) in row.states.iter().enumerate() {
            let snapshot = || Ok(row.network.point(index)?.into());
            self.save(&state.key, &state.progress, snapshot);
        }
        self.last_save = Instant::now();
    }

    /// Adds the time since the last call in equal shares to the runs of `row`.
    fn share_time(&mut self, row: &mut Row<RunSlot<'p>>) {
        let share = self.last_share.elapsed().as_secs_f64() / row.states.len().max(1) as f64;
        self.last_share = Instant::now();
        row.states.iter_mut().for_each(|state| state.key.seconds += share);
    }
}

impl<'p> RunSource for RowQueue<'_, 'p> {
    type Key = RunSlot<'p>;

    fn next_run(&mut self) -> Option<NewRun<RunSlot<'p>>> {
        if self.queue.is_empty() && self.last_check.elapsed() >= POLL_INTERVAL {
            self.last_check = Instant::now();
            std::mem::swap(&mut self.queue, &mut self.claimed_by_others);
        }
        while !self.pool.context.interrupt.is_raised() {
            let run = self.queue.pop_front()?;
            match self.claim(run) {
                Ok(Some(run)) => return Some(run),
                Ok(None) => {}
                Err(error) => self.pool.add_failure(WORKER, run, error.to_string()),
            }
        }
        None
    }

    fn observe(&mut self, row: &mut Row<RunSlot<'p>>) -> ControlFlow<()> {
        self.share_time(row);
        let context = &self.pool.context;
        let epochs = || row.states.iter().map(|state| state.progress.epoch);
        context.reporter.report(&Event::TrainingRow {
            worker: WORKER,
            batch_size: self.first.spec.train.batch_size,
            runs: row.states.len(),
            epochs: (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0)),
        });
        if context.interrupt.is_raised() {
            return ControlFlow::Break(());
        }
        if self.last_save.elapsed() >= context.options.checkpoint_interval {
            self.save_all(row);
        }
        ControlFlow::Continue(())
    }

    fn interrupted(&mut self, row: &Row<RunSlot<'p>>) {
        self.save_all(row);
    }

    fn finished(&mut self, slot: RunSlot<'p>, outcome: Outcome, loss: f64, weights: Weights) {
        // It may have to wait long for its measurement.
        if outcome.reason.has_minimum() {
            // Its training is over, so that no velocity is needed.
            let point = TrainingPoint::from(weights.clone());
            self.save(&slot, &outcome.progress, || Ok(point.into()));
        }
        if slot.claim.is_lost() {
            self.defer(slot.run);
            return;
        }
        let RunSlot { run, claim, seconds } = slot;
        let final_loss = Some(loss).filter(|loss| loss.is_finite());
        let trained = Some(Box::new(TrainedRun { outcome, final_loss, weights, seconds }));
        self.send_to_measurement(UnmeasuredRun { run, claim, trained });
    }
}

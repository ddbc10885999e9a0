//! Where the runs of a row come from and go to: the results folder.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::mpsc::Sender;
use std::time::Instant;

use super::super::checkpoint::{self, Checkpoint};
use super::super::claim::Claim;
use super::super::identity::{RunId, run_id};
use super::super::job::{JobError, Trained};
use super::super::pool::{POLL, Pool};
use super::super::progress::Event;
use super::measure::Work;
use crate::config::RunSpec;
use crate::net::{Weights, initial};
use crate::train::row::{NewRun, Row, RunSource};
use crate::train::{Outcome, Progress, Snapshot, StopReason};

/// What a run in a row holds on to.
pub struct Seat<'a> {
    pub spec: &'a RunSpec,
    pub id: RunId,
    pub claim: Claim,
    /// Its share of the seconds of training.
    seconds: f64,
}

/// The runs of one batch size.
pub struct Crew<'a, 'p> {
    pool: &'a Pool<'p>,
    first: &'a RunSpec,
    queue: VecDeque<&'a RunSpec>,
    /// Runs that other processes had when last looked at.
    elsewhere: VecDeque<&'a RunSpec>,
    asked: Instant,
    trained: Sender<Work<'a>>,
    clock: Instant,
    saved: Instant,
}

impl<'a, 'p> Crew<'a, 'p> {
    /// `queue` is not empty; what is trained goes to `trained`.
    pub fn new(
        pool: &'a Pool<'p>,
        queue: VecDeque<&'a RunSpec>,
        trained: &Sender<Work<'a>>,
    ) -> Self {
        let (now, first) = (Instant::now(), queue[0]);
        let (elsewhere, trained) = (VecDeque::new(), trained.clone());
        Self { pool, first, queue, elsewhere, asked: now, trained, clock: now, saved: now }
    }

    /// Whether runs are left that nobody is known to have finished.
    pub fn has_runs(&self) -> bool {
        !self.queue.is_empty() || !self.elsewhere.is_empty()
    }

    /// c of the loss.
    pub fn loss_factor(&self) -> f64 {
        self.first.loss.factor
    }

    /// Claims a run; `None` if it needs no training, or not here and now.
    fn seat(&mut self, spec: &'a RunSpec) -> Result<Option<NewRun<Seat<'a>>>, JobError> {
        let pool = self.pool;
        let id = run_id(spec, &pool.data.digest);
        let Some(claim) = pool.store.claim(&id)? else {
            pool.reporter.report(&Event::Elsewhere { worker: 0, spec });
            self.leave(spec);
            return Ok(None);
        };
        let folder = pool.store.run_folder(&id);
        if folder.join("record.json").exists() {
            self.pass_on(Work::Known { spec, claim });
            return Ok(None);
        }
        pool.reporter.report(&Event::Started { worker: 0, spec });
        let job = pool.job(0, spec, &claim);
        let (weights, progress, seconds) = match job.checkpoint(&folder, &id)? {
            Some(saved) => {
                (saved.engine.into_weights(&job.widths())?, Some(saved.progress), saved.seconds)
            }
            None => (initial(&job.widths(), &spec.model), None, 0.0),
        };
        let key = Seat { spec, id, claim, seconds };
        Ok(Some(NewRun { key, schedule: spec.train.clone(), weights, progress }))
    }

    /// Looks again later at a run that another process has, or leaves it to that.
    fn leave(&mut self, spec: &'a RunSpec) {
        if !self.pool.leaves_to_others() {
            self.elsewhere.push_back(spec);
        }
    }

    fn pass_on(&self, work: Work<'a>) {
        // The measurers listen as long as there is a sender.
        if self.trained.send(work).is_err() {
            tracing::warn!("a trained run could not be passed on");
        }
    }

    fn save(
        &self,
        seat: &Seat<'_>,
        progress: &Progress,
        weights: &Weights,
    ) -> Result<(), JobError> {
        // A diverging run has nothing worth going on from, and JSON has no word for NaN. A lost
        // claim's run is somebody else's.
        let lost = seat.claim.is_lost();
        if lost || !(progress.epoch_loss.is_finite() && progress.running_loss.is_finite()) {
            return Ok(());
        }
        let checkpoint = Checkpoint {
            progress: progress.clone(),
            engine: Snapshot::of_weights(weights),
            seconds: seat.seconds,
        };
        Ok(checkpoint::save(&self.pool.store.run_folder(&seat.id), &seat.id, &checkpoint)?)
    }

    fn save_all(&mut self, row: &Row<Seat<'a>>) {
        for (slot, state) in row.states.iter().enumerate() {
            let saved = row
                .network
                .weights(slot)
                .map_err(JobError::from)
                .and_then(|weights| self.save(&state.key, &state.progress, &weights));
            // A full disk now may be a free one when the run is finished; the run goes on.
            if let Err(error) = saved {
                tracing::warn!("run {}: its state could not be saved: {error}", state.key.id);
            }
        }
        self.saved = Instant::now();
    }

    fn share_time(&mut self, row: &mut Row<Seat<'a>>) {
        let share = self.clock.elapsed().as_secs_f64() / row.states.len().max(1) as f64;
        self.clock = Instant::now();
        row.states.iter_mut().for_each(|state| state.key.seconds += share);
    }
}

impl<'a> RunSource for Crew<'a, '_> {
    type Key = Seat<'a>;

    fn next_run(&mut self) -> Option<NewRun<Seat<'a>>> {
        if self.queue.is_empty() && self.asked.elapsed() >= POLL {
            self.asked = Instant::now();
            std::mem::swap(&mut self.queue, &mut self.elsewhere);
        }
        while !self.pool.interrupt.raised() {
            let spec = self.queue.pop_front()?;
            match self.seat(spec) {
                Ok(Some(run)) => return Some(run),
                Ok(None) => {}
                Err(error) => self.pool.failed(0, spec, error.to_string()),
            }
        }
        None
    }

    fn observe(&mut self, row: &mut Row<Seat<'a>>) -> ControlFlow<()> {
        self.share_time(row);
        let epochs = || row.states.iter().map(|state| state.progress.epoch);
        self.pool.reporter.report(&Event::TrainingRow {
            worker: 0,
            batch_size: self.first.train.batch_size,
            runs: row.states.len(),
            epochs: (epochs().min().unwrap_or(0), epochs().max().unwrap_or(0)),
        });
        if self.pool.interrupt.raised() {
            return ControlFlow::Break(());
        }
        if self.saved.elapsed() >= self.pool.options.checkpoint_interval {
            self.save_all(row);
        }
        ControlFlow::Continue(())
    }

    fn interrupted(&mut self, row: &Row<Seat<'a>>) {
        self.save_all(row);
    }

    fn finished(&mut self, seat: Seat<'a>, outcome: Outcome, loss: f64, weights: Weights) {
        // Its measurement may wait its turn for long.
        let is_minimum = outcome.reason != StopReason::Diverged;
        if is_minimum && let Err(error) = self.save(&seat, &outcome.progress, &weights) {
            tracing::warn!("run {}: its state could not be saved: {error}", seat.id);
        }
        if seat.claim.is_lost() {
            self.leave(seat.spec);
            return;
        }
        let Seat { spec, id, claim, seconds } = seat;
        let final_loss = Some(loss).filter(|loss| loss.is_finite());
        let trained = Trained { outcome, final_loss, weights, seconds };
        self.pass_on(Work::Trained { spec, id, claim, trained: Box::new(trained) });
    }
}

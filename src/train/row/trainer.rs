//! The epochs of a row: runs are added, trained together, and removed when they end.

use std::ops::ControlFlow;

use burn_tensor::Device;

use super::super::error::EngineError;
use super::super::progress::Outcome;
use super::super::stop::{StopReason, StopRule};
use super::capacity::CHUNK_SAMPLES;
use super::fastest::fastest_network;
use super::network::RowNetwork;
use super::row_state::{NewRun, RowState, add_runs};
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;
use crate::optimizer::Optimizer;

/// Supplies the runs of a row and receives the finished ones.
pub trait RunSource {
    /// The source's own data on a run.
    type Key;

    /// The next run, of the row's batch size and network; `None` if there is none now.
    fn next_run(&mut self) -> Option<NewRun<Self::Key>>;

    /// Called between steps, about once for a thousand samples of every run;
    /// [`ControlFlow::Break`] interrupts the row.
    fn observe(&mut self, row: &mut Row<Self::Key>) -> ControlFlow<()>;

    /// The row was interrupted with these runs unfinished.
    fn interrupted(&mut self, row: &Row<Self::Key>);

    /// A run reached its end at `weights`, with full-data loss `loss`.
    fn finished(&mut self, key: Self::Key, outcome: Outcome, loss: f64, weights: Weights);
}

/// How the training of a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// All runs have ended and the source has no other.
    Finished,
    /// The source interrupted.
    Interrupted,
}

/// The runs being trained, in the order of the network's slots.
pub struct Row<K> {
    pub states: Vec<RowState<K>>,
    pub network: RowNetwork,
}

/// Trains the runs of `source`, all with `optimizer`, on `device`, at most `capacity` at once, until it
/// has none left.
///
/// # Errors
/// The device failed.
pub fn train_row<S: RunSource>(
    data: &Dataset,
    loss: Loss,
    optimizer: Optimizer,
    device: &Device,
    capacity: usize,
    source: &mut S,
) -> Result<End, EngineError> {
    let network = fastest_network(data, loss, optimizer, device);
    let mut row = Row { states: Vec::new(), network };
    loop {
        row.remove_finished(source)?;
        match row.fill(capacity, source)? {
            Added::Some => continue,
            Added::None if row.states.is_empty() => return Ok(End::Finished),
            Added::None => {}
            Added::Interrupted => return Ok(End::Interrupted),
        }
        if row.epoch(source)?.is_break() {
            return Ok(End::Interrupted);
        }
    }
}

enum Added {
    None,
    Some,
    Interrupted,
}

impl<K> Row<K> {
    /// Removes the runs that have reached their end.
    fn remove_finished<S: RunSource<Key = K>>(
        &mut self,
        source: &mut S,
    ) -> Result<(), EngineError> {
        let infimum = self.network.loss_infimum();
        let reason = |state: &RowState<K>| state.progress.stop_reason(&state.stop_rule(infimum));
        let reasons: Vec<Option<StopReason>> = self.states.iter().map(reason).collect();
        let slots = |ended: bool| -> Vec<usize> {
            (0..reasons.len()).filter(|&slot| reasons[slot].is_some() == ended).collect()
        };
        let (ended, remaining) = (slots(true), slots(false));
        if ended.is_empty() {
            return Ok(());
        }
        let mut losses = self.network.loss(&ended)?.into_iter();
        let mut states = Vec::with_capacity(remaining.len());
        for (slot, state) in std::mem::take(&mut self.states).into_iter().enumerate() {
            let Some(reason) = reasons[slot] else {
                states.push(state);
                continue;
            };
            let (loss, weights) = (losses.next().unwrap_or(f64::NAN), self.network.weights(slot)?);
            source.finished(state.key, Outcome { reason, progress: state.progress }, loss, weights);
        }
        self.states = states;
        self.network.retain(&remaining);
        Ok(())
    }

    /// Adds runs up to `capacity`. Runs that were saved within an epoch first finish it by themselves.
    fn fill<S: RunSource<Key = K>>(
        &mut self,
        capacity: usize,
        source: &mut S,
    ) -> Result<Added, EngineError> {
        let free = capacity.saturating_sub(self.states.len());
        let mut new: Vec<_> = std::iter::from_fn(|| source.next_run()).take(free).collect();
        if new.is_empty() {
            return Ok(Added::None);
        }
        let position = |run: &NewRun<K>| run.progress.as_ref().map_or(0, |p| p.position);
        new.sort_by_key(position);
        while let Some(last) = new.last().map(position) {
            let first = new.partition_point(|run| position(run) < last);
            let group = new.split_off(first);
            if last == 0 {
                self.states.extend(add_runs(group, &mut self.network)?);
            } else if self.add_mid_epoch(group, source)?.is_break() {
                return Ok(Added::Interrupted);
            }
        }
        Ok(Added::Some)
    }

    /// Trains runs that were saved at the same position of an epoch to its end, and adds them.
    fn add_mid_epoch<S: RunSource<Key = K>>(
        &mut self,
        group: Vec<NewRun<K>>,
        source: &mut S,
    ) -> Result<ControlFlow<()>, EngineError> {
        let mut network = self.network.empty_like();
        let states = add_runs(group, &mut network)?;
        let mut part = Self { states, network };
        if part.epoch(source)?.is_break() {
            source.interrupted(self);
            return Ok(ControlFlow::Break(()));
        }
        let points: Result<Vec<_>, _> =
            (0..part.states.len()).map(|slot| part.network.point(slot)).collect();
        self.network.append_points(&points?);
        self.states.extend(part.states);
        Ok(ControlFlow::Continue(()))
    }

    /// Trains every run to the end of its epoch.
    fn epoch<S: RunSource<Key = K>>(
        &mut self,
        source: &mut S,
    ) -> Result<ControlFlow<()>, EngineError> {
        let samples = self.network.samples();
        let orders: Vec<Vec<u32>> = self.states.iter().map(|state| state.order(samples)).collect();
        let rates: Vec<f64> = self.states.iter().map(RowState::learning_rate).collect();
        let batch_size = self.states.first().map_or(1, |state| state.schedule.batch_size);
        let length = orders.first().map_or(0, Vec::len);
        let mut position = self.states.first().map_or(0, |state| state.progress.position);
        let chunk = batch_size * (CHUNK_SAMPLES / batch_size).max(1);
        while position < length {
            if source.observe(self).is_break() {
                source.interrupted(self);
                return Ok(ControlFlow::Break(()));
            }
            let end = (position + chunk).min(length);
            let parts: Vec<&[u32]> = orders.iter().map(|order| &order[position..end]).collect();
            let losses = self.network.steps(&parts, batch_size, &rates)?;
            for (state, loss) in self.states.iter_mut().zip(losses) {
                state.progress.epoch_loss += loss;
                state.progress.steps += (end - position).div_ceil(batch_size) as u64;
                state.progress.position = end;
            }
            position = end;
        }
        self.end_epoch(length, &rates)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Updates losses, streaks and histories after an epoch of `length` samples.
    fn end_epoch(&mut self, length: usize, rates: &[f64]) -> Result<(), EngineError> {
        let infimum = self.network.loss_infimum();
        let mut needed = Vec::new();
        for (slot, state) in self.states.iter_mut().enumerate() {
            let running = state.progress.end_epoch(length);
            if state.stop_rule(infimum).needs_loss(state.progress.epoch, running) {
                needed.push(slot);
            }
        }
        let mut losses = vec![None; self.states.len()];
        for (&slot, loss) in needed.iter().zip(self.network.loss(&needed)?) {
            losses[slot] = Some(loss);
        }
        for ((state, loss), &rate) in self.states.iter_mut().zip(losses).zip(rates) {
            let rule = StopRule::new(&state.schedule, infimum);
            state.progress.record_epoch(&rule, rate, loss);
        }
        Ok(())
    }
}

//! The epochs of a row: runs come, are trained together, and leave.

use burn::tensor::Device;

use super::super::engine::EngineError;
use super::super::stop::StopRule;
use super::super::trainer::{Outcome, Wish};
use super::capacity::CHUNK_SAMPLES;
use super::lane::{Entry, Lane, seat};
use super::network::RowNetwork;
use super::open::open;
use crate::data::Dataset;
use crate::net::Weights;

/// Who sends runs into a row and takes them back.
pub trait Company {
    /// What it knows a run by.
    type Key;

    /// A run for a free place, of the row's batch size and network; `None` if there is none now.
    fn next(&mut self) -> Option<Entry<Self::Key>>;

    /// Called between steps, about once for a thousand samples of every run.
    fn look(&mut self, row: &mut Row<Self::Key>) -> Wish;

    /// The row stops here, its runs unfinished.
    fn leave(&mut self, row: &Row<Self::Key>);

    /// A run reached its end at `weights`, with full-data loss `loss`.
    fn finished(&mut self, key: Self::Key, outcome: Outcome, loss: f64, weights: Weights);
}

/// How the training of a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every run that came reached its end, and no other came.
    Finished,
    /// The company interrupted.
    Interrupted,
}

/// The runs being trained, in the order of the network's slots.
pub struct Row<K> {
    pub lanes: Vec<Lane<K>>,
    pub network: RowNetwork,
}

/// Trains runs of `company` on `device`, at most `capacity` at once, with loss c‖f − y‖²,
/// c = `factor`, until it has none left.
///
/// # Errors
/// The device failed.
pub fn train_row<C: Company>(
    data: &Dataset,
    factor: f64,
    device: &Device,
    capacity: usize,
    company: &mut C,
) -> Result<End, EngineError> {
    let mut row = Row { lanes: Vec::new(), network: open(data, factor, device) };
    loop {
        row.dismiss(company)?;
        match row.admit(capacity, company)? {
            Admitted::Some => continue,
            Admitted::None if row.lanes.is_empty() => return Ok(End::Finished),
            Admitted::None => {}
            Admitted::Interrupted => return Ok(End::Interrupted),
        }
        if row.epoch(company)? == Wish::Interrupt {
            return Ok(End::Interrupted);
        }
    }
}

enum Admitted {
    None,
    Some,
    Interrupted,
}

impl<K> Row<K> {
    /// Sends the runs away that have reached their end.
    fn dismiss<C: Company<Key = K>>(&mut self, company: &mut C) -> Result<(), EngineError> {
        let verdicts: Vec<_> =
            self.lanes.iter().map(|lane| lane.progress.verdict(&lane.schedule)).collect();
        let slots = |ended: bool| -> Vec<usize> {
            (0..verdicts.len()).filter(|&slot| verdicts[slot].is_some() == ended).collect()
        };
        let (ended, staying) = (slots(true), slots(false));
        if ended.is_empty() {
            return Ok(());
        }
        let mut losses = self.network.loss(&ended)?.into_iter();
        let mut left = Vec::with_capacity(staying.len());
        for (slot, lane) in std::mem::take(&mut self.lanes).into_iter().enumerate() {
            let Some(reason) = verdicts[slot] else {
                left.push(lane);
                continue;
            };
            let (loss, weights) = (losses.next().unwrap_or(f64::NAN), self.network.weights(slot)?);
            company.finished(lane.key, Outcome { reason, progress: lane.progress }, loss, weights);
        }
        self.lanes = left;
        self.network.keep(&staying);
        Ok(())
    }

    /// Fills the free places. Runs that were saved within an epoch first finish it among themselves.
    fn admit<C: Company<Key = K>>(
        &mut self,
        capacity: usize,
        company: &mut C,
    ) -> Result<Admitted, EngineError> {
        let free = capacity.saturating_sub(self.lanes.len());
        let mut entries: Vec<_> = std::iter::from_fn(|| company.next()).take(free).collect();
        if entries.is_empty() {
            return Ok(Admitted::None);
        }
        let position = |entry: &Entry<K>| entry.progress.as_ref().map_or(0, |p| p.position);
        entries.sort_by_key(position);
        while let Some(last) = entries.last().map(position) {
            let first = entries.partition_point(|entry| position(entry) < last);
            let group = entries.split_off(first);
            if last == 0 {
                self.lanes.extend(seat(group, &mut self.network)?);
            } else if self.catch_up(group, company)? == Wish::Interrupt {
                return Ok(Admitted::Interrupted);
            }
        }
        Ok(Admitted::Some)
    }

    /// Trains runs that stand at one place within their epochs to the epochs' end, and takes them in.
    fn catch_up<C: Company<Key = K>>(
        &mut self,
        group: Vec<Entry<K>>,
        company: &mut C,
    ) -> Result<Wish, EngineError> {
        let mut network = self.network.sibling();
        let lanes = seat(group, &mut network)?;
        let mut part = Self { lanes, network };
        if part.epoch(company)? == Wish::Interrupt {
            company.leave(self);
            return Ok(Wish::Interrupt);
        }
        let weights: Result<Vec<_>, _> =
            (0..part.lanes.len()).map(|slot| part.network.weights(slot)).collect();
        self.network.join(&weights?);
        self.lanes.extend(part.lanes);
        Ok(Wish::Continue)
    }

    /// Trains every run to the end of its epoch.
    fn epoch<C: Company<Key = K>>(&mut self, company: &mut C) -> Result<Wish, EngineError> {
        let samples = self.network.samples();
        let orders: Vec<Vec<u32>> = self.lanes.iter().map(|lane| lane.order(samples)).collect();
        let rates: Vec<f64> = self.lanes.iter().map(Lane::rate).collect();
        let batch_size = self.lanes.first().map_or(1, |lane| lane.schedule.batch_size);
        let length = orders.first().map_or(0, Vec::len);
        let mut position = self.lanes.first().map_or(0, |lane| lane.progress.position);
        let chunk = batch_size * (CHUNK_SAMPLES / batch_size).max(1);
        while position < length {
            if company.look(self) == Wish::Interrupt {
                company.leave(self);
                return Ok(Wish::Interrupt);
            }
            let end = (position + chunk).min(length);
            let parts: Vec<&[u32]> = orders.iter().map(|order| &order[position..end]).collect();
            let losses = self.network.steps(&parts, batch_size, &rates)?;
            for (lane, loss) in self.lanes.iter_mut().zip(losses) {
                lane.progress.epoch_loss += loss;
                lane.progress.steps += (end - position).div_ceil(batch_size) as u64;
                lane.progress.position = end;
            }
            position = end;
        }
        self.close_epoch(length, &rates)?;
        Ok(Wish::Continue)
    }

    /// Losses, streaks, histories and verdicts after an epoch of `length` samples.
    fn close_epoch(&mut self, length: usize, rates: &[f64]) -> Result<(), EngineError> {
        let mut needed = Vec::new();
        for (slot, lane) in self.lanes.iter_mut().enumerate() {
            let running = lane.progress.close_epoch(length);
            let rule = StopRule::new(&lane.schedule, lane.progress.initial_loss);
            if rule.needs_loss(lane.progress.epoch, running) {
                needed.push(slot);
            }
        }
        let mut losses = vec![None; self.lanes.len()];
        for (&slot, loss) in needed.iter().zip(self.network.loss(&needed)?) {
            losses[slot] = Some(loss);
        }
        for ((lane, loss), &rate) in self.lanes.iter_mut().zip(losses).zip(rates) {
            lane.progress.note(&lane.schedule, rate, loss);
        }
        Ok(())
    }
}

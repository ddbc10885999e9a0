//! One run of a row.

use super::super::engine::EngineError;
use super::super::sampler::Sampler;
use super::super::trainer::Progress;
use super::super::warmup::learning_rate;
use super::network::RowNetwork;
use crate::config::Schedule;
use crate::net::Weights;

/// A run that wants a place in a row.
#[derive(Debug)]
pub struct Entry<K> {
    /// Whatever its owner knows it by.
    pub key: K,
    pub schedule: Schedule,
    pub weights: Weights,
    /// Where it was saved; `None` at its initial point.
    pub progress: Option<Progress>,
}

/// A run at its place.
#[derive(Debug)]
pub struct Lane<K> {
    pub key: K,
    pub schedule: Schedule,
    pub progress: Progress,
}

impl<K> Lane<K> {
    /// Sample indices of the current epoch, those of the same run trained alone.
    pub(super) fn order(&self, samples: usize) -> Vec<u32> {
        Sampler::new(&self.schedule, samples).order(self.progress.epoch)
    }

    /// η of the current epoch.
    pub(super) fn rate(&self) -> f64 {
        learning_rate(self.schedule.learning_rate, &self.schedule.warmup, self.progress.epoch)
    }
}

/// Puts `entries` into `network` and returns their lanes; new runs get their initial loss.
pub(super) fn seat<K>(
    entries: Vec<Entry<K>>,
    network: &mut RowNetwork,
) -> Result<Vec<Lane<K>>, EngineError> {
    let first = network.runs();
    let (weights, entries): (Vec<Weights>, Vec<_>) = entries
        .into_iter()
        .map(|entry| (entry.weights, (entry.key, entry.schedule, entry.progress)))
        .unzip();
    network.join(&weights);
    let slots: Vec<usize> = (first..network.runs()).collect();
    let is_new = |slot: &&usize| entries[**slot - first].2.is_none();
    let new: Vec<usize> = slots.iter().filter(is_new).copied().collect();
    let mut losses = network.loss(&new)?.into_iter();
    let lane = |(key, schedule, progress): (K, Schedule, Option<Progress>)| {
        let progress = match progress {
            Some(progress) => progress,
            None => Progress::start(losses.next().unwrap_or(f64::NAN)),
        };
        Lane { key, schedule, progress }
    };
    Ok(entries.into_iter().map(lane).collect())
}

//! The state of one run of a row.

use super::super::error::EngineError;
use super::super::progress::Progress;
use super::super::stop::StopRule;
use super::super::training_point::TrainingPoint;
use super::super::warmup::learning_rate;
use super::network::RowNetwork;
use crate::config::Schedule;
use crate::process::EpochSampler;

/// A run to be added to a row.
#[derive(Debug)]
pub struct NewRun<K> {
    /// The source's own data on the run.
    pub key: K,
    pub schedule: Schedule,
    /// Where it starts or goes on.
    pub point: TrainingPoint,
    /// What was done before, of a saved run; `None` at the initial point.
    pub progress: Option<Progress>,
}

/// A run that is being trained.
#[derive(Debug)]
pub struct RowState<K> {
    pub key: K,
    pub schedule: Schedule,
    pub progress: Progress,
}

impl<K> RowState<K> {
    /// Sample indices of the current epoch, those of the same run trained alone.
    pub(super) fn order(&self, samples: usize) -> Vec<u32> {
        let (settings, seed) = (self.schedule.batches(), self.schedule.seed);
        EpochSampler { settings, samples, seed }.order(self.progress.epoch)
    }

    /// The run's stop rule, for a loss with this infimum.
    pub(super) fn stop_rule(&self, infimum: f64) -> StopRule<'_> {
        StopRule::new(&self.schedule, infimum)
    }

    /// η of the current epoch.
    pub(super) fn learning_rate(&self) -> f64 {
        learning_rate(self.schedule.learning_rate, &self.schedule.warmup, self.progress.epoch)
    }
}

/// Adds `runs` to `network` and returns their states; a run without progress gets its initial loss.
pub(super) fn add_runs<K>(
    runs: Vec<NewRun<K>>,
    network: &mut RowNetwork,
) -> Result<Vec<RowState<K>>, EngineError> {
    let first = network.runs();
    let (points, runs): (Vec<TrainingPoint>, Vec<_>) =
        runs.into_iter().map(|run| (run.point, (run.key, run.schedule, run.progress))).unzip();
    network.append_points(&points);
    let slots: Vec<usize> = (first..network.runs()).collect();
    let is_new = |slot: &&usize| runs[**slot - first].2.is_none();
    let new: Vec<usize> = slots.iter().filter(is_new).copied().collect();
    let mut losses = network.loss(&new)?.into_iter();
    let state = |(key, schedule, progress): (K, Schedule, Option<Progress>)| {
        let progress = match progress {
            Some(progress) => progress,
            None => Progress::start(losses.next().unwrap_or(f64::NAN)),
        };
        RowState { key, schedule, progress }
    };
    Ok(runs.into_iter().map(state).collect())
}

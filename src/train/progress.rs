//! The state of a run apart from its weights.

use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::error::EngineError;
use super::history::{self, HistoryPoint};
use super::stop::{StopReason, StopRule};

/// The state of a run apart from its weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Epochs finished.
    pub epoch: u64,
    /// Samples of the current epoch that have been used.
    pub position: usize,
    /// Σ ℓ_i over them.
    pub epoch_loss: f64,
    /// SGD steps made.
    pub steps: u64,
    /// Consecutive converged epochs.
    pub streak: u64,
    /// Full-data loss of the initial point.
    pub initial_loss: f64,
    /// Mean sample loss of the last finished epoch.
    pub running_loss: f64,
    pub history: Vec<HistoryPoint>,
}

/// A finished run.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub reason: StopReason,
    pub progress: Progress,
}

impl Progress {
    /// The progress of a run at its initial point.
    ///
    /// # Errors
    /// The engine failed.
    pub fn begin(engine: &mut dyn Engine) -> Result<Self, EngineError> {
        Ok(Self::start(engine.loss()?))
    }

    /// The progress of a run at its initial point, where the full-data loss is `initial_loss`.
    pub fn start(initial_loss: f64) -> Self {
        let start = HistoryPoint {
            epoch: 0,
            step: 0,
            learning_rate: 0.0,
            running_loss: None,
            loss: Some(initial_loss),
        };
        Self {
            epoch: 0,
            position: 0,
            epoch_loss: 0.0,
            steps: 0,
            streak: 0,
            initial_loss,
            running_loss: initial_loss,
            history: vec![start],
        }
    }

    /// Ends an epoch of `length` samples and returns its running loss.
    pub(super) fn end_epoch(&mut self, length: usize) -> f64 {
        self.running_loss = self.epoch_loss / length as f64;
        self.epoch += 1;
        self.position = 0;
        self.epoch_loss = 0.0;
        self.running_loss
    }

    /// The reason to stop now: only between two epochs, or from a state that was saved there.
    pub(super) fn stop_reason(&self, rule: &StopRule<'_>) -> Option<StopReason> {
        let between_epochs = self.position == 0 && self.epoch > 0;
        let reason = || rule.reason(self.epoch, self.running_loss, self.initial_loss, self.streak);
        between_epochs.then(reason).flatten()
    }

    /// Records the full-data loss after an epoch at step size `rate`; returns the reason to stop.
    pub(super) fn record_epoch(
        &mut self,
        rule: &StopRule<'_>,
        rate: f64,
        loss: Option<f64>,
    ) -> Option<StopReason> {
        self.streak = rule.streak(self.streak, loss);
        let reason = self.stop_reason(rule);
        if reason.is_some() || history::is_recorded(self.epoch) {
            self.history.push(HistoryPoint {
                epoch: self.epoch,
                step: self.steps,
                learning_rate: rate,
                running_loss: Some(self.running_loss).filter(|loss| loss.is_finite()),
                loss,
            });
        }
        reason
    }
}

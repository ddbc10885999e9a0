//! When a run ends.

use serde::{Deserialize, Serialize};

use crate::config::Schedule;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The loss stayed below the tolerance.
    Converged,
    /// The last allowed epoch was reached.
    MaxEpochs,
    /// The loss grew too large or was NaN.
    Diverged,
}

impl StopReason {
    /// The word in the record.
    pub fn name(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::MaxEpochs => "max_epochs",
            Self::Diverged => "diverged",
        }
    }

    /// The words for it in reports and messages.
    pub fn description(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::MaxEpochs => "not converged",
            Self::Diverged => "diverged",
        }
    }

    /// Whether the run ended at weights that are worth measuring.
    pub fn has_minimum(self) -> bool {
        self != Self::Diverged
    }
}

/// An epoch whose running loss is above this many tolerances cannot count as converged, so its
/// full-data loss need not be computed.
const NEAR: f64 = 10.0;

/// The stop rule of \[M\] App. K: full-data loss below the tolerance for `patience` consecutive
/// epochs after the warm-up. The loss counts from its infimum.
#[derive(Debug, Clone)]
pub struct StopRule<'a> {
    schedule: &'a Schedule,
    infimum: f64,
}

impl<'a> StopRule<'a> {
    /// The rule of a run whose full-data loss has this infimum.
    pub fn new(schedule: &'a Schedule, infimum: f64) -> Self {
        Self { schedule, infimum }
    }

    /// The full-data loss below which an epoch counts as converged.
    pub fn threshold(&self) -> f64 {
        self.infimum + self.schedule.tolerance
    }

    /// Whether the full-data loss after `epoch` epochs can change the decision.
    pub fn needs_loss(&self, epoch: u64, running_loss: f64) -> bool {
        let near = self.infimum + NEAR * self.schedule.tolerance;
        epoch > self.schedule.warmup.epochs && running_loss < near
    }

    /// The new length of the streak of converged epochs.
    pub fn streak(&self, streak: u64, loss: Option<f64>) -> u64 {
        if loss.is_some_and(|loss| loss < self.threshold()) { streak + 1 } else { 0 }
    }

    /// Whether `epoch` is the last one allowed.
    pub fn is_last_epoch(&self, epoch: u64) -> bool {
        epoch >= self.schedule.max_epochs
    }

    /// The reason to stop after `epoch` epochs.
    pub fn reason(
        &self,
        epoch: u64,
        running_loss: f64,
        initial_loss: f64,
        streak: u64,
    ) -> Option<StopReason> {
        // Not `running_loss > limit`: that comparison is false for NaN.
        let bounded = running_loss <= self.schedule.divergence_factor * initial_loss;
        if !bounded {
            Some(StopReason::Diverged)
        } else if streak >= self.schedule.patience {
            Some(StopReason::Converged)
        } else if self.is_last_epoch(epoch) {
            Some(StopReason::MaxEpochs)
        } else {
            None
        }
    }
}

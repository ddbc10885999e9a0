//! When a run ends.

use serde::{Deserialize, Serialize};

use crate::config::Schedule;

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    /// The loss stayed below the tolerance.
    Converged,
    /// The last allowed epoch came first.
    MaxEpochs,
    /// The loss grew beyond all bounds or stopped being a number.
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
}

/// An epoch whose running loss is above this many tolerances cannot count as converged, so its
/// full-data loss need not be computed.
const NEAR: f64 = 10.0;

/// The stop rule of \[M\] App. K: full-data loss below the tolerance for `patience` consecutive
/// epochs after the warm-up.
#[derive(Debug, Clone)]
pub struct StopRule<'a> {
    schedule: &'a Schedule,
    initial_loss: f64,
}

impl<'a> StopRule<'a> {
    /// The rule of a run whose full-data loss began at `initial_loss`.
    pub fn new(schedule: &'a Schedule, initial_loss: f64) -> Self {
        Self { schedule, initial_loss }
    }

    /// Whether the full-data loss after `epoch` epochs decides anything.
    pub fn needs_loss(&self, epoch: u64, running_loss: f64) -> bool {
        epoch > self.schedule.warmup.epochs && running_loss < NEAR * self.schedule.tolerance
    }

    /// The new length of the streak of converged epochs.
    pub fn streak(&self, streak: u64, loss: Option<f64>) -> u64 {
        if loss.is_some_and(|loss| loss < self.schedule.tolerance) { streak + 1 } else { 0 }
    }

    /// The verdict after `epoch` epochs.
    pub fn verdict(&self, epoch: u64, running_loss: f64, streak: u64) -> Option<StopReason> {
        // Not `running_loss > limit`: that comparison is false for NaN.
        let bounded = running_loss <= self.schedule.divergence_factor * self.initial_loss;
        if !bounded {
            Some(StopReason::Diverged)
        } else if streak >= self.schedule.patience {
            Some(StopReason::Converged)
        } else if epoch >= self.schedule.max_epochs {
            Some(StopReason::MaxEpochs)
        } else {
            None
        }
    }
}

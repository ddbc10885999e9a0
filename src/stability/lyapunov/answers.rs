//! What almost-sure stability says of one minimum under one process, all in one place.

use serde::Serialize;

use super::decay::Decay;
use super::exponent::{Effort, LyapunovError, LyapunovExponent, lyapunov};
use super::factor::Factor;
use super::regularity::{Violation, violations};
use super::threshold::{AlmostSureThreshold, eta_as};
use crate::curvature::gram::Gram;
use crate::process::BatchProcess;

/// Width (relative) to which η*_as is sought.
pub const ETA_AS_TOLERANCE: f64 = 0.02;

/// One minimum, factorised once for all questions.
#[derive(Debug, Clone, Copy)]
pub struct Linearised<'g> {
    pub gram: &'g Gram,
    pub factor: &'g Factor,
    pub process: BatchProcess,
    /// What mean-square stability under the same process has proved.
    pub decay: Decay,
    pub effort: Effort,
}

/// λ at one step size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExponentAt {
    /// η.
    pub learning_rate: f64,
    #[serde(flatten)]
    pub exponent: LyapunovExponent,
    /// Why the minimum is not regular at η, so that the sign of λ need not decide (\[C\]).
    pub violations: Vec<Violation>,
}

impl Linearised<'_> {
    /// The same minimum under shuffled epochs, of which mean-square stability proves nothing.
    #[must_use]
    pub fn on_shuffled_epochs(self, batch_size: usize) -> Self {
        let decay = Decay::of_contractions(self.gram);
        Self { process: BatchProcess::shuffled(batch_size), decay, ..self }
    }

    /// λ(η) by simulation, its upper end being the smaller of the interval's and the proved one.
    ///
    /// # Errors
    /// Those of [`lyapunov`].
    pub fn exponent(&self, learning_rate: f64) -> Result<ExponentAt, LyapunovError> {
        let found = lyapunov(self.factor, self.process, learning_rate, self.effort)?;
        Ok(ExponentAt {
            learning_rate,
            exponent: found.bounded_above(self.decay.bound(learning_rate)),
            violations: violations(self.gram, learning_rate),
        })
    }

    /// η*_as to [`ETA_AS_TOLERANCE`].
    ///
    /// # Errors
    /// Those of [`eta_as`](fn@eta_as).
    pub fn eta_as(&self) -> Result<AlmostSureThreshold, LyapunovError> {
        let stable = self.decay.stable();
        eta_as(self.factor, self.process, stable, ETA_AS_TOLERANCE, self.effort)
    }
}

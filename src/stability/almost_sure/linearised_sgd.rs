//! Almost-sure stability of SGD at one minimum: exponents at step sizes, and the threshold.

use serde::Serialize;

use super::decay_bound::{DecayBound, largest_curvature};
use super::exponent::{ExponentOptions, LyapunovError, LyapunovExponent, lyapunov};
use super::regularity::{Violation, violations};
use super::threshold::{AlmostSureThreshold, Start, eta_as};
use crate::gram::Gram;
use crate::process::BatchProcess;
use crate::stability::linearised::{Dynamics, GramFactor};

/// Relative width of the interval of η*_as.
pub const ETA_AS_TOLERANCE: f64 = 0.02;

/// SGD linearised at one minimum, whose Gram matrix is factorised once for all step sizes.
#[derive(Debug, Clone, Copy)]
pub struct LinearisedSgd<'g> {
    pub gram: &'g Gram,
    pub factor: &'g GramFactor,
    pub dynamics: Dynamics,
    /// What mean-square stability under the same dynamics has proved.
    pub decay: DecayBound,
    pub options: ExponentOptions,
}

/// λ at one step size.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExponentAt {
    /// η.
    pub learning_rate: f64,
    #[serde(flatten)]
    pub exponent: LyapunovExponent,
    /// Why the minimum is not regular at η, where \[C\]'s theorems on the sign of λ do not apply.
    pub violations: Vec<Violation>,
}

impl LinearisedSgd<'_> {
    /// The same minimum under shuffled epochs, for which mean-square stability proves nothing.
    #[must_use]
    pub fn on_shuffled_epochs(self, batch_size: usize) -> Self {
        let dynamics = Dynamics { process: BatchProcess::shuffled(batch_size), ..self.dynamics };
        let decay = DecayBound::of_contractions(self.gram, dynamics.optimizer);
        Self { dynamics, decay, ..self }
    }

    /// λ(η) by simulation. The upper end is that of the interval or the proved bound, the smaller one.
    ///
    /// # Errors
    /// Those of [`lyapunov`].
    pub fn exponent(&self, learning_rate: f64) -> Result<ExponentAt, LyapunovError> {
        let found = lyapunov(self.factor, self.dynamics, learning_rate, self.options)?;
        Ok(ExponentAt {
            learning_rate,
            exponent: found.bounded_above(self.decay.bound(learning_rate)),
            violations: violations(self.gram, self.dynamics.optimizer, learning_rate),
        })
    }

    /// η*_as to within 2%.
    ///
    /// # Errors
    /// Those of [`eta_as`](fn@eta_as).
    pub fn eta_as(&self) -> Result<AlmostSureThreshold, LyapunovError> {
        let stable = self.decay.stable_step_size();
        let first = if self.dynamics.process.is_shuffled() { self.usual_start() } else { stable };
        let start = Start { stable, first: first.max(stable) };
        eta_as(self.factor, self.dynamics, start, ETA_AS_TOLERANCE, self.options)
    }

    /// (1 − m)·2/L with L = max λ_max(H_i): at most η*_var of independent single samples, and usually below η*_as.
    ///
    /// With momentum no smaller step size need be proved stable than some (1 − m)² of the edge, which would be far
    /// to search.
    fn usual_start(&self) -> f64 {
        let displacement = self.dynamics.optimizer.rule().linear_step(1.0).displacement();
        2.0 / (largest_curvature(self.gram) * displacement.abs())
    }
}

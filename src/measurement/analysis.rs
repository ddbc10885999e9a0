//! Results of the measurements at one minimum, as a record keeps them.

use serde::{Deserialize, Serialize};

use crate::stability::almost_sure::{AlmostSureThreshold, Violation};
use crate::stability::simulated_mean_square::SimulatedThreshold;

/// A quantity that was requested and could not be computed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    pub quantity: String,
    pub reason: String,
}

/// Curvature and thresholds at one minimum, for one step size and batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Full-data loss in double precision.
    pub loss: f64,
    /// Samples for which a hidden layer has no active unit (`NetworkPass::dead_samples`); `None` in records of earlier versions.
    #[serde(default)]
    pub dead_samples: Option<usize>,
    /// λ_1 of the Gauss–Newton Hessian; `None`, as the quantities below, if it could not be found:
    /// `missing` says why.
    pub sharpness_gn: Option<f64>,
    /// λ_max of the true Hessian.
    pub sharpness_hessian: Option<f64>,
    /// Tr H of the Gauss–Newton Hessian.
    pub trace: f64,
    /// The largest step size at which the full batch is stable: 2/λ_1 of plain SGD.
    pub eta_mean: Option<f64>,
    /// \[M\] (17).
    pub bound_17: Option<f64>,
    /// \[M\] (18); as (17) of other optimizers than plain SGD only with the exact threshold.
    pub bound_18: Option<f64>,
    /// Quantities that need the whole spectrum of G.
    pub mean_square: Option<MeanSquare>,
    /// Quantities that need simulation of the linearised process.
    #[serde(default, rename = "almost_sure")]
    pub simulated: Option<Simulated>,
    /// The leading eigenvalues of the Gauss–Newton Hessian, largest first: at most
    /// `analysis.spectrum`, and none without `analysis.thresholds`.
    #[serde(default)]
    pub spectrum: Vec<f64>,
    pub missing: Vec<Missing>,
}

impl Analysis {
    /// Whether `quantity` was requested and could not be computed.
    pub fn is_missing(&self, quantity: &str) -> bool {
        self.missing.iter().any(|missing| missing.quantity == quantity)
    }

    /// Drops what earlier versions recorded of a λ_1 that had not converged: its last iterate, and what
    /// was computed from it. They listed only λ_1 itself as missing.
    pub(crate) fn drop_unconverged(&mut self) {
        if self.is_missing("sharpness_gn") {
            (self.sharpness_gn, self.eta_mean, self.bound_17) = (None, None, None);
        }
    }
}

/// The exact mean-square threshold and related quantities, for batches of distinct samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanSquare {
    /// 2/η*_var: λ_max(C†D) of plain SGD, from the best Rayleigh quotient.
    pub generalized_sharpness: f64,
    /// Proved bounds.
    pub lower: f64,
    pub upper: Option<f64>,
    /// Whether the bounds are as close as requested by `analysis.tolerance`.
    pub converged: bool,
    /// η*_var = 2/(generalized sharpness).
    pub eta_var: f64,
    /// \[M\] (27).
    pub bound_27: f64,
    /// The one-step contraction bound, from above.
    pub one_step_upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    pub effective_rank: f64,
    /// λ_max(C†E) of \[M\] Prop 8.
    pub noise_sharpness: f64,
    /// σ of \[D\].
    pub coherence: f64,
    /// \[D\] Thm 1 on the scale of the generalized sharpness; for plain SGD only.
    pub dexter_bound: Option<f64>,
    /// Numerical rank of G.
    pub rank: usize,
    /// The smallest eigenvalue of H above rounding.
    #[serde(default)]
    pub smallest_curvature: f64,
}

/// Simulation of linearised SGD at a minimum: the Lyapunov exponent λ at the run's own η, the step size
/// at which λ changes its sign (η*_as), and the step size at which E‖θ‖² stops shrinking (η*_var).
///
/// Batches of an epoch are treated as independent, except in the quantities of shuffled epochs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    pub exponent: Option<Exponent>,
    /// λ of shuffled epochs, if the run had them.
    #[serde(default)]
    pub epoch_exponent: Option<Exponent>,
    pub eta_as: Option<AlmostSureThreshold>,
    /// η*_as of shuffled epochs.
    #[serde(default)]
    pub epoch_eta_as: Option<AlmostSureThreshold>,
    /// η*_var of shuffled epochs.
    #[serde(default)]
    pub epoch_eta_var: Option<SimulatedThreshold>,
}

/// λ(η, B) with its interval; units 1 per step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exponent {
    /// `None` is −∞: θ reached 0.
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Whether the interval contains 0.
    pub undecided: bool,
    /// Whether the growth rate had stopped changing.
    pub settled: bool,
    /// Why the minimum is not regular at η, so that the sign of λ need not decide stability.
    pub violations: Vec<Violation>,
}

//! A proved bound on λ below the mean-square threshold, where simulation cannot tell its sign.

use crate::gram::Gram;
use crate::optimizer::Optimizer;

/// What mean-square stability proves about the decay of linearised SGD with some optimizer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DecayBound {
    pub optimizer: Optimizer,
    /// An upper bound on the generalized sharpness λ_max(C†D), ∞ if none is known.
    pub generalized_sharpness: f64,
    /// The smallest nonzero eigenvalue of H.
    pub smallest_curvature: f64,
}

impl DecayBound {
    /// What holds for any sequence of batches, shuffled epochs among them: λ ≤ 0 at step sizes at which
    /// no step makes anything longer, in the norm of
    /// [`UpdateRule::contraction_sharpness`](crate::optimizer::UpdateRule::contraction_sharpness).
    pub fn of_contractions(gram: &Gram, optimizer: Optimizer) -> Self {
        let curvature = largest_curvature(gram);
        let generalized_sharpness = optimizer.rule().contraction_sharpness(curvature);
        Self { optimizer, generalized_sharpness, smallest_curvature: 0.0 }
    }

    /// An upper bound on λ at the step size η, ∞ where none is known.
    pub fn bound(self, step_size: f64) -> f64 {
        let Self { optimizer, generalized_sharpness, smallest_curvature } = self;
        optimizer.rule().exponent_bound(step_size, generalized_sharpness, smallest_curvature)
    }

    /// The largest step size known to be stable.
    pub fn stable_step_size(self) -> f64 {
        self.optimizer.rule().eta_var(self.generalized_sharpness)
    }
}

/// max_i λ_max(H_i).
pub(super) fn largest_curvature(gram: &Gram) -> f64 {
    let largest = |i| gram.sample_eigenvalues(i).last().copied().unwrap_or(f64::INFINITY);
    (0..gram.samples()).map(largest).fold(0.0, f64::max)
}

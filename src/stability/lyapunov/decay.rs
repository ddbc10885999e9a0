//! A proved bound on λ below the mean-square threshold, where simulation cannot tell its sign.

use faer::Side;

use crate::curvature::gram::Gram;

/// What mean-square stability knows about the decay of linearised SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// An upper bound on the generalized sharpness λ_max(C†D), ∞ if none is known.
    pub generalized_sharpness: f64,
    /// The smallest nonzero eigenvalue of H.
    pub smallest_curvature: f64,
}

impl Decay {
    /// What is known of any sequence of batches, shuffled epochs among them: at η ≤ 2/max λ_max(H_i)
    /// no step I − ηH_B, whose H_B is a mean of H_i, makes anything longer, so that λ ≤ 0. The
    /// eigenvalues of H_i are those of the q × q block G_ii.
    pub fn of_contractions(gram: &Gram) -> Self {
        let largest = |i| {
            let values = gram.block(i, i).self_adjoint_eigenvalues(Side::Lower);
            values.ok().and_then(|values| values.last().copied()).unwrap_or(f64::INFINITY)
        };
        let generalized_sharpness = (0..gram.samples()).map(largest).fold(0.0, f64::max);
        Self { generalized_sharpness, smallest_curvature: 0.0 }
    }

    /// ½ log(1 − η(2 − ημ)λ_min) ≥ λ for η < 2/μ, ∞ elsewhere; μ is the generalized sharpness.
    ///
    /// By Jensen's inequality λ ≤ ½ log ρ(Q(η)). Q(η) = I − 2ηC + η²D is self-adjoint and maps the
    /// positive semidefinite cone of the range of H into itself, so ρ(Q) = ⟨X, QX⟩ for some X ⪰ 0 of
    /// norm 1. There ⟨X, DX⟩ ≤ μ⟨X, CX⟩ (\[M\] Thm 5) and ⟨X, CX⟩ ≥ λ_min.
    pub fn bound(self, step_size: f64) -> f64 {
        let margin = 2.0 - step_size * self.generalized_sharpness;
        if margin > 0.0 {
            0.5 * (-step_size * margin * self.smallest_curvature).max(-1.0).ln_1p()
        } else {
            f64::INFINITY
        }
    }

    /// The largest step size known to be stable, 2/μ.
    pub fn stable(self) -> f64 {
        2.0 / self.generalized_sharpness
    }
}

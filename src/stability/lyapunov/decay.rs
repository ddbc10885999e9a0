//! A proved bound on λ below the mean-square threshold, where simulation cannot tell its sign.

/// What mean-square stability knows about the decay of linearised SGD.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Decay {
    /// An upper bound on the generalized sharpness λ_max(C†D), ∞ if none is known.
    pub generalized_sharpness: f64,
    /// The smallest nonzero eigenvalue of H.
    pub smallest_curvature: f64,
}

impl Decay {
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

//! The kernel by which mean-square stability couples eigenvalues.

use rayon::prelude::*;

use super::kind::Optimizer;
use super::rule::PencilTerm;
use super::terms::Terms;

/// κ of an optimizer for one (μ, α), with eigenvalues in units of λ_1.
#[derive(Debug, Clone, Copy)]
pub struct Kernel {
    optimizer: Optimizer,
    /// μ = 2/η > αλ_1.
    pub scale: f64,
    /// α; −1 for the noise operator E.
    pub alpha: f64,
}

impl Kernel {
    /// κ at the scale μ, of an optimizer in units of λ_1.
    pub fn new(optimizer: Optimizer, scale: f64, alpha: f64) -> Self {
        Self { optimizer, scale, alpha }
    }

    /// κ_ab.
    pub fn entry(self, a: f64, b: f64) -> f64 {
        self.optimizer.rule().kernel(self.scale, self.alpha, a, b)
    }

    /// Whether an entry takes no longer to evaluate than to read from memory.
    pub fn is_cheap(self) -> bool {
        self.optimizer.rule().has_additive_kernel()
    }

    /// λ_aλ_b/κ_ab.
    pub fn denominator(self, a: f64, b: f64) -> Terms {
        self.optimizer.rule().inverse_gramian(self.scale, a, b)
            + Terms::of((1.0 - self.alpha) * a * b)
    }

    /// See [`UpdateRule::pencil`](super::UpdateRule::pencil).
    pub fn pencil(self, a: f64, b: f64) -> Option<PencilTerm> {
        self.optimizer.rule().pencil(a, b)
    }

    /// η*_mean as a scale, for λ_1 = 1.
    pub fn full_batch_scale(self) -> f64 {
        2.0 / self.optimizer.rule().eta_mean(1.0)
    }

    /// The same with another α.
    #[must_use]
    pub fn with_alpha(self, alpha: f64) -> Self {
        Self { alpha, ..self }
    }

    /// The same at another scale.
    #[must_use]
    pub fn at(self, scale: f64) -> Self {
        Self { scale, ..self }
    }

    /// A bound on |∂κ/∂λ_a|, taken at all pairs of `eigenvalues`.
    pub fn steepness(self, eigenvalues: &[f64]) -> f64 {
        /// Of a central difference, relative to λ_a.
        const STEP: f64 = 1e-5;
        /// For what lies between the eigenvalues, and for the error of the difference.
        const SAFETY: f64 = 4.0;
        let of_pair = |a: f64, b: f64| {
            (self.entry(a * (1.0 + STEP), b) - self.entry(a * (1.0 - STEP), b)).abs()
                / (2.0 * STEP * a)
        };
        let of_row = |a: &f64| eigenvalues.iter().map(|b| of_pair(*a, *b)).fold(0.0, f64::max);
        SAFETY * eigenvalues.par_iter().map(of_row).reduce(|| 0.0, f64::max)
    }

    /// A bound on the error of an entry for any two of `eigenvalues`, in roundings of the entry; ∞ where some
    /// entry is not positive. Cancellation may make it large.
    pub fn roundings(self, eigenvalues: &[f64]) -> f64 {
        /// More than the operations behind any term, with those that combine the terms.
        const OPERATIONS: f64 = 64.0;
        if self.optimizer.rule().has_additive_kernel() {
            // The difference is at least (μ − α)/μ of its first term.
            return 8.0 * self.scale / (self.scale - self.alpha);
        }
        let condition = |(k, a): (usize, &f64)| {
            let of_pair = |b: &f64| self.denominator(*a, *b).condition();
            eigenvalues[..=k].iter().map(of_pair).fold(1.0, f64::max)
        };
        OPERATIONS * eigenvalues.par_iter().enumerate().map(condition).reduce(|| 1.0, f64::max)
    }
}

//! The kernel by which mean-square stability couples eigenvalues.

use super::kind::Optimizer;

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
    /// κ at the scale μ.
    pub fn new(optimizer: Optimizer, scale: f64, alpha: f64) -> Self {
        Self { optimizer, scale, alpha }
    }

    /// κ_ab.
    pub fn entry(self, a: f64, b: f64) -> f64 {
        self.optimizer.rule().kernel(self.scale, self.alpha, a, b)
    }

    /// A bound on the error of an entry, in roundings of the entry.
    pub fn roundings(self) -> f64 {
        self.optimizer.rule().kernel_roundings(self.scale, self.alpha)
    }
}

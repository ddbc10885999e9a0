//! The loss of a sample: how far the outputs f of the network are from its target y.
//!
//! ℓ(f, y) = c φ(f, y), with the factor c of the settings and a [`LossFunction`] φ. Its derivatives in
//! the outputs are written with a residual r and a root T,
//!
//! ∇ℓ = κ r, ∇²ℓ = κ TᵀT,
//!
//! so that with the Jacobian J_i of the outputs of sample i the rows of A_i = √κ T_i J_i are those of
//! the Gauss–Newton matrix H_i = A_iᵀA_i.
//!
//! | | φ | κ | r | T |
//! |---|---|---|---|---|
//! | [`Loss::squared`] | ‖f − y‖² | 2c | f − y | I |
//!
//! A new loss is one file that implements [`LossFunction`], and one constructor of [`Loss`].

mod function;
mod squared;

pub use function::LossFunction;
use squared::Squared;

/// A loss function and its factor.
#[derive(Debug, Clone, Copy)]
pub struct Loss {
    factor: f64,
    function: &'static dyn LossFunction,
}

impl Loss {
    /// c‖f − y‖², c = `factor`: the loss of \[M\] §4.
    pub fn squared(factor: f64) -> Self {
        Self { factor, function: &Squared }
    }

    /// c.
    pub fn factor(self) -> f64 {
        self.factor
    }

    /// κ.
    pub fn derivative_factor(self) -> f64 {
        self.function.derivative_factor() * self.factor
    }

    /// φ.
    pub fn function(self) -> &'static dyn LossFunction {
        self.function
    }

    /// The same loss with c rounded to single precision.
    pub fn in_single_precision(self) -> Self {
        Self { factor: f64::from(self.factor as f32), ..self }
    }

    /// The infimum of (1/n) Σ ℓ_i over all outputs, for the targets y_i of `outputs` numbers each.
    pub fn infimum(self, targets: &[f32], outputs: usize) -> f64 {
        self.factor * self.function.infimum(targets, outputs)
    }
}

//! What curvature needs of a network.

use std::fmt::Debug;

use faer::{Mat, MatRef};

/// All n samples passed through a network in double precision, and its derivatives in the parameters.
///
/// Vectors of parameters are those of the weights in PyTorch's order: layer by layer the weights row by
/// row, then the biases. J_i is the q × d Jacobian of the outputs of sample i.
pub trait NetworkPass: Debug + Sync {
    /// f(x_i), n × q.
    fn outputs(&self) -> MatRef<'_, f64>;

    /// d.
    fn parameters(&self) -> usize;

    /// Samples in which some hidden layer has σ' = 0 in every unit. Only the biases behind that layer
    /// respond to them: no gradient of theirs reaches what is before it, and all of them have the same
    /// output.
    fn dead_samples(&self) -> usize;

    /// Σ_i J_iᵀδ_i for the rows δ_i of `delta`, n × q.
    fn pull_back(&self, delta: Mat<f64>) -> Vec<f64>;

    /// Σ_i ‖J_iᵀδ_i‖².
    fn squared_norms(&self, delta: Mat<f64>) -> f64;

    /// κ (T J)(T J)ᵀ for the roots T_i one below the other, n·r × q; symmetric of side n·r.
    fn gram(&self, roots: Mat<f64>, kappa: f64) -> Mat<f64>;

    /// Products with the Hessian of Σ_i ℓ_i, whose gradients in the outputs are the rows of `delta`.
    fn hessian_product<'a>(&'a self, delta: Mat<f64>) -> Box<dyn HessianProduct + 'a>;
}

/// v ↦ ∇²(Σ ℓ_i) v at one point.
pub trait HessianProduct: Debug + Sync {
    /// Writes the product with `v` to `into`; `output_hessian` multiplies the rows of an n × q matrix by
    /// the Hessians ∇²ℓ_i in the outputs.
    fn apply(&self, v: &[f64], output_hessian: &dyn Fn(Mat<f64>) -> Mat<f64>, into: &mut [f64]);
}

//! What training and analysis need of a loss.

use std::fmt::Debug;

use burn_tensor::Tensor;
use faer::{Mat, MatRef};

/// φ in ℓ = c φ, with ∇φ = a r and ∇²φ = a TᵀT, κ = a c; see [the module](super).
///
/// Matrices have one row for each sample: n × q.
pub trait LossFunction: Debug + Send + Sync {
    /// a.
    fn derivative_factor(&self) -> f64;

    /// The infimum of (1/n) Σ φ over all outputs; a run has converged once its loss is within the
    /// tolerance of it.
    fn infimum(&self, targets: &[f32], outputs: usize) -> f64;

    /// Whether this is the squared error, which the GPU kernels of small batches have built in.
    fn is_squared(&self) -> bool {
        false
    }

    /// Σ φ over the samples `[batch, q]`, for automatic differentiation.
    fn tensor_sum(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1>;

    /// Σ φ and r of R networks, `[R]` and `[R, batch, q]`; the targets may be the same for all,
    /// `[1, batch, q]`.
    fn batched(&self, outputs: Tensor<3>, targets: Tensor<3>) -> (Tensor<1>, Tensor<3>);

    /// Turns outputs, q for each of `targets`, into r; returns Σ φ.
    fn residuals_in_place(
        &self,
        outputs: &mut [f32],
        targets: &mut dyn Iterator<Item = &[f32]>,
    ) -> f64;

    /// Σ φ.
    fn sum(&self, outputs: MatRef<'_, f64>, targets: MatRef<'_, f64>) -> f64;

    /// r.
    fn residuals(&self, outputs: MatRef<'_, f64>, targets: MatRef<'_, f64>) -> Mat<f64>;

    /// Rows of T for q = `outputs`.
    fn root_rows(&self, outputs: usize) -> usize;

    /// T_1, …, T_n, one below the other.
    fn roots(&self, outputs: MatRef<'_, f64>) -> Mat<f64>;

    /// The rows Tᵢᵀu_i for the rows u_i.
    fn apply_transposed_roots(&self, outputs: MatRef<'_, f64>, rows: Mat<f64>) -> Mat<f64>;

    /// The rows TᵢᵀTᵢ v_i for the rows v_i.
    fn apply_curvature(&self, outputs: MatRef<'_, f64>, rows: Mat<f64>) -> Mat<f64>;
}

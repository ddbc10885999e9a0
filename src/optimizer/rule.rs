//! What the rest of the code asks of an optimizer.

use faer::Mat;

use super::state::{LinearGradient, State};

/// The step of an optimizer and its stability at an interpolating minimum.
pub trait UpdateRule {
    /// η*_mean: the largest step size at which the full batch is stable where λ_1 = `sharpness`.
    fn eta_mean(&self, sharpness: f64) -> f64;

    /// η*_var, the mean-square threshold, for the given generalized sharpness.
    ///
    /// It is the scale μ at which the block map of `stability::solver`, made of the
    /// [kernel](UpdateRule::kernel), has spectral radius 1.
    fn eta_var(&self, generalized_sharpness: f64) -> f64 {
        2.0 / generalized_sharpness
    }

    /// The generalized sharpness at which `step_size` is the mean-square threshold: the curve 2/η that
    /// figures draw.
    fn edge(&self, step_size: f64) -> f64 {
        2.0 / step_size
    }

    /// `generalized_sharpness` over the [edge](UpdateRule::edge): 1 at the threshold, less where SGD is
    /// stable.
    fn fraction_of_edge(&self, generalized_sharpness: f64, step_size: f64) -> f64 {
        generalized_sharpness * step_size / 2.0
    }

    /// The s for which no step at η ≤ 2/s lengthens the [`State`], whichever samples are drawn, where no
    /// λ_max(H_i) exceeds `curvature`; ∞ if no step size does that.
    fn contraction_sharpness(&self, curvature: f64) -> f64;

    /// An upper bound on the Lyapunov exponent of linearised SGD with independent batches, from a bound on
    /// the generalized sharpness and the smallest nonzero eigenvalue of H; ∞ where none is known.
    fn exponent_bound(
        &self,
        step_size: f64,
        generalized_sharpness: f64,
        smallest_curvature: f64,
    ) -> f64;

    /// κ_ab = 1/(1/(η²λ_aλ_b g_ab) + 1 − α) of two eigenvalues of H at the scale μ = 2/η.
    ///
    /// g_ab = Σ_k h_a(k)h_b(k), where h_a(k) is the displacement along eigenvector a, k full-batch steps after
    /// a unit impulse: the noise of all earlier steps adds up to η² g_ab times that of one step.
    fn kernel(&self, scale: f64, alpha: f64, a: f64, b: f64) -> f64;

    /// Whether 1/κ_ab = μ(1/λ_a + 1/λ_b)/2 − α; sums of exponentials and devices require it.
    fn has_additive_kernel(&self) -> bool;

    /// A bound on the error of [`UpdateRule::kernel`], in roundings of the result. Cancellation may make it
    /// large.
    fn kernel_roundings(&self, scale: f64, alpha: f64) -> f64;

    /// The second moment E θθᵀ after one step, in the eigenbasis of H, from X before it and
    /// D(X) = α HXH + (β/n) Σ H_iXH_i.
    fn next_second_moment(
        &self,
        x: &Mat<f64>,
        noise: &Mat<f64>,
        eigenvalues: &[f64],
        step_size: f64,
    ) -> Mat<f64>;

    /// One step of linearised SGD.
    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient);
}

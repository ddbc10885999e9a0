//! What the rest of the code asks of an optimizer.

use super::linear_step::LinearStep;
use super::state::{LinearGradient, State};
use super::terms::Terms;

/// λ_aλ_b/κ_ab = μ·slope + constant + (1 − α)λ_aλ_b, where this is affine in the scale μ = 2/η.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PencilTerm {
    pub slope: f64,
    pub constant: f64,
}

/// The step of an optimizer and its stability at an interpolating minimum.
///
/// The displacement along eigenvector a of H, k full-batch steps after a unit impulse, is h_a(k), and
/// g_ab = Σ_k h_a(k)h_b(k): the noise of all earlier steps adds up to η²g_ab times that of one step.
pub trait UpdateRule {
    /// Its name and settings in a few words, as `heavy ball, m = 0.9`.
    fn description(&self) -> String;

    /// η*_mean: the largest step size at which the full batch is stable where λ_1 = `sharpness`.
    fn eta_mean(&self, sharpness: f64) -> f64;

    /// The λ_1 at which `step_size` is η*_mean: the curve beside λ_max in figures.
    fn full_batch_edge(&self, step_size: f64) -> f64;

    /// [`UpdateRule::full_batch_edge`] as a formula of η, m and w, where there is a short one.
    fn full_batch_edge_formula(&self) -> &'static str {
        "full-batch edge"
    }

    /// η*_var, the mean-square threshold, for the given generalized sharpness.
    ///
    /// It is the scale μ at which the block map of `stability::solver`, made of the kernel
    /// κ_ab = 1/(1/(η²λ_aλ_bg_ab) + 1 − α), has spectral radius 1.
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

    /// The s for which no step at η ≤ 2/s lengthens the [`State`] in some fixed quadratic norm, whichever samples
    /// are drawn, where no λ_max(H_i) exceeds `curvature`.
    ///
    /// With momentum it is the circle criterion: H_B is between 0 and L = `curvature` at every step, and θ answers
    /// to the gradient by a transfer function −ηF(z). If 1 + ηL Re F > 0 on the unit circle, then the
    /// Kalman–Yakubovich–Popov lemma gives the norm.
    fn contraction_sharpness(&self, curvature: f64) -> f64;

    /// c of the (c/2)‖θ‖² that the optimizer adds to the loss: it comes to rest where ∇L + cθ = 0.
    fn penalty(&self) -> f64 {
        0.0
    }

    /// An upper bound on the Lyapunov exponent of linearised SGD with independent batches, from a bound on
    /// the generalized sharpness and the smallest nonzero eigenvalue of H; ∞ where none is known.
    ///
    /// By Jensen's inequality λ ≤ ½ log ρ of the second moment's growth per step, which is below 0 where it is
    /// stable in mean square. Where no rate is known the bound is the normal number closest to 0 from below.
    fn exponent_bound(
        &self,
        step_size: f64,
        generalized_sharpness: f64,
        _smallest_curvature: f64,
    ) -> f64 {
        if step_size * generalized_sharpness < 2.0 { -f64::MIN_POSITIVE } else { f64::INFINITY }
    }

    /// 1/(η²g_ab) of two eigenvalues of H at the scale μ = 2/η.
    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms;

    /// 1/(η²g_ab) as an affine function of μ, if it is one. The mean-square threshold is then an eigenvalue of
    /// a pencil; the step sizes below it are exactly the stable ones.
    fn pencil(&self, a: f64, b: f64) -> Option<PencilTerm>;

    /// κ_ab = λ_aλ_b/(1/(η²g_ab) + (1 − α)λ_aλ_b).
    ///
    /// Certificates require that for 0 ≤ α ≤ 1 and η < η*_mean it is a positive semidefinite kernel that rises
    /// with η.
    fn kernel(&self, scale: f64, alpha: f64, a: f64, b: f64) -> f64 {
        let rest = Terms::of((1.0 - alpha) * a * b);
        a * b / (self.inverse_gramian(scale, a, b) + rest).value()
    }

    /// Whether 1/κ_ab = μ(1/λ_a + 1/λ_b)/2 − α; sums of exponentials and devices require it.
    fn has_additive_kernel(&self) -> bool {
        false
    }

    /// One full-batch step as a matrix, and where the gradient enters.
    fn linear_step(&self, step_size: f64) -> LinearStep;

    /// One step of linearised SGD.
    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient);
}

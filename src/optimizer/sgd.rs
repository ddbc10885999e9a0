//! Plain SGD: θ ← θ − η g.

use burn_tensor::Tensor;

use super::linear_step::LinearStep;
use super::rule::{PencilTerm, UpdateRule};
use super::state::{LinearGradient, State};
use super::terms::Terms;

/// θ ← θ − η g of the batch's mean gradient g.
#[derive(Debug, Clone, Copy)]
pub struct Sgd;

impl UpdateRule for Sgd {
    fn description(&self) -> String {
        "plain SGD".to_owned()
    }

    /// \[M\] Thm 1.
    fn eta_mean(&self, sharpness: f64) -> f64 {
        2.0 / sharpness
    }

    fn full_batch_edge_formula(&self) -> &'static str {
        "2/η"
    }

    /// 2/η.
    fn full_batch_edge(&self, step_size: f64) -> f64 {
        2.0 / step_size
    }

    /// A step is I − ηH_B, and H_B is a mean of H_i.
    fn contraction_sharpness(&self, curvature: f64) -> f64 {
        curvature
    }

    /// ½ log(1 − η(2 − ημ)λ_min) for η < 2/μ, where μ is the generalized sharpness.
    ///
    /// By Jensen's inequality λ ≤ ½ log ρ(Q(η)). Q(η) = I − 2ηC + η²D is self-adjoint and maps the
    /// positive semidefinite cone of the range of H into itself, so ρ(Q) = ⟨X, QX⟩ for some X ⪰ 0 of
    /// norm 1. There ⟨X, DX⟩ ≤ μ⟨X, CX⟩ (\[M\] Thm 5) and ⟨X, CX⟩ ≥ λ_min.
    fn exponent_bound(
        &self,
        step_size: f64,
        generalized_sharpness: f64,
        smallest_curvature: f64,
    ) -> f64 {
        let margin = 2.0 - step_size * generalized_sharpness;
        if margin > 0.0 {
            0.5 * (-step_size * margin * smallest_curvature).max(-1.0).ln_1p()
        } else {
            f64::INFINITY
        }
    }

    /// 1/(μ(1/λ_a + 1/λ_b)/2 − α): the inverse of the pencil's part μC − αH⊗H (\[M\] Thm 5).
    fn kernel(&self, scale: f64, alpha: f64, a: f64, b: f64) -> f64 {
        2.0 * a * b / (scale * (a + b) - 2.0 * alpha * a * b)
    }

    fn has_additive_kernel(&self) -> bool {
        true
    }

    /// μ(λ_a + λ_b)/2 − λ_aλ_b.
    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms {
        Terms::of(0.5 * scale * (a + b)) + Terms::of(-a * b)
    }

    fn pencil(&self, a: f64, b: f64) -> Option<PencilTerm> {
        Some(PencilTerm { slope: 0.5 * (a + b), constant: -a * b })
    }

    fn linear_step(&self, step_size: f64) -> LinearStep {
        LinearStep {
            components: 1,
            constant: [[1.0, 0.0], [0.0, 0.0]],
            gradient: [-step_size, 0.0],
        }
    }

    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient) {
        gradient.evaluate(state.position());
        gradient.add_to(-step_size, state.position_mut());
    }
}

/// θ − η g.
pub(super) fn tensor_step<const D: usize>(
    parameter: Tensor<D>,
    gradient: Tensor<D>,
    learning_rate: f64,
) -> Tensor<D> {
    parameter - gradient.mul_scalar(learning_rate)
}

//! Plain SGD: θ ← θ − η g.

use burn_tensor::Tensor;
use faer::Mat;

use super::rule::UpdateRule;
use super::state::{LinearGradient, State};

/// θ ← θ − η g of the batch's mean gradient g.
#[derive(Debug, Clone, Copy)]
pub struct Sgd;

impl UpdateRule for Sgd {
    /// \[M\] Thm 1.
    fn eta_mean(&self, sharpness: f64) -> f64 {
        2.0 / sharpness
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

    /// The difference is at least (μ − α)/μ of its first term.
    fn kernel_roundings(&self, scale: f64, alpha: f64) -> f64 {
        8.0 * scale / (scale - alpha)
    }

    /// Q(η)(X) = E[(I − ηH_B) X (I − ηH_B)] = X − η(HX + XH) + η² D(X) (\[M\] §3).
    fn next_second_moment(
        &self,
        x: &Mat<f64>,
        noise: &Mat<f64>,
        eigenvalues: &[f64],
        step_size: f64,
    ) -> Mat<f64> {
        Mat::from_fn(x.nrows(), x.ncols(), |a, b| {
            let decay = 1.0 - step_size * (eigenvalues[a] + eigenvalues[b]);
            decay * x[(a, b)] + step_size * step_size * noise[(a, b)]
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// h_a(k) = (1 − ηa)^k.
    #[test]
    fn the_kernel_is_that_of_the_impulse_response() {
        let (step_size, alpha) = (0.3, 0.4);
        for (a, b) in [(1.0, 1.0), (0.7, 0.02), (3.0, 0.5)] {
            let gramian = 1.0 / (1.0 - (1.0 - step_size * a) * (1.0 - step_size * b));
            let expected = 1.0 / (1.0 / (step_size * step_size * a * b * gramian) + 1.0 - alpha);
            let found = Sgd.kernel(2.0 / step_size, alpha, a, b);
            assert!((found / expected - 1.0).abs() < 1e-14, "{a} {b}: {found} {expected}");
        }
    }
}

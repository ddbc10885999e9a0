//! Heavy-ball momentum with decoupled weight decay: v ← m v + g, θ ← (1 − ηw)θ − η v.

use burn_tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::heavy_ball::{advanced, with_settings};
use super::linear_step::LinearStep;
use super::rule::{PencilTerm, UpdateRule};
use super::state::{LinearGradient, State};
use super::terms::Terms;
use super::two_step::inverse_gramian;

/// SGDW (Loshchilov & Hutter, ICLR 2019).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct DecoupledDecay {
    /// m in (0, 1).
    pub momentum: f64,
    /// w > 0.
    pub weight_decay: f64,
}

impl UpdateRule for DecoupledDecay {
    fn description(&self) -> String {
        let Self { momentum, weight_decay } = *self;
        with_settings("heavy ball", momentum, ("decoupled weight decay", weight_decay))
    }

    /// The η with η(λ_1 + (1 + m)w) = 2(1 + m).
    fn eta_mean(&self, sharpness: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        2.0 * (1.0 + m) / (sharpness + (1.0 + m) * w)
    }

    fn full_batch_edge_formula(&self) -> &'static str {
        "(1 + m)(2/η − w)"
    }

    /// 2(1 + m)/η − (1 + m)w.
    fn full_batch_edge(&self, step_size: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        (1.0 + m) * (2.0 / step_size - w)
    }

    /// F = z/((z − a)(z − m)) = (a/(z − a) − m/(z − m))/(a − m) with a = 1 − ηw. For a > m its real part on the
    /// circle is at least −(1 + m)/(2(1 − m)(a − m)), so that η(L(1 + m)/(1 − m) + 2w) < 2(1 − m) is enough.
    fn contraction_sharpness(&self, curvature: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        (curvature * (1.0 + m) / (1.0 - m) + 2.0 * w) / (1.0 - m)
    }

    /// v = g/(1 − m) at rest, so that wθ + g/(1 − m) = 0.
    fn penalty(&self) -> f64 {
        (1.0 - self.momentum) * self.weight_decay
    }

    /// 1/(η²g_ab) with the damping d = m(1 − ηw) and e_a = η(λ_a + (1 − m)w).
    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms {
        let Self { momentum: m, weight_decay: w } = *self;
        let step_size = 2.0 / scale;
        let shift = (1.0 - m) * w;
        inverse_gramian(m * (1.0 - step_size * w), step_size * (a + shift), step_size * (b + shift))
            .scaled(1.0 / (step_size * step_size))
    }

    fn pencil(&self, _a: f64, _b: f64) -> Option<PencilTerm> {
        None
    }

    fn linear_step(&self, step_size: f64) -> LinearStep {
        let Self { momentum: m, weight_decay: w } = *self;
        LinearStep {
            components: 2,
            constant: [[1.0 - step_size * w, -m], [0.0, m]],
            gradient: [-step_size, step_size],
        }
    }

    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient) {
        gradient.evaluate(state.position());
        let Self { momentum: m, weight_decay: w } = *self;
        let kept = 1.0 - step_size * w;
        let (position, velocity) = state.parts_mut();
        velocity.iter_mut().for_each(|u| *u *= m);
        gradient.add_to(step_size, velocity);
        position.iter_mut().zip(&*velocity).for_each(|(x, u)| *x = kept * *x - u);
    }
}

impl DecoupledDecay {
    /// θ and v after one step.
    pub(super) fn tensor_step<const D: usize>(
        self,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
        learning_rate: f64,
    ) -> (Tensor<D>, Option<Tensor<D>>) {
        let Self { momentum, weight_decay } = self;
        let kept = parameter.mul_scalar(1.0 - learning_rate * weight_decay);
        let velocity = advanced(velocity, gradient, momentum);
        (kept - velocity.clone().mul_scalar(learning_rate), Some(velocity))
    }
}

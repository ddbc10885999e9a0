//! Nesterov's momentum with coupled weight decay: v ← m v + g + wθ, θ ← θ − η(g + wθ + m v).

use burn_tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::heavy_ball::{advanced, decayed, with_settings};
use super::linear_step::LinearStep;
use super::rule::{PencilTerm, UpdateRule};
use super::state::{LinearGradient, State};
use super::terms::Terms;

/// `torch.optim.SGD` with `nesterov=True`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Nesterov {
    /// m in (0, 1).
    pub momentum: f64,
    /// w ≥ 0.
    pub weight_decay: f64,
}

impl UpdateRule for Nesterov {
    fn description(&self) -> String {
        let Self { momentum, weight_decay } = *self;
        with_settings("Nesterov", momentum, ("weight decay", weight_decay))
    }

    /// 2(1 + m)/((1 + 2m)(λ_1 + w)).
    fn eta_mean(&self, sharpness: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        2.0 * (1.0 + m) / ((1.0 + 2.0 * m) * (sharpness + w))
    }

    fn full_batch_edge_formula(&self) -> &'static str {
        if self.weight_decay > 0.0 {
            "2(1 + m)/((1 + 2m)η) − w"
        } else {
            "2(1 + m)/((1 + 2m)η)"
        }
    }

    /// 2(1 + m)/((1 + 2m)η) − w.
    fn full_batch_edge(&self, step_size: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        2.0 * (1.0 + m) / ((1.0 + 2.0 * m) * step_size) - w
    }

    /// F = ((1 + m)z − m)/((z − 1)(z − m)) = (1/(z − 1) − m²/(z − m))/(1 − m), whose real part on the circle is at
    /// least −(1 − m + 2m²)/(2(1 − m)²).
    fn contraction_sharpness(&self, curvature: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        (curvature + w) * (1.0 - m + 2.0 * m * m) / ((1.0 - m) * (1.0 - m))
    }

    fn penalty(&self) -> f64 {
        self.weight_decay
    }

    /// 1/(η²g_ab) with g_ab = p/q, where x = η(λ_a + w), y = η(λ_b + w), s = x + y, t = xy and
    ///   p = 1 − m² + m(1 + m − m²)s + m²(1 + 2m)t,
    ///   q = (1 − m)²(1 + m)s + m(1 + m − m²)(x − y)² − (1 − 4m − 3m² + 6m³)t
    ///       + (2m²(1 + 2m) − m(1 + m)²)st − m²(1 + 2m)t².
    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms {
        let Self { momentum: m, weight_decay: w } = *self;
        let step_size = 2.0 / scale;
        let (a, b) = (a + w, b + w);
        let (sum, product) = (a + b, a * b);
        let (s, t) = (step_size * sum, step_size * step_size * product);
        let mixed = m * (1.0 + m - m * m);
        let square = m * m * (1.0 + 2.0 * m);
        let p = (1.0 - m) * (1.0 + m) + mixed * s + square * t;
        let first = (1.0 - m) * (1.0 - m) * (1.0 + m) * sum / step_size;
        // Of ½(1 ± m)-like factors with terms of either sign, each polynomial in m counts term by term.
        let product_terms =
            Terms { positive: 4.0 * m + 3.0 * m * m, negative: 1.0 + 6.0 * m * m * m };
        let cubic = Terms { positive: 2.0 * square, negative: m * (1.0 + m) * (1.0 + m) };
        let q = Terms::of(first)
            + Terms::of(mixed * (a - b) * (a - b))
            + product_terms.scaled(product)
            + cubic.scaled(s * product)
            + Terms::of(-square * t * product);
        q.scaled(1.0 / p)
    }

    fn pencil(&self, _a: f64, _b: f64) -> Option<PencilTerm> {
        None
    }

    fn linear_step(&self, step_size: f64) -> LinearStep {
        let Self { momentum: m, weight_decay: w } = *self;
        let forward = (1.0 + m) * step_size;
        LinearStep {
            components: 2,
            constant: [[1.0 - forward * w, -m * m], [step_size * w, m]],
            gradient: [-forward, step_size],
        }
    }

    /// With u' = m u + ηg the position moves by −ηg − m u' = m u − (1 + m)u'.
    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient) {
        gradient.evaluate(state.position());
        let Self { momentum: m, weight_decay: w } = *self;
        let (position, velocity) = state.parts_mut();
        for (u, x) in velocity.iter_mut().zip(position.iter_mut()) {
            let (before, at) = (m * *u, *x);
            *u = before + step_size * w * at;
            *x = at + before;
        }
        gradient.add_to(step_size, velocity);
        position.iter_mut().zip(&*velocity).for_each(|(x, u)| *x -= (1.0 + m) * u);
    }
}

impl Nesterov {
    /// θ and v after one step.
    pub(super) fn tensor_step<const D: usize>(
        self,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
        learning_rate: f64,
    ) -> (Tensor<D>, Option<Tensor<D>>) {
        let Self { momentum, weight_decay } = self;
        let gradient = decayed(gradient, &parameter, weight_decay);
        let velocity = advanced(velocity, gradient.clone(), momentum);
        let direction = gradient + velocity.clone().mul_scalar(momentum);
        (parameter - direction.mul_scalar(learning_rate), Some(velocity))
    }
}

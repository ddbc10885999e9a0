//! Heavy-ball momentum with coupled weight decay: v ← m v + g + wθ, θ ← θ − η v.

use burn_tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::linear_step::LinearStep;
use super::rule::{PencilTerm, UpdateRule};
use super::state::{LinearGradient, State};
use super::terms::Terms;
use super::two_step::inverse_gramian;

/// `torch.optim.SGD` without Nesterov's step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HeavyBall {
    /// m in [0, 1).
    pub momentum: f64,
    /// w ≥ 0.
    pub weight_decay: f64,
}

impl UpdateRule for HeavyBall {
    fn description(&self) -> String {
        let Self { momentum, weight_decay } = *self;
        let name = if momentum > 0.0 { "heavy ball" } else { "SGD" };
        with_settings(name, momentum, ("weight decay", weight_decay))
    }

    /// 2(1 + m)/(λ_1 + w).
    fn eta_mean(&self, sharpness: f64) -> f64 {
        2.0 * (1.0 + self.momentum) / (sharpness + self.weight_decay)
    }

    fn full_batch_edge_formula(&self) -> &'static str {
        match (self.momentum > 0.0, self.weight_decay > 0.0) {
            (true, true) => "2(1 + m)/η − w",
            (true, false) => "2(1 + m)/η",
            (false, _) => "2/η − w",
        }
    }

    /// 2(1 + m)/η − w.
    fn full_batch_edge(&self, step_size: f64) -> f64 {
        2.0 * (1.0 + self.momentum) / step_size - self.weight_decay
    }

    /// F = z/((z − 1)(z − m)) = (1/(z − 1) − m/(z − m))/(1 − m), whose real part on the circle is at least
    /// −(1 + m)/(2(1 − m)²); decay adds w to every curvature.
    fn contraction_sharpness(&self, curvature: f64) -> f64 {
        let Self { momentum: m, weight_decay: w } = *self;
        (curvature + w) * (1.0 + m) / ((1.0 - m) * (1.0 - m))
    }

    fn penalty(&self) -> f64 {
        self.weight_decay
    }

    /// 1/(η²g_ab) with the damping d = m and e_a = η(λ_a + w).
    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms {
        let Self { momentum: m, weight_decay: w } = *self;
        let step_size = 2.0 / scale;
        inverse_gramian(m, step_size * (a + w), step_size * (b + w))
            .scaled(1.0 / (step_size * step_size))
    }

    fn pencil(&self, a: f64, b: f64) -> Option<PencilTerm> {
        let Self { momentum: m, weight_decay: w } = *self;
        let (a, b) = (a + w, b + w);
        let slope = 0.5 * (1.0 - m) * (a + b);
        let difference = (a - b) * (a - b) * m / ((1.0 - m) * (1.0 + m));
        Some(PencilTerm { slope, constant: difference - (1.0 - m) / (1.0 + m) * a * b })
    }

    fn linear_step(&self, step_size: f64) -> LinearStep {
        let Self { momentum: m, weight_decay: w } = *self;
        let decay = step_size * w;
        LinearStep {
            components: if m == 0.0 { 1 } else { 2 },
            constant: [[1.0 - decay, -m], [decay, m]],
            gradient: [-step_size, step_size],
        }
    }

    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient) {
        gradient.evaluate(state.position());
        let Self { momentum: m, weight_decay: w } = *self;
        if m == 0.0 {
            let kept = 1.0 - step_size * w;
            state.position_mut().iter_mut().for_each(|x| *x *= kept);
            gradient.add_to(-step_size, state.position_mut());
            return;
        }
        let (position, velocity) = state.parts_mut();
        for (u, x) in velocity.iter_mut().zip(&*position) {
            *u = m * *u + step_size * w * x;
        }
        gradient.add_to(step_size, velocity);
        position.iter_mut().zip(&*velocity).for_each(|(x, u)| *x -= u);
    }
}

impl HeavyBall {
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
        if momentum == 0.0 {
            return (parameter - gradient.mul_scalar(learning_rate), None);
        }
        let velocity = advanced(velocity, gradient, momentum);
        (parameter - velocity.clone().mul_scalar(learning_rate), Some(velocity))
    }
}

/// `name, m = 0.9, decay 0.1` without the settings that are 0.
pub(super) fn with_settings(name: &str, momentum: f64, (decay, rate): (&str, f64)) -> String {
    let mut text = name.to_owned();
    if momentum > 0.0 {
        text += &format!(", m = {momentum}");
    }
    if rate > 0.0 {
        text += &format!(", {decay} {rate}");
    }
    text
}

/// g + wθ.
pub(super) fn decayed<const D: usize>(
    gradient: Tensor<D>,
    parameter: &Tensor<D>,
    weight_decay: f64,
) -> Tensor<D> {
    if weight_decay == 0.0 {
        return gradient;
    }
    gradient + parameter.clone().mul_scalar(weight_decay)
}

/// m v + g; before the first step v = 0.
pub(super) fn advanced<const D: usize>(
    velocity: Option<Tensor<D>>,
    gradient: Tensor<D>,
    momentum: f64,
) -> Tensor<D> {
    match velocity {
        Some(velocity) => velocity.mul_scalar(momentum) + gradient,
        None => gradient,
    }
}

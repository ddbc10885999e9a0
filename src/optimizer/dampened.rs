//! Heavy-ball momentum with dampening: v ← m v + (1 − δ)(g + wθ), θ ← θ − η v.

use burn_tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::decoupled_decay::DecoupledDecay;
use super::heavy_ball::{HeavyBall, decayed, with_settings};
use super::linear_step::LinearStep;
use super::rule::{PencilTerm, UpdateRule};
use super::state::{LinearGradient, State};
use super::terms::Terms;

/// `torch.optim.SGD` with `dampening`; δ = m is an exponential moving average, as in Adam.
///
/// A step at η is one without dampening at (1 − δ)η. Decoupled decay is not dampened: its w is then w/(1 − δ).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Dampened {
    /// m in [0, 1).
    pub momentum: f64,
    /// w ≥ 0.
    pub weight_decay: f64,
    /// Whether the decay acts on θ directly.
    pub decoupled: bool,
    /// δ in (0, 1).
    pub dampening: f64,
}

impl Dampened {
    fn factor(self) -> f64 {
        1.0 - self.dampening
    }

    /// What `ask` answers of the same steps without dampening.
    fn undampened<T>(self, ask: impl FnOnce(&dyn UpdateRule) -> T) -> T {
        let Self { momentum, weight_decay, decoupled, .. } = self;
        if decoupled && momentum > 0.0 && weight_decay > 0.0 {
            let weight_decay = weight_decay / self.factor();
            ask(&DecoupledDecay { momentum, weight_decay })
        } else {
            let kept = if decoupled { 1.0 / self.factor() } else { 1.0 };
            ask(&HeavyBall { momentum, weight_decay: weight_decay * kept })
        }
    }
}

impl UpdateRule for Dampened {
    fn description(&self) -> String {
        let Self { momentum, weight_decay, decoupled, dampening } = *self;
        let name = if momentum > 0.0 { "heavy ball" } else { "SGD" };
        let decay = if decoupled { "decoupled weight decay" } else { "weight decay" };
        let rest = with_settings(name, momentum, (decay, weight_decay));
        format!("{rest}, dampening {dampening}")
    }

    fn eta_mean(&self, sharpness: f64) -> f64 {
        self.undampened(|rule| rule.eta_mean(sharpness)) / self.factor()
    }

    fn full_batch_edge(&self, step_size: f64) -> f64 {
        self.undampened(|rule| rule.full_batch_edge(step_size * self.factor()))
    }

    fn contraction_sharpness(&self, curvature: f64) -> f64 {
        self.undampened(|rule| rule.contraction_sharpness(curvature)) * self.factor()
    }

    fn penalty(&self) -> f64 {
        self.undampened(|rule| rule.penalty())
    }

    fn inverse_gramian(&self, scale: f64, a: f64, b: f64) -> Terms {
        self.undampened(|rule| rule.inverse_gramian(scale / self.factor(), a, b))
    }

    fn pencil(&self, a: f64, b: f64) -> Option<PencilTerm> {
        let found = self.undampened(|rule| rule.pencil(a, b));
        found.map(|term| PencilTerm { slope: term.slope / self.factor(), ..term })
    }

    fn linear_step(&self, step_size: f64) -> LinearStep {
        self.undampened(|rule| rule.linear_step(step_size * self.factor()))
    }

    fn step(&self, state: &mut State, step_size: f64, gradient: &mut dyn LinearGradient) {
        self.undampened(|rule| rule.step(state, step_size * self.factor(), gradient));
    }
}

impl Dampened {
    /// θ and v after one step; as in PyTorch the first gradient is not dampened.
    pub(super) fn tensor_step<const D: usize>(
        self,
        parameter: Tensor<D>,
        gradient: Tensor<D>,
        velocity: Option<Tensor<D>>,
        learning_rate: f64,
    ) -> (Tensor<D>, Option<Tensor<D>>) {
        let (coupled, kept) = if self.decoupled {
            (0.0, 1.0 - learning_rate * self.weight_decay)
        } else {
            (self.weight_decay, 1.0)
        };
        let gradient = decayed(gradient, &parameter, coupled);
        let velocity = match velocity {
            Some(v) => v.mul_scalar(self.momentum) + gradient.mul_scalar(self.factor()),
            None => gradient,
        };
        let parameter = parameter.mul_scalar(kept);
        (parameter - velocity.clone().mul_scalar(learning_rate), Some(velocity))
    }
}

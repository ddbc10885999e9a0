//! How the parameters of R networks and their velocities move, each at its own step size.

use burn_tensor::{Device, Tensor, TensorData};

use super::super::motion::Motion;
use crate::optimizer::Optimizer;

/// [`Motion`] of every run: v ← d θ + m v + κg and θ ← a θ + c v + b v' of the new v', or θ ← a θ + b g without
/// a velocity.
#[derive(Clone)]
pub struct RowMotion {
    decay: Factor,
    momentum: Factor,
    kept: Factor,
    carried: Factor,
    push: Factor,
    /// κ of the motion.
    pub kick: f64,
}

impl RowMotion {
    /// The motion of `optimizer` at the runs' step sizes.
    pub fn new(optimizer: Optimizer, rates: &[f64], device: &Device) -> Self {
        let motions: Vec<Motion> = rates.iter().map(|&rate| Motion::new(optimizer, rate)).collect();
        let factor = |of: fn(&Motion) -> f64| Factor::new(motions.iter().map(of).collect(), device);
        Self {
            kick: motions.first().map_or(1.0, |motion| motion.kick),
            decay: factor(|motion| motion.matrix[1][0]),
            momentum: factor(|motion| motion.matrix[1][1]),
            kept: factor(|motion| motion.carried()[0]),
            carried: factor(|motion| motion.carried()[1]),
            push: factor(|motion| motion.push),
        }
    }

    /// θ and v after a step along κg = `gradient`; there is no velocity with an optimizer that has none.
    pub fn step(
        &self,
        parameter: Tensor<3>,
        velocity: Option<Tensor<3>>,
        gradient: Tensor<3>,
    ) -> (Tensor<3>, Option<Tensor<3>>) {
        let Some(velocity) = velocity else {
            let terms = [self.kept.times(parameter), self.push.times(gradient.clone())];
            return (sum(terms, gradient), None);
        };
        let terms = [self.decay.times(parameter.clone()), self.momentum.times(velocity.clone())];
        let next = sum(terms, gradient.clone()) + gradient;
        let terms = [
            self.kept.times(parameter),
            self.carried.times(velocity),
            self.push.times(next.clone()),
        ];
        (sum(terms, next.clone()), Some(next))
    }
}

/// A number for every run.
#[derive(Clone)]
enum Factor {
    Zero,
    One,
    /// `[R, 1, 1]`.
    Other(Box<Tensor<3>>),
}

impl Factor {
    fn new(values: Vec<f64>, device: &Device) -> Self {
        let values: Vec<f32> = values.into_iter().map(|value| value as f32).collect();
        if values.iter().all(|value| *value == 0.0) {
            Self::Zero
        } else if values.iter().all(|value| *value == 1.0) {
            Self::One
        } else {
            let runs = values.len();
            let tensor = Tensor::from_data(TensorData::new(values, [runs, 1, 1]), device);
            Self::Other(Box::new(tensor))
        }
    }

    /// The product; `None` is 0.
    fn times(&self, tensor: Tensor<3>) -> Option<Tensor<3>> {
        match self {
            Self::Zero => None,
            Self::One => Some(tensor),
            Self::Other(factor) => Some(tensor * (**factor).clone()),
        }
    }
}

/// The sum of the terms that are not 0, of the shape of `like`.
fn sum(terms: impl IntoIterator<Item = Option<Tensor<3>>>, like: Tensor<3>) -> Tensor<3> {
    let sum = terms.into_iter().flatten().reduce(|a, b| a + b);
    sum.unwrap_or_else(|| like.zeros_like())
}

//! Linearised SGD in parameter space.

use rand::Rng;

use super::super::problem::{Problem, normal};
use crate::optimizer::{LinearGradient, Optimizer, State};
use crate::process::Batch;

/// The rows of A without their zeros, and the gradients.
#[derive(Debug, Clone)]
pub struct Steps {
    optimizer: Optimizer,
    /// Of every sample: the rows of A_i.
    samples: Vec<Vec<SparseRow>>,
    gradients: Option<Vec<Vec<f64>>>,
    dimension: usize,
}

type SparseRow = Vec<(usize, f64)>;

/// Buffers of one simulation.
#[derive(Debug, Clone, Default)]
pub struct StepBuffers {
    residuals: Vec<f64>,
}

impl Steps {
    /// Prepares `problem`.
    pub fn new(problem: &Problem, optimizer: Optimizer) -> Self {
        let row = |k: usize| -> SparseRow {
            let entries = (0..problem.dimension()).map(|j| (j, problem.rows[(k, j)]));
            entries.filter(|(_, value)| *value != 0.0).collect()
        };
        let q = problem.outputs;
        let sample = |i: usize| (i * q..(i + 1) * q).map(row).collect();
        let gradient = |i: usize, gradients: &faer::Mat<f64>| {
            gradients.row(i).iter().copied().collect::<Vec<f64>>()
        };
        Self {
            optimizer,
            samples: (0..problem.samples()).map(sample).collect(),
            gradients: problem
                .gradients
                .as_ref()
                .map(|gradients| (0..problem.samples()).map(|i| gradient(i, gradients)).collect()),
            dimension: problem.dimension(),
        }
    }

    /// How steps are made.
    pub fn optimizer(&self) -> Optimizer {
        self.optimizer
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    fn rows<'s>(&'s self, batch: Batch<'s>) -> impl Iterator<Item = &'s SparseRow> {
        batch.samples.iter().flat_map(|&i| &self.samples[i])
    }

    /// One step of the optimizer with the mean gradient (1/divisor) Σ_{i∈batch} (A_iᵀA_iθ + g_i).
    pub fn step(
        &self,
        state: &mut State,
        batch: Batch<'_>,
        step_size: f64,
        buffers: &mut StepBuffers,
    ) {
        let mut gradient = BatchGradient { steps: self, batch, residuals: &mut buffers.residuals };
        self.optimizer.rule().step(state, step_size, &mut gradient);
    }
}

/// (1/divisor) Σ_{i∈batch} (A_iᵀA_iθ + g_i).
struct BatchGradient<'s> {
    steps: &'s Steps,
    batch: Batch<'s>,
    /// A_iθ of the rows of the batch.
    residuals: &'s mut Vec<f64>,
}

impl LinearGradient for BatchGradient<'_> {
    fn evaluate(&mut self, position: &[f64]) {
        let rows = self.steps.rows(self.batch);
        self.residuals.clear();
        self.residuals.extend(rows.map(|row| dot(row, position)));
    }

    fn add_to(&self, factor: f64, target: &mut [f64]) {
        let rate = factor / self.batch.divisor;
        for (row, residual) in self.steps.rows(self.batch).zip(&*self.residuals) {
            row.iter().for_each(|&(k, value)| target[k] += rate * residual * value);
        }
        if let Some(gradients) = &self.steps.gradients {
            for &i in self.batch.samples {
                target.iter_mut().zip(&gradients[i]).for_each(|(x, g)| *x += rate * g);
            }
        }
    }
}

fn dot(row: &SparseRow, theta: &[f64]) -> f64 {
    row.iter().map(|&(k, value)| value * theta[k]).sum()
}

/// A random direction of unit length, at rest.
pub fn random_direction(dimension: usize, rng: &mut impl Rng) -> State {
    let mut state = State::at((0..dimension).map(|_| normal(rng)).collect());
    normalise(&mut state);
    state
}

/// θ ← θ/‖θ‖, unless it is 0; returns the former ‖θ‖².
pub fn normalise(state: &mut State) -> f64 {
    let square = state.squared_norm();
    if square > 0.0 {
        let scale = square.sqrt().recip();
        state.for_each(|x| *x *= scale);
    }
    square
}

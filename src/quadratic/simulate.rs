//! Linearised SGD itself, in parameter space.

use super::problem::Problem;
use crate::process::Batch;

/// The rows of A and the gradients, as steps need them: zeros left out.
#[derive(Debug, Clone)]
pub struct Steps {
    /// Of every sample: the rows of A_i.
    samples: Vec<Vec<SparseRow>>,
    gradients: Option<Vec<Vec<f64>>>,
    dimension: usize,
}

type SparseRow = Vec<(usize, f64)>;

/// Buffers of one simulation.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    residuals: Vec<f64>,
}

impl Steps {
    /// Prepares `problem`.
    pub fn new(problem: &Problem) -> Self {
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
            samples: (0..problem.samples()).map(sample).collect(),
            gradients: problem
                .gradients
                .as_ref()
                .map(|gradients| (0..problem.samples()).map(|i| gradient(i, gradients)).collect()),
            dimension: problem.dimension(),
        }
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.samples.len()
    }

    /// θ ← θ − (η/divisor) Σ_{i∈batch} (A_iᵀA_iθ + g_i).
    pub fn step(&self, theta: &mut [f64], batch: Batch<'_>, step_size: f64, scratch: &mut Scratch) {
        let rows = batch.samples.iter().flat_map(|&i| &self.samples[i]);
        scratch.residuals.clear();
        scratch.residuals.extend(rows.clone().map(|row| dot(row, theta)));
        let rate = step_size / batch.divisor;
        for (row, residual) in rows.zip(&scratch.residuals) {
            row.iter().for_each(|&(k, value)| theta[k] -= rate * residual * value);
        }
        if let Some(gradients) = &self.gradients {
            for &i in batch.samples {
                theta.iter_mut().zip(&gradients[i]).for_each(|(x, g)| *x -= rate * g);
            }
        }
    }
}

fn dot(row: &SparseRow, theta: &[f64]) -> f64 {
    row.iter().map(|&(k, value)| value * theta[k]).sum()
}

/// ‖θ‖².
pub fn squared_norm(theta: &[f64]) -> f64 {
    theta.iter().map(|x| x * x).sum()
}

/// θ ← θ/‖θ‖; returns ‖θ‖², and leaves 0 alone.
pub fn normalise(theta: &mut [f64]) -> f64 {
    let square = squared_norm(theta);
    if square > 0.0 {
        let scale = square.sqrt().recip();
        theta.iter_mut().for_each(|x| *x *= scale);
    }
    square
}

//! What the experiments on one problem share: the grid of batch sizes and step sizes.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::error::QuadraticError;
use super::super::problem::Problem;
use super::super::progress::Progress;
use super::super::settings::SgdConfig;
use super::super::simulation::PreparedProblem;
use super::super::table::Cell;
use crate::process::{BatchProcess, Sampling};

/// One problem, to be measured at every batch size and at step sizes around each threshold.
pub struct GridExperiment<'a> {
    pub prepared: PreparedProblem,
    /// Gradients of the samples, n × d; `None` for an interpolating minimum.
    pub gradients: Option<faer::Mat<f64>>,
    sampling: Sampling,
    batch_sizes: &'a [usize],
    /// η*_var of each batch size.
    thresholds: Vec<f64>,
    seed: u64,
    progress: &'a Progress<'a>,
}

/// A batch size and a step size.
pub struct GridPoint {
    /// B.
    pub batch_size: usize,
    /// Independent batches of that size.
    pub process: BatchProcess,
    /// η/η*_var.
    pub fraction: f64,
    /// η.
    pub step_size: f64,
    /// Of the simulations at this point.
    pub seed: u64,
}

impl<'a> GridExperiment<'a> {
    /// Prepares `problem` and finds its thresholds.
    pub fn new(
        problem: Problem,
        sgd: &'a SgdConfig,
        seed: u64,
        progress: &'a Progress<'a>,
    ) -> Result<Self, QuadraticError> {
        let gradients = problem.gradients.clone();
        let prepared = PreparedProblem::new(problem, sgd.optimizer())?;
        let thresholds = prepared.thresholds(sgd.sampling, &sgd.batch_size)?;
        let thresholds = thresholds.into_iter().map(|(_, eta_var)| eta_var).collect();
        let (sampling, batch_sizes) = (sgd.sampling, &sgd.batch_size);
        Ok(Self { prepared, gradients, sampling, batch_sizes, thresholds, seed, progress })
    }

    /// One row of a table for every batch size and every η/η*_var of `fractions`.
    pub fn rows(
        &self,
        fractions: &[f64],
        measure: impl Fn(&GridPoint) -> Result<Vec<Cell>, QuadraticError>,
    ) -> Result<Vec<Vec<Cell>>, QuadraticError> {
        self.progress.begin(self.batch_sizes.len() * fractions.len());
        let mut rows = Vec::new();
        for (&batch_size, threshold) in self.batch_sizes.iter().zip(&self.thresholds) {
            for &fraction in fractions {
                rows.push(measure(&GridPoint {
                    batch_size,
                    process: BatchProcess::independent(self.sampling, batch_size),
                    fraction,
                    step_size: fraction * threshold,
                    seed: point_seed(self.seed, rows.len()),
                })?);
                self.progress.advance();
            }
        }
        Ok(rows)
    }
}

/// The seed of point number `point`.
pub(super) fn point_seed(seed: u64, point: usize) -> u64 {
    ChaCha8Rng::seed_from_u64(seed ^ (point as u64) << 40).random()
}

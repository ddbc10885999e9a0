//! Synthetic problems: ℓ_i(θ) = ½‖A_iθ‖² + g_iᵀθ with the minimum of their mean at θ = 0.

use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::super::error::QuadraticError;
use super::super::settings::{GradientsConfig, ProblemConfig, ProblemKind};
use super::normal::normal;
use crate::gram::{Gram, GramError, npy::GramFile};
use crate::memory::check_thresholds;
use crate::stability::second_moment::range_rows;

/// n samples with q outputs in d parameters.
#[derive(Debug, Clone)]
pub struct Problem {
    /// A, nq × d: H_i = A_iᵀA_i.
    pub rows: Mat<f64>,
    /// q.
    pub outputs: usize,
    /// g_i, n × d, with Σ g_i = 0; `None` for an interpolating minimum.
    pub gradients: Option<Mat<f64>>,
}

impl Problem {
    /// Builds what the configuration describes.
    ///
    /// # Errors
    /// A Gram matrix that cannot be read, or too large a one.
    pub fn build(
        config: &ProblemConfig,
        gradients: Option<&GradientsConfig>,
    ) -> Result<Self, QuadraticError> {
        let rows = match &config.kind {
            ProblemKind::Dexter { samples, coherence } => dexter_rows(*samples, *coherence),
            ProblemKind::LowRank { samples, rank, .. } => {
                random_rows(config, *samples, *rank, |_| 1.0)
            }
            ProblemKind::HeavyTailed { samples, rank, tail, .. } => {
                random_rows(config, *samples, *rank, |uniform| uniform.powf(-0.5 / tail))
            }
            ProblemKind::Orthogonal { samples, condition } => {
                orthogonal_rows(config, *samples, *condition)
            }
            ProblemKind::Gram { path, kernel_factor } => {
                let file = GramFile::open(path, Some(config.outputs), None)?;
                check_thresholds(file.side())?;
                range_rows(&file.read(*kernel_factor)?)?
            }
        };
        let mut problem = Self { rows, outputs: config.outputs, gradients: None };
        problem.gradients = gradients.map(|config| random_gradients(&problem, config));
        Ok(problem)
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.rows.nrows() / self.outputs
    }

    /// d.
    pub fn dimension(&self) -> usize {
        self.rows.ncols()
    }

    /// G = A Aᵀ.
    ///
    /// # Errors
    /// A problem without any curvature.
    pub fn gram(&self) -> Result<Gram, GramError> {
        Gram::new(&self.rows * self.rows.transpose(), self.outputs)
    }
}

/// \[D\]'s family with λ_1 = 2: H_i = m e_1e_1ᵀ for i ≤ σ, m e_{i−σ+1}e_{i−σ+1}ᵀ for the others,
/// m = 2n/σ.
pub fn dexter_rows(samples: usize, coherence: usize) -> Mat<f64> {
    let curvature = 2.0 * samples as f64 / coherence as f64;
    let place = |i: usize| if i < coherence { 0 } else { i - coherence + 1 };
    Mat::from_fn(samples, samples - coherence + 1, |i, k| {
        if place(i) == k { curvature.sqrt() } else { 0.0 }
    })
}

/// Gaussian rows in the first `rank` of d coordinates (any other subspace differs by a rotation),
/// each sample scaled by a factor of its own.
fn random_rows(
    config: &ProblemConfig,
    samples: usize,
    rank: usize,
    factor: impl Fn(f64) -> f64,
) -> Mat<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let q = config.outputs;
    let factors: Vec<f64> = (0..samples).map(|_| factor(1.0 - rng.random::<f64>())).collect();
    let mut rows = Mat::zeros(samples * q, config.dimension.unwrap_or(rank));
    for i in 0..samples * q {
        for k in 0..rank {
            rows[(i, k)] = factors[i / q] * normal(&mut rng);
        }
    }
    with_sharpness(rows, samples, config.sharpness)
}

/// Every row has a coordinate of its own; the curvatures fall geometrically by `condition`.
fn orthogonal_rows(config: &ProblemConfig, samples: usize, condition: f64) -> Mat<f64> {
    let side = samples * config.outputs;
    let fall = |k: usize| condition.powf(-0.5 * k as f64 / side.max(2).saturating_sub(1) as f64);
    let dimension = config.dimension.unwrap_or(side);
    let rows = Mat::from_fn(side, dimension, |i, k| if i == k { fall(i) } else { 0.0 });
    with_sharpness(rows, samples, config.sharpness)
}

/// Rescales to λ_max(H) = `sharpness`.
fn with_sharpness(rows: Mat<f64>, samples: usize, sharpness: f64) -> Mat<f64> {
    let top = rows.singular_values().unwrap_or_default().first().copied().unwrap_or(0.0);
    if top == 0.0 {
        return rows;
    }
    rows * faer::Scale((sharpness * samples as f64).sqrt() / top)
}

/// Gaussian g_i in all d coordinates, less their mean.
fn random_gradients(problem: &Problem, config: &GradientsConfig) -> Mat<f64> {
    let mut rng = ChaCha8Rng::seed_from_u64(config.seed);
    let (samples, dimension) = (problem.samples(), problem.dimension());
    let scale = config.scale / (dimension as f64).sqrt();
    let mut gradients = Mat::from_fn(samples, dimension, |_, _| scale * normal(&mut rng));
    for k in 0..dimension {
        let mean = gradients.col(k).iter().sum::<f64>() / samples as f64;
        gradients.col_mut(k).iter_mut().for_each(|entry| *entry -= mean);
    }
    gradients
}

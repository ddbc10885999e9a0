//! Gradient and Hessian of every sample at one point.

use faer::linalg::solvers::SelfAdjointEigen;
use faer::{Mat, Par, Side};
use rayon::prelude::*;

use super::error::StationaryError;
use crate::curvature::{LossHessian, Pass, gradient};
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::Weights;
use crate::optimizer::Optimizer;
use crate::stability::second_moment::SecondMoment;

/// Eigenvalues of H below this part of λ_1 count as zero: those of directions that no sample depends on
/// and of the symmetries of ReLU networks are at most the rounding of θ* away from zero.
pub const CUTOFF: f64 = 1e-7;

/// The losses ℓ_i around θ* to second order, and the optimizer that moves there.
#[derive(Debug)]
pub struct Expansion {
    /// The true Hessians of the samples, on the range of H; with weight decay, which acts everywhere, on all
    /// parameters.
    pub moments: SecondMoment,
    /// g_i, with weight decay g_i + cθ*, n × d.
    pub gradients: Mat<f64>,
}

impl Expansion {
    /// Expands at `weights`, a minimum of the loss and the penalty of `optimizer`; O(n d³), for small networks.
    ///
    /// # Errors
    /// Numbers that are not finite.
    pub fn at(
        weights: &Weights,
        data: &Dataset,
        loss: Loss,
        optimizer: Optimizer,
    ) -> Result<Self, StationaryError> {
        let samples: Vec<(Vec<f64>, Mat<f64>)> = (0..data.samples)
            .into_par_iter()
            .map(|i| {
                let pass = Pass::new(weights, &single(data, i), loss, Par::Seq);
                (gradient(&pass), LossHessian::new(&pass).dense())
            })
            .collect();
        let factors = samples
            .par_iter()
            .map(|(_, hessian)| signed_rows(hessian))
            .collect::<Result<Vec<_>, _>>()?;
        let side = samples[0].0.len();
        let height = factors.iter().map(Vec::len).max().unwrap_or(0).max(1);
        let mut rows = Mat::zeros(data.samples * height, side);
        let mut signs = vec![1.0; data.samples * height];
        for (i, factor) in factors.iter().enumerate() {
            for (k, (sign, row)) in factor.iter().enumerate() {
                signs[i * height + k] = *sign;
                row.iter().enumerate().for_each(|(j, value)| rows[(i * height + k, j)] = *value);
            }
        }
        let penalty = optimizer.rule().penalty();
        let pulls: Vec<f64> = weights.parameters().map(|x| penalty * x).collect();
        let gradients = Mat::from_fn(data.samples, side, |i, j| samples[i].0[j] + pulls[j]);
        let cutoff = if penalty > 0.0 { f64::NEG_INFINITY } else { CUTOFF };
        let moments = SecondMoment::signed(rows.as_ref(), signs, height, cutoff)
            .map_err(|_| StationaryError::NotFinite)?
            .with_optimizer(optimizer);
        Ok(Self { moments, gradients })
    }
}

/// Sample i alone.
fn single(data: &Dataset, i: usize) -> Dataset {
    Dataset {
        inputs: data.inputs[i * data.features..][..data.features].to_vec(),
        targets: data.targets[i * data.outputs..][..data.outputs].to_vec(),
        samples: 1,
        features: data.features,
        outputs: data.outputs,
        digest: String::new(),
    }
}

/// Signs s_k and rows a_k with H_i = Σ s_k a_k a_kᵀ, one for every non-zero eigenvalue.
fn signed_rows(hessian: &Mat<f64>) -> Result<Vec<(f64, Vec<f64>)>, StationaryError> {
    let eigen = eigen(hessian)?;
    let values: Vec<f64> = (0..hessian.nrows()).map(|k| eigen.S()[k]).collect();
    let largest = values.iter().fold(0.0_f64, |most, value| most.max(value.abs()));
    let floor = largest * hessian.nrows() as f64 * f64::EPSILON;
    let kept = (0..values.len()).filter(|&k| values[k].abs() > floor);
    Ok(kept
        .map(|k| {
            let root = values[k].abs().sqrt();
            (values[k].signum(), eigen.U().col(k).iter().map(|x| root * x).collect())
        })
        .collect())
}

/// Eigenvalues, ascending, and eigenvectors.
pub fn eigen(matrix: &Mat<f64>) -> Result<SelfAdjointEigen<f64>, StationaryError> {
    matrix.self_adjoint_eigen(Side::Lower).map_err(|_| StationaryError::NotFinite)
}

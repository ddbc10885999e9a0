//! The second-moment operator Q(η): E θθᵀ of linearised SGD from one step to the next (\[M\] §3).

use faer::{Accum, Mat, MatRef, Side, get_global_parallelism, linalg::matmul::matmul};

use super::{
    lanczos::{Stop, largest},
    sampling::Coefficients,
    spectrum::{Spectrum, SpectrumError},
};
use crate::curvature::gram::Gram;

/// The A_i of H_i = A_iᵀA_i in the eigenbasis of H, on the range of H.
///
/// Matrices X below are rank × rank, so one application is O(nq·rank²): meant for ranks up to a
/// few hundred. For the threshold alone, [`super::thresholds`] is far faster.
#[derive(Debug, Clone)]
pub struct SecondMoment {
    /// A, nq × rank.
    rows: Mat<f64>,
    outputs: usize,
    /// Nonzero eigenvalues of H, largest first.
    eigenvalues: Vec<f64>,
    /// The eigenvectors in the coordinates the rows were given in, dimension × rank.
    basis: Mat<f64>,
}

impl SecondMoment {
    /// From the rows A (nq × dimension), in blocks of `outputs` rows per sample.
    ///
    /// # Errors
    /// [`SpectrumError::NoConvergence`].
    pub fn new(rows: MatRef<'_, f64>, outputs: usize) -> Result<Self, SpectrumError> {
        let (samples, side) = (rows.nrows() / outputs, rows.ncols());
        let hessian = rows.transpose() * rows * faer::Scale(1.0 / samples as f64);
        let eigen = hessian
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| SpectrumError::NoConvergence { side })?;
        let values = eigen.S();
        let noise = side as f64 * f64::EPSILON * values[side - 1];
        let rank = (0..side).rev().take_while(|&k| values[k] > noise).count();
        let basis = eigen.U().subcols(side - rank, rank).reverse_cols().to_owned();
        let eigenvalues = (0..rank).map(|k| values[side - 1 - k]).collect();
        Ok(Self { rows: rows * &basis, outputs, eigenvalues, basis })
    }

    /// From G alone: A = V√(nΛ).
    ///
    /// # Errors
    /// Those of [`Spectrum::of`].
    pub fn of(gram: &Gram) -> Result<Self, SpectrumError> {
        Self::new(range_rows(gram)?.as_ref(), gram.outputs())
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.rows.nrows() / self.outputs
    }

    /// Nonzero eigenvalues of H, largest first.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The eigenvectors of H, dimension × rank.
    pub fn basis(&self) -> MatRef<'_, f64> {
        self.basis.as_ref()
    }

    /// D(X) = α HXH + (β/n) Σ H_iXH_i.
    pub fn noise(&self, x: &Mat<f64>, coefficients: Coefficients) -> Mat<f64> {
        let Coefficients { alpha, beta } = coefficients;
        let (values, rank) = (&self.eigenvalues, self.eigenvalues.len());
        let mut image = Mat::from_fn(rank, rank, |a, b| alpha * values[a] * values[b] * x[(a, b)]);
        let pulled = self.sandwich(x);
        let weight = beta / self.samples() as f64;
        let par = get_global_parallelism();
        matmul(&mut image, Accum::Add, self.rows.transpose(), &pulled, weight, par);
        image
    }

    /// Q(η)(X) = E[(I − ηH_B) X (I − ηH_B)] = X − η(HX + XH) + η² D(X).
    pub fn step(&self, x: &Mat<f64>, coefficients: Coefficients, step_size: f64) -> Mat<f64> {
        let (values, rank) = (&self.eigenvalues, self.eigenvalues.len());
        let noise = self.noise(x, coefficients);
        Mat::from_fn(rank, rank, |a, b| {
            let decay = 1.0 - step_size * (values[a] + values[b]);
            decay * x[(a, b)] + step_size * step_size * noise[(a, b)]
        })
    }

    /// ρ(Q(η)): E‖θ_t‖² grows like ρᵗ. Below 1 exactly for η < η*_var (\[M\] Thm 5).
    ///
    /// Q is self-adjoint and maps the cone X ⪰ 0 into itself, so ρ is its largest eigenvalue and
    /// the identity is not orthogonal to its eigenvector: Lanczos finds it.
    pub fn spectral_radius(&self, coefficients: Coefficients, step_size: f64) -> f64 {
        let rank = self.eigenvalues.len();
        let identity =
            Mat::from_fn(rank * rank, 1, |k, _| f64::from(u8::from(k % (rank + 1) == 0)));
        let stop = Stop { residual: 1e-12, steps: 300 };
        let top = largest(identity, stop, |vector| {
            let x = Mat::from_fn(rank, rank, |a, b| vector[(a + b * rank, 0)]);
            let image = self.step(&x, coefficients, step_size);
            Mat::from_fn(rank * rank, 1, |k, _| image[(k % rank, k / rank)])
        });
        top[0].value
    }

    /// Rows A_iXA_iᵀA_i, nq × rank.
    fn sandwich(&self, x: &Mat<f64>) -> Mat<f64> {
        let right = &self.rows * x;
        let (q, rank) = (self.outputs, x.ncols());
        let mut result = Mat::zeros(self.rows.nrows(), rank);
        for start in (0..self.rows.nrows()).step_by(q) {
            let own = self.rows.subrows(start, q);
            let block = right.subrows(start, q) * own.transpose();
            result.subrows_mut(start, q).copy_from(block * own);
        }
        result
    }
}

/// Rows A (nq × rank) with A Aᵀ = G, in the eigenbasis of H.
///
/// # Errors
/// Those of [`Spectrum::of`].
pub fn range_rows(gram: &Gram) -> Result<Mat<f64>, SpectrumError> {
    let spectrum = Spectrum::of(gram)?;
    let (vectors, samples) = (spectrum.vectors().view(), gram.samples() as f64);
    let roots: Vec<f64> = spectrum.eigenvalues().iter().map(|x| (x * samples).sqrt()).collect();
    Ok(Mat::from_fn(gram.side(), spectrum.rank(), |i, k| vectors[(i, k)] * roots[k]))
}

//! The second-moment operator Q(η): E zzᵀ of linearised SGD from one step to the next (\[M\] §3).

use faer::{Accum, Mat, MatRef, Side, get_global_parallelism, linalg::matmul::matmul};

use crate::gram::Gram;
use crate::linalg::arnoldi::{dense_perron_pair, perron_pair};
use crate::linalg::{Stop, largest_eigenpairs};
use crate::optimizer::Optimizer;
use crate::process::Coefficients;
use crate::stability::spectrum::{Spectrum, SpectrumError};

/// The A_i of H_i = A_iᵀS_iA_i in the eigenbasis of H, on the range of H; S_i is diagonal, 1 or −1,
/// and the identity where the minimum interpolates.
///
/// Matrices X below are E θθᵀ, rank × rank, or E zzᵀ of z = (θ, u) for an optimizer with a velocity, so one
/// application is O(nq·rank²): meant for ranks up to a few hundred. For the threshold alone, [`thresholds`](crate::stability::thresholds) is far faster.
#[derive(Debug, Clone)]
pub struct SecondMoment {
    /// A, n blocks of `per_sample` rows, × rank.
    rows: Mat<f64>,
    optimizer: Optimizer,
    /// S, one sign for each row.
    signs: Vec<f64>,
    per_sample: usize,
    /// Nonzero eigenvalues of H, largest first.
    eigenvalues: Vec<f64>,
    /// The eigenvectors in the coordinates the rows were given in, dimension × rank.
    basis: Mat<f64>,
}

/// Up to this side of E zzᵀ the operator of an optimizer with a velocity is decomposed.
const DENSE_SIDE: usize = 24;

impl SecondMoment {
    /// From the rows A (nq × dimension), in blocks of `outputs` rows per sample.
    ///
    /// # Errors
    /// [`SpectrumError::NoConvergence`].
    pub fn new(rows: MatRef<'_, f64>, outputs: usize) -> Result<Self, SpectrumError> {
        let rounding = rows.ncols() as f64 * f64::EPSILON;
        Self::signed(rows, vec![1.0; rows.nrows()], outputs, rounding)
    }

    /// From the rows A in blocks of `per_sample` and the `signs` S (1 or −1): every H_i = A_iᵀS_iA_i,
    /// H itself without negative eigenvalues. Those below `cutoff`·λ_1 count as zero; with −∞ all are kept, for an
    /// optimizer whose weight decay acts where H is 0.
    ///
    /// # Errors
    /// [`SpectrumError::NoConvergence`].
    pub fn signed(
        rows: MatRef<'_, f64>,
        signs: Vec<f64>,
        per_sample: usize,
        cutoff: f64,
    ) -> Result<Self, SpectrumError> {
        let (samples, side) = (rows.nrows() / per_sample, rows.ncols());
        let turned = Mat::from_fn(rows.nrows(), side, |i, j| signs[i] * rows[(i, j)]);
        let hessian = rows.transpose() * turned * faer::Scale(1.0 / samples as f64);
        let eigen = hessian
            .self_adjoint_eigen(Side::Lower)
            .map_err(|_| SpectrumError::NoConvergence { side })?;
        let values = eigen.S();
        let floor = cutoff * values[side - 1];
        let rank = (0..side).rev().take_while(|&k| values[k] > floor).count();
        let basis = eigen.U().subcols(side - rank, rank).reverse_cols().to_owned();
        let eigenvalues = (0..rank).map(|k| values[side - 1 - k]).collect();
        let optimizer = Optimizer::default();
        Ok(Self { rows: rows * &basis, optimizer, signs, per_sample, eigenvalues, basis })
    }

    /// The same minimum with another optimizer.
    #[must_use]
    pub fn with_optimizer(self, optimizer: Optimizer) -> Self {
        Self { optimizer, ..self }
    }

    /// How steps are made.
    pub fn optimizer(&self) -> &Optimizer {
        &self.optimizer
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
        self.rows.nrows() / self.per_sample
    }

    /// Nonzero eigenvalues of H, largest first.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// The eigenvectors of H, dimension × rank.
    pub fn basis(&self) -> MatRef<'_, f64> {
        self.basis.as_ref()
    }

    /// D(X) = α HXH + (β/n) Σ H_iXH_i of X = E θθᵀ.
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

    /// Q(η)(X): E zzᵀ after one step from X.
    pub fn step(&self, x: &Mat<f64>, coefficients: Coefficients, step_size: f64) -> Mat<f64> {
        let rank = self.eigenvalues.len();
        let linear = self.optimizer.rule().linear_step(step_size);
        let noise = if linear.components == 1 {
            self.noise(x, coefficients)
        } else {
            self.noise(&x.submatrix(0, 0, rank, rank).to_owned(), coefficients)
        };
        linear.next_second_moment(x, &noise, &self.eigenvalues)
    }

    /// ρ(Q(η)): E‖z_t‖² grows like ρᵗ. Below 1 exactly for η < η*_var (\[M\] Thm 5).
    ///
    /// Q maps the cone X ⪰ 0 into itself, so that ρ is an eigenvalue with an eigenvector X ⪰ 0, to which the
    /// identity is not orthogonal. Without momentum Q is self-adjoint, and Lanczos finds it. With momentum it is far
    /// from normal: small ones are decomposed, and for others Arnoldi's method finds it where u is measured in units
    /// of √(ηλ)θ, in which a slowly damped oscillation is a rotation.
    pub fn spectral_radius(&self, coefficients: Coefficients, step_size: f64) -> f64 {
        let rank = self.eigenvalues.len();
        let components = self.optimizer.rule().linear_step(step_size).components;
        if components > 1 {
            return self.pair_radius(coefficients, step_size);
        }
        let identity =
            Mat::from_fn(rank * rank, 1, |k, _| f64::from(u8::from(k % (rank + 1) == 0)));
        let stop = Stop { tolerance: 1e-12, products: 300 };
        let top = largest_eigenpairs(identity, stop, |vector| {
            let x = Mat::from_fn(rank, rank, |a, b| vector[(a + b * rank, 0)]);
            let image = self.step(&x, coefficients, step_size);
            Mat::from_fn(rank * rank, 1, |k, _| image[(k % rank, k / rank)])
        });
        top[0].value
    }

    /// ρ(Q(η)) for an optimizer with a velocity.
    fn pair_radius(&self, coefficients: Coefficients, step_size: f64) -> f64 {
        let (values, rank) = (&self.eigenvalues, self.eigenvalues.len());
        let side = 2 * rank;
        let penalty = self.optimizer.rule().penalty();
        let largest = values.first().copied().unwrap_or(0.0) + penalty;
        let unit = |a: usize| {
            let curvature = if a < rank { values[a] + penalty } else { 0.0 };
            if a < rank { (step_size * curvature.max(1e-8 * largest)).sqrt() } else { 1.0 }
        };
        let units: Vec<f64> = (0..side).map(unit).collect();
        let apply = |vector: &[f64]| -> Vec<f64> {
            let x = Mat::from_fn(side, side, |a, b| vector[a + b * side] / (units[a] * units[b]));
            let image = self.step(&x, coefficients, step_size);
            // The eigenvector is symmetric; what rounding makes of that must not grow.
            let entry = |k: usize| {
                let (a, b) = (k % side, k / side);
                units[a] * units[b] * f64::midpoint(image[(a, b)], image[(b, a)])
            };
            (0..side * side).map(entry).collect()
        };
        if side <= DENSE_SIDE {
            return dense_perron_pair(side, apply).value;
        }
        let identity = (0..side * side).map(|k| f64::from(u8::from(k % (side + 1) == 0))).collect();
        perron_pair(identity, 1e-10, apply).value
    }

    /// Rows S_iA_iXA_iᵀS_iA_i, as many as A has, × rank.
    fn sandwich(&self, x: &Mat<f64>) -> Mat<f64> {
        let right = &self.rows * x;
        let (height, rank) = (self.per_sample, x.ncols());
        let mut result = Mat::zeros(self.rows.nrows(), rank);
        for start in (0..self.rows.nrows()).step_by(height) {
            let own = self.rows.subrows(start, height);
            let signs = &self.signs[start..start + height];
            let product = right.subrows(start, height) * own.transpose();
            let block = Mat::from_fn(height, height, |a, b| signs[a] * signs[b] * product[(a, b)]);
            result.subrows_mut(start, height).copy_from(block * own);
        }
        result
    }
}

/// Rows A (nq × rank) with A Aᵀ = G, in the eigenbasis of H.
///
/// # Errors
/// Those of [`Spectrum::of`].
pub fn range_rows(gram: &Gram) -> Result<Mat<f64>, SpectrumError> {
    Ok(Spectrum::of(gram)?.rows())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// H_i = A_iᵀS_iA_i of two samples, two rows each; the first one is indefinite.
    const ROWS: [[f64; 3]; 4] =
        [[2.0, 1.0, 0.0], [0.5, -0.3, 0.2], [0.1, 1.0, 1.5], [0.0, 0.4, -0.7]];
    const SIGNS: [f64; 4] = [1.0, -1.0, 1.0, 1.0];

    fn hessian(sample: usize) -> Mat<f64> {
        let rows = 2 * sample..2 * sample + 2;
        Mat::from_fn(3, 3, |a, b| rows.clone().map(|k| SIGNS[k] * ROWS[k][a] * ROWS[k][b]).sum())
    }

    fn kronecker(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
        Mat::from_fn(9, 9, |i, j| a[(i / 3, j / 3)] * b[(i % 3, j % 3)])
    }

    #[test]
    fn indefinite_samples_have_the_threshold_of_their_kronecker_products() {
        let rows = Mat::from_fn(4, 3, |k, j| ROWS[k][j]);
        let moments = SecondMoment::signed(rows.as_ref(), SIGNS.to_vec(), 2, 1e-12).unwrap();
        let (first, second) = (hessian(0), hessian(1));
        assert!(first.self_adjoint_eigen(Side::Lower).unwrap().S()[0] < 0.0);
        let mean = (&first + &second) * faer::Scale(0.5);
        let one = Mat::<f64>::identity(3, 3);
        for (alpha, beta) in [(0.0, 1.0), (0.6, 0.4), (1.0, 0.0)] {
            let found = moments.generalized_sharpness(Coefficients { alpha, beta });
            let c = (kronecker(&mean, &one) + kronecker(&one, &mean)) * faer::Scale(0.5);
            let singles = kronecker(&first, &first) + kronecker(&second, &second);
            let d =
                faer::Scale(alpha) * kronecker(&mean, &mean) + faer::Scale(beta / 2.0) * singles;
            let eigen = c.self_adjoint_eigen(Side::Lower).unwrap();
            let root = Mat::from_fn(9, 9, |i, j| eigen.U()[(i, j)] / eigen.S()[j].sqrt());
            let pencil = root.transpose() * d * root;
            let expected = pencil.self_adjoint_eigen(Side::Lower).unwrap().S()[8];
            assert!((found / expected - 1.0).abs() < 1e-9, "{alpha} {beta}: {found} {expected}");
            let (edge, coefficients) = (2.0 / found, Coefficients { alpha, beta });
            let radius = |part: f64| moments.spectral_radius(coefficients, part * edge);
            assert!(radius(0.99) < 1.0 && radius(1.01) > 1.0, "{alpha} {beta}");
        }
    }
}

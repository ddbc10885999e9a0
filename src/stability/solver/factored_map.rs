//! F_μ of a kernel of low rank in single precision, for any optimizer and few outputs.
//!
//! κ is a smooth positive semidefinite kernel: pivoted Cholesky gives κ ≈ Σ_t c_t c_tᵀ with few terms, and
//!   Bd(V[κ ∘ VᵀmV]Vᵀ)_i = Σ_t Σ_j (S_t)_ij m_j (S_t)_ijᵀ, S_t = V diag(c_t) Vᵀ.
//! Kernels at other scales and batch sizes have nearly the same span. So the S of an orthonormal basis of it are
//! computed once, each a product of nq × r matrices, and those of a kernel are combined of them.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatMut, Par, prelude::SolveLstsq};
use pulp::Arch;
use rayon::prelude::*;

use super::block_map::BlockMap;
use super::blocks::Blocks;
use super::dense_map::DenseMap;
use super::explicit_map::{by_output, congruence_of_vectors};
use crate::linalg::dense::Dense;
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

/// F_μ by a few factors of κ.
pub struct FactoredMap<'a> {
    /// For the α-derivative, which other optimizers than plain SGD do not need, and when factors are too many.
    dense: DenseMap<'static, f32>,
    spectrum: &'a Spectrum,
    values: Vec<f64>,
    /// V with rows ordered by output, then sample.
    vectors: Dense<f32>,
    /// Orthonormal functions of the eigenvalues, and V diag(·) Vᵀ of each.
    basis: Vec<(Vec<f64>, Dense<f32>)>,
    /// The kernel (μ, α) of the factors.
    current: Option<(f64, f64)>,
    factors: Factors,
    uses_dense: bool,
}

/// The S_t, column by column: column j has those of S_1, then those of S_2, …
struct Factors {
    columns: Dense<f32>,
    count: usize,
}

impl Factors {
    /// Column j of S_t.
    fn column(&self, t: usize, j: usize) -> &[f32] {
        let side = self.columns.columns();
        &self.columns.column(j)[t * side..(t + 1) * side]
    }
}

/// |κ_ab − Σ_t c_t,a c_t,b| is at most this part of √(κ_aa κ_bb).
const ACCURACY: f64 = 3e-5;
/// Most factors of a kernel; more are no cheaper than dense products.
const FACTORS: usize = 40;
/// Most matrices of the size of G in single precision that the map holds.
pub const MATRICES: usize = 2 * FACTORS + 12;

impl<'a> FactoredMap<'a> {
    /// Without any factors yet.
    pub fn new(spectrum: &'a Spectrum) -> Self {
        let unit = spectrum.sharpness();
        Self {
            dense: DenseMap::leading(spectrum, spectrum.rank()),
            spectrum,
            values: spectrum.eigenvalues().iter().map(|value| value / unit).collect(),
            vectors: by_output(spectrum),
            basis: Vec::new(),
            current: None,
            factors: Factors { columns: Dense::zeros(1, 0), count: 0 },
            uses_dense: false,
        }
    }

    /// Makes the factors of `kernel`; false if they are too many.
    fn prepare(&mut self, kernel: Kernel) -> bool {
        if self.current == Some((kernel.scale, kernel.alpha)) {
            return true;
        }
        let weights: Vec<f64> =
            self.values.iter().map(|a| kernel.entry(*a, *a).sqrt().recip()).collect();
        let Some(columns) = pivoted_cholesky(&self.values, kernel) else { return false };
        if !self.extend_basis(&columns, &weights) {
            return false;
        }
        let coefficients = self.coefficients(&columns, &weights);
        self.factors = self.combined(&coefficients);
        self.current = Some((kernel.scale, kernel.alpha));
        true
    }

    /// Adds what of `columns` the basis does not reach; false if the basis would be too large.
    fn extend_basis(&mut self, columns: &[Vec<f64>], weights: &[f64]) -> bool {
        for column in columns {
            let mut rest = column.clone();
            // Twice, for orthogonality.
            for _ in 0..2 {
                for (function, _) in &self.basis {
                    let along: f64 = rest.iter().zip(function).map(|(x, f)| x * f).sum();
                    rest.iter_mut().zip(function).for_each(|(x, f)| *x -= along * f);
                }
            }
            let error = rest.iter().zip(weights).map(|(x, w)| (x * w).abs()).fold(0.0, f64::max);
            if error <= ACCURACY {
                continue;
            }
            if self.basis.len() == FACTORS + 10 {
                return false;
            }
            let norm = rest.iter().map(|x| x * x).sum::<f64>().sqrt();
            rest.iter_mut().for_each(|x| *x /= norm);
            let matrix = congruence_of_vectors(&self.vectors, &rest);
            self.basis.push((rest, matrix));
        }
        true
    }

    /// The columns in the basis, one of it for each, by least squares with weights.
    fn coefficients(&self, columns: &[Vec<f64>], weights: &[f64]) -> Mat<f64> {
        let weighted = |a: usize, x: f64| weights[a] * x;
        let basis =
            Mat::from_fn(weights.len(), self.basis.len(), |a, s| weighted(a, self.basis[s].0[a]));
        let right = Mat::from_fn(weights.len(), columns.len(), |a, t| weighted(a, columns[t][a]));
        basis.col_piv_qr().solve_lstsq(&right)
    }

    /// Σ_s coefficients_st S_s for every t.
    fn combined(&self, coefficients: &Mat<f64>) -> Factors {
        let (side, count) = (self.vectors.rows(), coefficients.ncols());
        let coefficients =
            Mat::from_fn(coefficients.nrows(), count, |s, t| coefficients[(s, t)] as f32);
        let mut columns = Dense::zeros(side * count, side);
        columns.par_columns_mut().for_each(|(j, target)| {
            // The columns of the basis are read once for all t.
            let mut basis = Dense::zeros(side, self.basis.len());
            basis.fill_columns(self.basis.iter().map(|(_, matrix)| matrix.column(j)));
            let target = MatMut::from_column_major_slice_mut(target, side, count);
            matmul(target, Accum::Replace, basis.view(), &coefficients, 1.0, Par::Seq);
        });
        Factors { columns, count }
    }
}

impl BlockMap for FactoredMap<'_> {
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        if !self.uses_dense && !self.prepare(kernel) {
            self.increase_accuracy();
        }
        if self.uses_dense {
            return self.dense.apply(m, kernel);
        }
        apply_factors(&self.factors, m, self.spectrum.outputs())
    }

    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        self.dense.alpha_derivative(m, kernel)
    }

    fn increase_accuracy(&mut self) -> bool {
        let changes = !self.uses_dense;
        self.uses_dense = true;
        (self.basis, self.current) = (Vec::new(), None);
        self.factors = Factors { columns: Dense::zeros(1, 0), count: 0 };
        changes
    }
}

/// Σ_t Σ_j (S_t)_ij m_j (S_t)_ijᵀ, with the rows and columns of S_t ordered by output, then sample.
fn apply_factors(factors: &Factors, m: &Blocks, q: usize) -> Blocks {
    /// Samples j whose parts are added up in single precision.
    const TOGETHER: usize = 16;
    let (n, arch) = (m.len(), Arch::new());
    let parts: Vec<usize> = (0..n).step_by(TOGETHER).collect();
    let total = parts
        .into_par_iter()
        .fold(
            || vec![0.0_f64; n * q * q],
            |mut total, start| {
                let mut sums = vec![0.0_f32; n * q * q];
                let mut half = vec![0.0_f32; n * q];
                arch.dispatch(
                    #[inline(always)]
                    || {
                        for j in start..(start + TOGETHER).min(n) {
                            for t in 0..factors.count {
                                let column = |c: usize| factors.column(t, c * n + j);
                                add_congruence(&mut sums, &mut half, column, m.block(j));
                            }
                        }
                    },
                );
                total.iter_mut().zip(&sums).for_each(|(total, sum)| *total += f64::from(*sum));
                total
            },
        )
        .reduce(
            || vec![0.0_f64; n * q * q],
            |mut one, other| {
                one.iter_mut().zip(&other).for_each(|(x, y)| *x += y);
                one
            },
        );
    let mut blocks = Blocks::zeros(n, q);
    for (i, block) in blocks.entries_mut().chunks_exact_mut(q * q).enumerate() {
        for a in 0..q {
            for b in 0..=a {
                let entry = total[(a * q + b) * n + i];
                (block[a * q + b], block[b * q + a]) = (entry, entry);
            }
        }
    }
    blocks
}

/// sums_ab,i += Σ_cd S_(a,i)(c,j) m_cd S_(b,i)(d,j) for b ≤ a and all i, where `columns`(c) is column (c, j) of S.
#[inline(always)]
fn add_congruence<'s>(
    sums: &mut [f32],
    half: &mut [f32],
    columns: impl Fn(usize) -> &'s [f32],
    m: &[f64],
) {
    let q = m.len().isqrt();
    let n = half.len() / q;
    for a in 0..q {
        half.fill(0.0);
        for c in 0..q {
            let column = &columns(c)[a * n..(a + 1) * n];
            for (d, half) in half.chunks_exact_mut(n).enumerate() {
                let weight = m[c * q + d] as f32;
                for (x, y) in half.iter_mut().zip(column) {
                    *x += weight * y;
                }
            }
        }
        for b in 0..=a {
            let sum = &mut sums[(a * q + b) * n..(a * q + b + 1) * n];
            for (d, half) in half.chunks_exact(n).enumerate() {
                let column = &columns(d)[b * n..(b + 1) * n];
                for ((x, y), z) in sum.iter_mut().zip(half).zip(column) {
                    *x += y * z;
                }
            }
        }
    }
}

/// c_t with κ ≈ Σ_t c_t c_tᵀ to within [`ACCURACY`]; `None` if there would be more than [`FACTORS`].
fn pivoted_cholesky(values: &[f64], kernel: Kernel) -> Option<Vec<Vec<f64>>> {
    let diagonal: Vec<f64> = values.iter().map(|a| kernel.entry(*a, *a)).collect();
    let mut left = diagonal.clone();
    let mut columns: Vec<Vec<f64>> = Vec::new();
    loop {
        let share = |a: &usize| left[*a] / diagonal[*a];
        let pivot = (0..values.len()).max_by(|a, b| share(a).total_cmp(&share(b)))?;
        if share(&pivot) <= ACCURACY {
            return Some(columns);
        }
        if columns.len() == FACTORS {
            return None;
        }
        let root = left[pivot].sqrt();
        let entry = |(a, value): (usize, &f64)| {
            let known: f64 = columns.iter().map(|column| column[a] * column[pivot]).sum();
            (kernel.entry(*value, values[pivot]) - known) / root
        };
        let column: Vec<f64> = values.iter().enumerate().map(entry).collect();
        left.iter_mut().zip(&column).for_each(|(left, c)| *left -= c * c);
        columns.push(column);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gram::Gram;
    use crate::linalg::Vector;
    use crate::optimizer::OptimizerSettings;

    #[test]
    fn agrees_with_the_dense_products() {
        for q in [1, 3] {
            let n = 12;
            let entry = |i: usize, j: usize| {
                (((i * 37 + j * 101 + i * j) % 17) as f64 - 8.0) / (1.0 + i as f64)
            };
            let rows = Mat::from_fn(n * q, 50, entry);
            let gram = Gram::new(&rows * rows.transpose(), q).unwrap();
            let spectrum = Spectrum::of(&gram).unwrap();
            let mut factored = FactoredMap::new(&spectrum);
            let mut exact = DenseMap::exact(&spectrum);
            let mut m = Blocks::identity(n, q);
            for (k, x) in m.entries_mut().iter_mut().enumerate() {
                *x += (k % 5) as f64 / 10.0;
            }
            m.raise_to(&vec![0.1; n]);
            let settings = OptimizerSettings { momentum: 0.8, ..OptimizerSettings::default() };
            for (scale, alpha) in [(3.0, 0.0), (1.2, 0.9), (40.0, 0.5), (0.7, 0.99)] {
                for nesterov in [false, true] {
                    let optimizer = OptimizerSettings { nesterov, ..settings }.optimizer().unwrap();
                    let scale = if nesterov { 3.0 * scale } else { scale };
                    let kernel = Kernel::new(optimizer, scale, alpha);
                    factored.current = None;
                    let found = factored.apply(&m, kernel);
                    let expected = exact.apply(&m, kernel);
                    let mut difference = found.clone();
                    difference.add_scaled(-1.0, &expected);
                    let error = difference.largest_norm() / expected.largest_norm();
                    assert!(error < 1e-4, "{q} {scale} {alpha} {nesterov}: {error}");
                    assert!(!factored.uses_dense);
                }
            }
        }
    }
}

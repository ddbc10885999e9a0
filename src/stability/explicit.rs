//! F_μ as an explicit matrix in single precision: costly to set up, then tens of times cheaper to
//! apply than the dense products of [`super::block_map`]. For few outputs, as it has
//! (n·q(q+1)/2)² entries.
//!
//! With y_ab = (1/λ_a + 1/λ_b)/2 and γ = α/μ, κ = (1/μ)/(y − γ). As 1/y = Σ_t w_t e^{−τ_t y},
//!   Bd(V[(1/y) ∘ VᵀmV]Vᵀ)_i = Σ_t w_t Σ_j (S_t)_ij m_j (S_t)_ijᵀ, S_t = V e^{−τ_t/2Λ} Vᵀ,
//! and the matrix is Σ_t w_t (S_t)_ij ⊗ (S_t)_ij on symmetric blocks. Every μ and B shares it through
//! 1/(y − γ) = 1/y + γ/y² + γ²/(y²(y − γ)): the first two terms are such matrices, and the third matters
//! only where y is of the order of γ < 1, among the leading eigenvectors, where 1/(y − γ) is exact.

use faer::{Accum, get_global_parallelism, linalg::matmul::matmul};
use rayon::prelude::*;

use super::{
    block_map::{BlockMap, Kernel, PerronMap},
    blocks::Blocks,
    dense::Dense,
    exponentials::Exponentials,
    spectrum::Spectrum,
};

/// F_μ from two matrices and a correction on the leading eigenvectors.
pub struct Explicit {
    layout: Layout,
    /// For 1/y + γ/y².
    matrix: Dense<f32>,
    /// For 1/y².
    slope: Dense<f32>,
    gamma: f64,
    leading: BlockMap<'static, f32>,
    /// 1/y and 1/y² as the matrices have them, for the leading eigenvectors.
    approximations: [Dense<f64>; 2],
}

impl Explicit {
    /// Eigenvalues above this part of the largest are leading: (γ/y)² is below 1e-6 elsewhere.
    const LEADING: f64 = 5e-4;
    /// Absolute accuracy of 1/y, relative to 1/n, as n contributions add up.
    const RESOLUTION: f64 = 1e-6;

    /// About one product of nq×r matrices for each of some 30 exponentials.
    pub fn new(spectrum: &Spectrum) -> Self {
        let layout = Layout::new(spectrum.samples(), spectrum.outputs());
        let largest = spectrum.sharpness();
        let values: Vec<f64> = spectrum.eigenvalues().iter().map(|v| v / largest).collect();
        let count = values.iter().take_while(|value| **value > Self::LEADING).count();
        let edge = values.get(count).copied().unwrap_or(Self::LEADING);
        let exponentials =
            Exponentials::new(0.5 + 0.5 / edge, Self::RESOLUTION / spectrum.samples() as f64);
        let side = layout.side();
        let mut matrices = [Dense::zeros(side, side), Dense::zeros(side, side)];
        accumulate(&layout, spectrum, &values, &exponentials, &mut matrices);
        let [matrix, slope] = matrices;
        let approximate = |f: &(dyn Fn(f64) -> f64 + Sync)| {
            let mut table = Dense::zeros(count, count);
            table.par_columns_mut().for_each(|(b, column): (usize, &mut [f64])| {
                for (a, entry) in column.iter_mut().enumerate().skip(b) {
                    *entry = f(0.5 / values[a] + 0.5 / values[b]);
                }
            });
            table
        };
        let approximations = [
            approximate(&|y| exponentials.reciprocal(y)),
            approximate(&|y| exponentials.reciprocal_square(y)),
        ];
        let leading = BlockMap::leading(spectrum, count);
        Self { layout, matrix, slope, gamma: 0.0, leading, approximations }
    }

    fn shift_to(&mut self, gamma: f64) {
        let step = (gamma - self.gamma) as f32;
        let slope = &self.slope;
        self.matrix.par_columns_mut().for_each(|(j, column)| {
            column.iter_mut().zip(slope.column(j)).for_each(|(x, s)| *x += step * s);
        });
        self.gamma = gamma;
    }

    /// y of two leading eigenvectors.
    fn mean_inverse(&self, a: usize, b: usize) -> f64 {
        let values = self.leading.eigenvalues();
        0.5 / values[a] + 0.5 / values[b]
    }
}

impl PerronMap for Explicit {
    fn blocks(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        let gamma = kernel.alpha / kernel.mu;
        if gamma != self.gamma {
            self.shift_to(gamma);
        }
        let [first, second] = &self.approximations;
        let correction = self.leading.image_with(m, |a, b| {
            let known = first.column(b)[a] + gamma * second.column(b)[a];
            1.0 / (self.mean_inverse(a, b) - gamma) - known
        });
        let mut blocks = self.layout.apply(&self.matrix, m);
        blocks.add_scaled(1.0, &correction.blocks);
        blocks.scale(1.0 / kernel.mu);
        blocks
    }

    fn slope(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        let gamma = kernel.alpha / kernel.mu;
        let second = &self.approximations[1];
        let correction = self
            .leading
            .image_with(m, |a, b| (self.mean_inverse(a, b) - gamma).powi(-2) - second.column(b)[a]);
        let mut blocks = self.layout.apply(&self.slope, m);
        blocks.add_scaled(1.0, &correction.blocks);
        blocks.dot(m) / kernel.mu.powi(2)
    }
}

/// Blocks as vectors: entry (a, b), a ≤ b, of every sample in one run, those off the diagonal times
/// √2, so that ⟨m, m'⟩ is the inner product of the vectors.
struct Layout {
    samples: usize,
    outputs: usize,
    pairs: Vec<(usize, usize)>,
}

impl Layout {
    fn new(samples: usize, outputs: usize) -> Self {
        let pairs = (0..outputs).flat_map(|b| (0..=b).map(move |a| (a, b))).collect();
        Self { samples, outputs, pairs }
    }

    fn side(&self) -> usize {
        self.samples * self.pairs.len()
    }

    fn norm((a, b): (usize, usize)) -> f64 {
        if a == b { 1.0 } else { std::f64::consts::SQRT_2 }
    }

    fn apply(&self, matrix: &Dense<f32>, m: &Blocks) -> Blocks {
        let (n, q) = (self.samples, self.outputs);
        let mut vector = vec![0.0_f32; self.side()];
        for (plane, &(a, b)) in vector.chunks_exact_mut(n).zip(&self.pairs) {
            for (entry, block) in plane.iter_mut().zip(m.iter()) {
                *entry = (Self::norm((a, b)) * block[b * q + a]) as f32;
            }
        }
        // The matrix is symmetric: its columns are its rows.
        let image: Vec<f64> =
            (0..self.side()).into_par_iter().map(|j| dot(matrix.column(j), &vector)).collect();
        let mut blocks = Blocks::zeros(n, q);
        for (plane, &(a, b)) in image.chunks_exact(n).zip(&self.pairs) {
            let targets = blocks.entries_mut().chunks_exact_mut(q * q);
            for (block, entry) in targets.zip(plane) {
                let value = entry / Self::norm((a, b));
                block[b * q + a] = value;
                block[a * q + b] = value;
            }
        }
        blocks
    }
}

/// Inner product with sums of 256 terms in single and the rest in double precision.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    const LANES: usize = 32;
    let part = |a: &[f32], b: &[f32]| {
        let mut lanes = [0.0_f32; LANES];
        let (a_chunks, b_chunks) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
        let rest: f32 =
            a_chunks.remainder().iter().zip(b_chunks.remainder()).map(|(x, y)| x * y).sum();
        for (x, y) in a_chunks.zip(b_chunks) {
            for k in 0..LANES {
                lanes[k] += x[k] * y[k];
            }
        }
        f64::from(rest) + lanes.iter().map(|x| f64::from(*x)).sum::<f64>()
    };
    a.chunks(LANES * 8).zip(b.chunks(LANES * 8)).map(|(a, b)| part(a, b)).sum()
}

/// Adds Σ_t w_t S_t ⊗ S_t and Σ_t w_t τ_t S_t ⊗ S_t.
fn accumulate(
    layout: &Layout,
    spectrum: &Spectrum,
    values: &[f64],
    exponentials: &Exponentials,
    matrices: &mut [Dense<f32>; 2],
) {
    /// Terms of one pass over the matrices, which are far larger than any cache.
    const TOGETHER: usize = 4;
    let vectors = by_output(spectrum);
    for terms in exponentials.terms.chunks(TOGETHER) {
        let factors: Vec<(Dense<f32>, f32, f32)> = terms
            .iter()
            .map(|&(tau, weight)| {
                (exponential(&vectors, values, tau), weight as f32, (weight * tau) as f32)
            })
            .collect();
        let [matrix, slope] = &mut *matrices;
        matrix.par_columns_mut().zip(slope.par_columns_mut()).for_each(
            |((j, first), (_, second))| {
                for factor in &factors {
                    add_product(layout, factor, j, first, second);
                }
            },
        );
    }
    add_constant(layout, spectrum, exponentials.constant, &mut matrices[0]);
}

/// V with rows ordered by output, then sample.
fn by_output(spectrum: &Spectrum) -> Dense<f32> {
    let (n, q) = (spectrum.samples(), spectrum.outputs());
    let vectors = spectrum.vectors();
    let mut sorted = Dense::zeros(vectors.rows(), vectors.columns());
    sorted.par_columns_mut().for_each(|(k, column)| {
        for (row, v) in vectors.column(k).iter().enumerate() {
            column[row % q * n + row / q] = *v as f32;
        }
    });
    sorted
}

/// S = V e^{−τ/2Λ} Vᵀ.
fn exponential(vectors: &Dense<f32>, values: &[f64], tau: f64) -> Dense<f32> {
    /// e^{−18} = 1.5e-8 is below the roundoff of what is kept.
    const DECAYED: f64 = 18.0;
    let factor = |value: f64| (-tau / (4.0 * value)).exp();
    let count = values.iter().take_while(|value| tau / (2.0 * **value) < DECAYED).count();
    let mut scaled = Dense::zeros(vectors.rows(), count);
    scaled.par_columns_mut().for_each(|(k, column)| {
        let factor = factor(values[k]) as f32;
        column.iter_mut().zip(vectors.column(k)).for_each(|(x, v)| *x = factor * v);
    });
    let mut result = Dense::zeros(vectors.rows(), vectors.rows());
    let (left, right) = (scaled.view(), scaled.view().transpose());
    matmul(result.view_mut(), Accum::Replace, left, right, 1.0, get_global_parallelism());
    result
}

/// Column j = (c, d; sample) of S ⊗ S on symmetric blocks, times both weights.
fn add_product(
    layout: &Layout,
    (s, weight, slope_weight): &(Dense<f32>, f32, f32),
    j: usize,
    first: &mut [f32],
    second: &mut [f32],
) {
    let n = layout.samples;
    let (pair, sample) = (layout.pairs[j / n], j % n);
    let (left, right) = (s.column(pair.0 * n + sample), s.column(pair.1 * n + sample));
    let planes = first.chunks_exact_mut(n).zip(second.chunks_exact_mut(n));
    for ((first, second), &(a, b)) in planes.zip(&layout.pairs) {
        let norm = (0.5 * Layout::norm(pair) * Layout::norm((a, b))) as f32;
        let (w, ws) = (norm * weight, norm * slope_weight);
        let plane = |k: usize| k * n..(k + 1) * n;
        let (la, lb) = (&left[plane(a)], &left[plane(b)]);
        let (ra, rb) = (&right[plane(a)], &right[plane(b)]);
        for i in 0..n {
            let product = la[i] * rb[i] + ra[i] * lb[i];
            first[i] += w * product;
            second[i] += ws * product;
        }
    }
}

/// Adds c·P ⊗ P for P = VVᵀ, the limit of S_t for small τ.
fn add_constant(layout: &Layout, spectrum: &Spectrum, constant: f64, matrix: &mut Dense<f32>) {
    let vectors = by_output(spectrum);
    let everything = vec![1.0; spectrum.rank()];
    let projection = (exponential(&vectors, &everything, 0.0), constant as f32, 0.0);
    matrix.par_columns_mut().for_each(|(j, column)| {
        let mut unused = vec![0.0; column.len()];
        add_product(layout, &projection, j, column, &mut unused);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curvature::gram::Gram;
    use faer::Mat;

    #[test]
    fn agrees_with_the_dense_products() {
        let (n, q) = (12, 3);
        let entry = |i: usize, j: usize| {
            (((i * 37 + j * 101 + i * j) % 17) as f64 - 8.0) / (1.0 + i as f64)
        };
        let rows = Mat::from_fn(n * q, 50, entry);
        let gram = Gram::new(&rows * rows.transpose(), q).unwrap();
        let spectrum = Spectrum::of(&gram).unwrap();
        let mut explicit = Explicit::new(&spectrum);
        let mut exact = BlockMap::exact(&spectrum);
        let mut m = Blocks::identity(n, q);
        for (k, x) in m.entries_mut().iter_mut().enumerate() {
            *x += (k % 5) as f64 / 10.0;
        }
        m.raise_to(&vec![0.1; n]);
        for kernel in [(3.0, 0.0), (1.2, 0.9), (1.01, 1.0), (2.0, -1.0)] {
            let kernel = Kernel { mu: kernel.0, alpha: kernel.1 };
            let (found, expected) = (explicit.blocks(&m, kernel), exact.blocks(&m, kernel));
            let mut difference = found.clone();
            difference.add_scaled(-1.0, &expected);
            assert!(difference.largest_norm() < 1e-5 * expected.largest_norm(), "{kernel:?}");
            let (found, expected) = (explicit.slope(&m, kernel), exact.slope(&m, kernel));
            assert!((found / expected - 1.0).abs() < 1e-5, "{kernel:?} {found} {expected}");
        }
    }
}

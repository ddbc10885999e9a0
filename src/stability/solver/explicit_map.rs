//! F_μ of an additive kernel as an explicit matrix in single precision: costly to set up, then tens of
//! times cheaper to apply than the dense products of [`super::dense_map`]. For few outputs, as it has
//! (n·q(q+1)/2)² entries.
//!
//! With y_ab = (1/λ_a + 1/λ_b)/2 and γ = α/μ, κ = (1/μ)/(y − γ). As 1/(y − γ) = Σ_t w_t e^{γτ_t} e^{−τ_t y},
//!   Bd(V[1/(y − γ) ∘ VᵀmV]Vᵀ)_i = Σ_t w_t e^{γτ_t} Σ_j (S_t)_ij m_j (S_t)_ijᵀ, S_t = V e^{−τ_t/2Λ} Vᵀ,
//! and the matrix is Σ_t w_t e^{γτ_t} (S_t)_ij ⊗ (S_t)_ij on symmetric blocks. Nothing but γ ∈ [0, 1]
//! depends on B. Where y is large against 1, a parabola through three values of γ is as good as all;
//! the rest is among the leading eigenvectors, where 1/(y − γ) is put in exactly.

use faer::{
    Accum, get_global_parallelism,
    linalg::matmul::triangular::{BlockStructure, matmul},
};
use rayon::prelude::*;

use super::block_map::BlockMap;
use super::blocks::Blocks;
use super::dense_map::DenseMap;
use super::exponentials::Exponentials;
use super::packing::PackedLayout;
use crate::linalg::Vector;
use crate::linalg::dense::Dense;
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

/// F_μ from a parabola in γ and a correction among the leading eigenvectors.
pub struct ExplicitMap<'a> {
    /// For γ outside [−1, 1], which occur only where the noise of \[M\] Prop 8 is small.
    exact: DenseMap<'a, f64>,
    layout: PackedLayout,
    /// The parabola's value at `gamma`, its linear and its quadratic coefficient.
    matrices: [Dense<f32>; 3],
    gamma: f64,
    leading: DenseMap<'static, f32>,
    /// The parabola's coefficients for each pair of leading eigenvectors.
    leading_parabolas: Vec<Parabola>,
}

/// Coefficients of 1, γ and γ².
type Parabola = [f64; 3];

impl<'a> ExplicitMap<'a> {
    /// Eigenvalues above this part of the largest are leading: elsewhere y > 1/(2·LEADING), and the
    /// parabola's relative error is at most 1/(32 y³) = 2e-5.
    const LEADING: f64 = 0.04;
    /// Smaller eigenvalues than an nth of this part of the largest are treated as that large: the
    /// contribution of each to F_μ is that small a part of the largest one's, and n of them together
    /// stay below 1e-5.
    const SMALLEST: f64 = 1e-5;

    /// About half a product of nq × r matrices for each of some 20 exponentials.
    pub fn new(spectrum: &'a Spectrum) -> Self {
        let layout = PackedLayout::new(spectrum.samples(), spectrum.outputs());
        let largest = spectrum.sharpness();
        let values: Vec<f64> = spectrum.eigenvalues().iter().map(|v| v / largest).collect();
        let count = values.iter().take_while(|value| **value > Self::LEADING).count();
        let edge = 0.5 + 0.5 / values.get(count).copied().unwrap_or(Self::LEADING);
        let negligible = Self::SMALLEST / spectrum.samples() as f64;
        let smallest = (spectrum.smallest() / largest).max(negligible);
        let sum = Exponentials::new(edge, edge.max(1.0 / smallest));
        let matrices = matrices(&layout, spectrum, &values, &sum);
        let pairs = (0..count * count).into_par_iter();
        let leading_parabolas = pairs
            .map(|k| parabola_of_sum(&sum, 0.5 / values[k / count] + 0.5 / values[k % count]))
            .collect();
        let leading = DenseMap::leading(spectrum, count);
        let exact = DenseMap::exact(spectrum);
        Self { exact, layout, matrices, gamma: 0.0, leading, leading_parabolas }
    }

    /// Updates the first matrix, the parabola's value, to another γ.
    fn set_gamma(&mut self, gamma: f64) {
        let linear = (gamma - self.gamma) as f32;
        let quadratic = (gamma * gamma - self.gamma * self.gamma) as f32;
        let [matrix, first, second] = &mut self.matrices;
        matrix.par_columns_mut().for_each(|(j, column)| {
            for ((x, a), b) in column.iter_mut().zip(first.column(j)).zip(second.column(j)) {
                *x += linear * a + quadratic * b;
            }
        });
        self.gamma = gamma;
    }

    /// y and the parabola of two leading eigenvectors.
    fn pair(&self, a: usize, b: usize) -> (f64, Parabola) {
        let values = self.leading.eigenvalues();
        (0.5 / values[a] + 0.5 / values[b], self.leading_parabolas[b * values.len() + a])
    }
}

impl BlockMap for ExplicitMap<'_> {
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        let gamma = kernel.alpha / kernel.scale;
        if gamma.abs() > 1.0 {
            return self.exact.apply(m, kernel);
        }
        if gamma != self.gamma {
            self.set_gamma(gamma);
        }
        let correction = self.leading.image_with(m, |a, b| {
            let (y, [c0, c1, c2]) = self.pair(a, b);
            1.0 / (y - gamma) - (c0 + gamma * (c1 + gamma * c2))
        });
        let mut blocks = self.layout.apply(&self.matrices[0], m);
        blocks.add_scaled(1.0, &correction.blocks);
        blocks.scale(1.0 / kernel.scale);
        blocks
    }

    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        let gamma = kernel.alpha / kernel.scale;
        if gamma.abs() > 1.0 {
            return self.exact.alpha_derivative(m, kernel);
        }
        let correction = self.leading.image_with(m, |a, b| {
            let (y, [_, c1, c2]) = self.pair(a, b);
            (y - gamma).powi(-2) - (c1 + 2.0 * gamma * c2)
        });
        let mut blocks = self.layout.apply(&self.matrices[1], m);
        blocks.add_scaled(2.0 * gamma, &self.layout.apply(&self.matrices[2], m));
        blocks.add_scaled(1.0, &correction.blocks);
        blocks.dot(m) / kernel.scale.powi(2)
    }
}

/// The parabola in γ through e^{γτ} at the three Chebyshev nodes of [0, 1].
fn parabola(tau: f64) -> Parabola {
    let offset = 0.75_f64.sqrt() / 2.0;
    let [low, middle, high] = [0.5 - offset, 0.5, 0.5 + offset].map(|gamma| (gamma * tau).exp());
    // Around 1/2: middle + slope·x + bend·x².
    let slope = (high - low) / (2.0 * offset);
    let bend = (high - 2.0 * middle + low) / (2.0 * offset * offset);
    [middle - 0.5 * slope + 0.25 * bend, slope - bend, bend]
}

/// The parabola that the sum of all terms has for 1/(y − γ).
fn parabola_of_sum(sum: &Exponentials, y: f64) -> Parabola {
    let mut total = [0.0; 3];
    for (tau, weight) in &sum.terms {
        let factor = weight * (-tau * y).exp();
        total.iter_mut().zip(parabola(*tau)).for_each(|(total, c)| *total += factor * c);
    }
    total
}

/// Σ_t w_t c_t S_t ⊗ S_t for each coefficient c of the parabolas.
fn matrices(
    layout: &PackedLayout,
    spectrum: &Spectrum,
    values: &[f64],
    sum: &Exponentials,
) -> [Dense<f32>; 3] {
    /// Terms added in one pass over the matrices, which are far larger than the cache.
    const TOGETHER: usize = 4;
    let vectors = by_output(spectrum);
    let side = layout.side();
    let mut matrices = [(); 3].map(|()| Dense::zeros(side, side));
    for some in sum.terms.chunks(TOGETHER) {
        let factors: Vec<(Dense<f32>, [f32; 3])> = some
            .iter()
            .map(|&(tau, weight)| {
                let weights = parabola(tau).map(|c| (weight * c) as f32);
                (exponential(&vectors, values, tau), weights)
            })
            .collect();
        let [first, second, third] = &mut matrices;
        let columns =
            first.par_columns_mut().zip(second.par_columns_mut()).zip(third.par_columns_mut());
        columns.for_each(|(((j, first), (_, second)), (_, third))| {
            for (s, weights) in &factors {
                add_product(layout, s, *weights, j, [&mut *first, &mut *second, &mut *third]);
            }
        });
    }
    matrices
}

/// V with rows ordered by output, then sample.
pub(super) fn by_output(spectrum: &Spectrum) -> Dense<f32> {
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
    /// e^{−18} = 1.5e-8 is below the rounding of single precision.
    const DECAYED: f64 = 18.0;
    let factor = |value: f64| (-tau / (4.0 * value)).exp();
    let count = values.iter().take_while(|value| tau / (2.0 * **value) < DECAYED).count();
    let mut scaled = Dense::zeros(vectors.rows(), count);
    scaled.par_columns_mut().for_each(|(k, column)| {
        let factor = factor(values[k]) as f32;
        column.iter_mut().zip(vectors.column(k)).for_each(|(x, v)| *x = factor * v);
    });
    product_with_transpose(&scaled, &scaled)
}

/// V diag(c) Vᵀ.
pub(super) fn congruence_of_vectors(vectors: &Dense<f32>, c: &[f64]) -> Dense<f32> {
    let mut scaled = Dense::zeros(vectors.rows(), vectors.columns());
    scaled.par_columns_mut().for_each(|(k, column)| {
        let factor = c[k] as f32;
        column.iter_mut().zip(vectors.column(k)).for_each(|(x, v)| *x = factor * v);
    });
    product_with_transpose(&scaled, vectors)
}

/// The symmetric product X Yᵀ.
fn product_with_transpose(x: &Dense<f32>, y: &Dense<f32>) -> Dense<f32> {
    let side = x.rows();
    let mut lower = Dense::zeros(side, side);
    matmul(
        lower.view_mut(),
        BlockStructure::TriangularLower,
        Accum::Replace,
        x.view(),
        BlockStructure::Rectangular,
        y.view().transpose(),
        BlockStructure::Rectangular,
        1.0,
        get_global_parallelism(),
    );
    lower.mirror();
    lower
}

/// Column j = (c, d; sample) of S ⊗ S on symmetric blocks, times each weight.
fn add_product(
    layout: &PackedLayout,
    s: &Dense<f32>,
    weights: [f32; 3],
    j: usize,
    [first, second, third]: [&mut [f32]; 3],
) {
    let n = layout.samples;
    let (pair, sample) = (layout.pairs[j / n], j % n);
    let (left, right) = (s.column(pair.0 * n + sample), s.column(pair.1 * n + sample));
    let planes =
        first.chunks_exact_mut(n).zip(second.chunks_exact_mut(n)).zip(third.chunks_exact_mut(n));
    for (((first, second), third), &(a, b)) in planes.zip(&layout.pairs) {
        let norm = (0.5 * PackedLayout::weight(pair) * PackedLayout::weight((a, b))) as f32;
        let [w0, w1, w2] = weights.map(|weight| norm * weight);
        let plane = |k: usize| k * n..(k + 1) * n;
        let (la, lb) = (&left[plane(a)], &left[plane(b)]);
        let (ra, rb) = (&right[plane(a)], &right[plane(b)]);
        let (first, second, third) = (&mut first[..n], &mut second[..n], &mut third[..n]);
        for i in 0..n {
            let product = la[i] * rb[i] + ra[i] * lb[i];
            first[i] += w0 * product;
            second[i] += w1 * product;
            third[i] += w2 * product;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gram::Gram;
    use crate::optimizer::Optimizer;
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
        let mut explicit = ExplicitMap::new(&spectrum);
        let mut exact = DenseMap::exact(&spectrum);
        let mut m = Blocks::identity(n, q);
        for (k, x) in m.entries_mut().iter_mut().enumerate() {
            *x += (k % 5) as f64 / 10.0;
        }
        m.raise_to(&vec![0.1; n]);
        for kernel in [(3.0, 0.0), (1.2, 0.9), (1.01, 1.0), (2.0, -1.0)] {
            let kernel = Kernel::new(Optimizer::default(), kernel.0, kernel.1);
            let (found, expected) = (explicit.apply(&m, kernel), exact.apply(&m, kernel));
            let mut difference = found.clone();
            difference.add_scaled(-1.0, &expected);
            assert!(difference.largest_norm() < 1e-5 * expected.largest_norm(), "{kernel:?}");
            let (found, expected) =
                (explicit.alpha_derivative(&m, kernel), exact.alpha_derivative(&m, kernel));
            assert!((found / expected - 1.0).abs() < 1e-5, "{kernel:?} {found} {expected}");
        }
    }
}

//! F_μ by dense products, in single or double precision.

use std::{borrow::Cow, ops::Range};

use faer::{
    Accum, get_global_parallelism,
    linalg::matmul::triangular::{BlockStructure, matmul},
};
use rayon::prelude::*;

use super::block_map::BlockMap;
use super::blocks::Blocks;
use crate::linalg::dense::{Dense, Float};
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

/// V and Λ/λ_1 in the precision of the iterations, all columns or the leading ones.
#[derive(Debug)]
pub struct DenseMap<'a, T: Clone> {
    samples: usize,
    outputs: usize,
    eigenvalues: Vec<f64>,
    vectors: Cow<'a, Dense<T>>,
    repeated: RepeatedKernel<T>,
}

/// κ as a matrix, once the same kernel is applied again: some kernels take longer to evaluate than to read.
#[derive(Debug)]
struct RepeatedKernel<T> {
    /// (μ, α) of the last application.
    last: Option<(f64, f64)>,
    /// κ_ab for a ≥ b of that kernel.
    entries: Option<Dense<T>>,
}

/// What one application of the map gives.
#[derive(Debug, Clone)]
pub struct Image<T> {
    /// Z = κ ∘ (VᵀmV) as the lower triangular L with Z = L + Lᵀ, r × r.
    pub half: Dense<T>,
    /// w = Bd(V Z Vᵀ), that is F_μ(m)/(βn).
    pub blocks: Blocks,
}

impl<T: Float> Image<T> {
    /// ‖Z‖_F².
    pub fn squared_norm(&self) -> f64 {
        let column = |j: usize| {
            let column = &self.half.column(j)[j..];
            let below: f64 = column.iter().map(|z| z.widen().powi(2)).sum();
            2.0 * below + 2.0 * column[0].widen().powi(2)
        };
        (0..self.half.columns()).map(column).sum()
    }
}

impl<'a> DenseMap<'a, f64> {
    /// With the spectrum in double precision.
    pub fn exact(spectrum: &'a Spectrum) -> Self {
        Self::with(spectrum, Cow::Borrowed(spectrum.vectors()))
    }
}

impl DenseMap<'static, f32> {
    /// The leading `columns` eigenpairs of `spectrum`, rounded.
    pub fn leading(spectrum: &Spectrum, columns: usize) -> Self {
        let vectors = spectrum.vectors().view().subcols(0, columns);
        Self::with(spectrum, Cow::Owned(Dense::rounded(vectors)))
    }
}

impl<'a, T: Float> DenseMap<'a, T> {
    fn with(spectrum: &Spectrum, vectors: Cow<'a, Dense<T>>) -> Self {
        let kept = spectrum.eigenvalues().iter().take(vectors.columns());
        Self {
            samples: spectrum.samples(),
            outputs: spectrum.outputs(),
            eigenvalues: kept.map(|value| value / spectrum.sharpness()).collect(),
            vectors,
            repeated: RepeatedKernel { last: None, entries: None },
        }
    }

    /// The same as [`DenseMap::image`], with κ from memory from the second application on.
    fn repeated_image(&mut self, m: &Blocks, kernel: Kernel) -> Image<T> {
        let key = Some((kernel.scale, kernel.alpha));
        if self.repeated.last != key {
            self.repeated = RepeatedKernel { last: key, entries: None };
            return self.image(m, kernel);
        }
        let entries = self.repeated.entries.take();
        let entries = entries.unwrap_or_else(|| self.kernel_matrix(kernel));
        let image = self.image_with(m, |a, b| entries.column(b)[a].widen());
        self.repeated.entries = Some(entries);
        image
    }

    /// κ_ab for a ≥ b.
    fn kernel_matrix(&self, kernel: Kernel) -> Dense<T> {
        let values = &self.eigenvalues;
        let mut entries = Dense::zeros(values.len(), values.len());
        entries.par_columns_mut().for_each(|(b, column)| {
            for (entry, a) in column.iter_mut().zip(values).skip(b) {
                *entry = T::round(kernel.entry(*a, values[b]));
            }
        });
        entries
    }

    /// n.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Λ/λ_1, largest first.
    pub fn eigenvalues(&self) -> &[f64] {
        &self.eigenvalues
    }

    /// V, nq × r.
    pub fn vectors(&self) -> &Dense<T> {
        &self.vectors
    }

    /// κ ∘ (VᵀmV) and its diagonal blocks. Symmetry halves both products: nq·r(nq + r) multiplications.
    pub fn image(&self, m: &Blocks, kernel: Kernel) -> Image<T> {
        let values = &self.eigenvalues;
        self.image_with(m, |a, b| kernel.entry(values[a], values[b]))
    }

    /// The same for any symmetric κ_ab, given for a ≥ b.
    pub fn image_with(&self, m: &Blocks, kernel: impl Fn(usize, usize) -> f64 + Sync) -> Image<T> {
        let mut product = self.times_vectors(m);
        let mut half = self.project(&product);
        apply_kernel(&mut half, kernel);
        self.lift(&half, &mut product);
        let blocks = self.diagonal_blocks(&product);
        Image { half, blocks }
    }

    /// A bound on the length of the longest chain of additions behind an entry of an image's blocks:
    /// sums run over chunks, and then over the chunks' sums.
    pub fn additions(&self) -> usize {
        let chain = |terms: usize| CHUNK.min(terms) + terms.div_ceil(CHUNK);
        chain(self.vectors.rows()) + 2 * chain(self.eigenvalues.len()) + self.outputs
    }

    /// The lower triangle of Vᵀ P.
    fn project(&self, product: &Dense<T>) -> Dense<T> {
        let rank = self.eigenvalues.len();
        let mut lower = Dense::zeros(rank, rank);
        for rows in chunks(self.vectors.rows()) {
            matmul(
                lower.view_mut(),
                BlockStructure::TriangularLower,
                Accum::Add,
                self.vectors.view().subrows(rows.start, rows.len()).transpose(),
                BlockStructure::Rectangular,
                product.view().subrows(rows.start, rows.len()),
                BlockStructure::Rectangular,
                T::round(1.0),
                get_global_parallelism(),
            );
        }
        lower
    }

    /// P = V L for a lower triangular L.
    fn lift(&self, half: &Dense<T>, product: &mut Dense<T>) {
        product.fill_zero();
        for rows in chunks(self.eigenvalues.len()) {
            let (start, size) = (rows.start, rows.len());
            let vectors = self.vectors.view().subcols(start, size);
            let pieces =
                [(0..start, BlockStructure::Rectangular), (rows, BlockStructure::TriangularLower)];
            for (columns, structure) in pieces {
                matmul(
                    product.view_mut().subcols_mut(columns.start, columns.len()),
                    BlockStructure::Rectangular,
                    Accum::Add,
                    vectors,
                    BlockStructure::Rectangular,
                    half.view().submatrix(start, columns.start, size, columns.len()),
                    structure,
                    T::round(1.0),
                    get_global_parallelism(),
                );
            }
        }
    }

    /// m V, nq × r.
    fn times_vectors(&self, m: &Blocks) -> Dense<T> {
        let (q, vectors) = (self.outputs, &self.vectors);
        let mut product = Dense::zeros(vectors.rows(), vectors.columns());
        product.par_columns_mut().for_each(|(a, column)| {
            let source = vectors.column(a).chunks_exact(q);
            for ((target, source), block) in column.chunks_exact_mut(q).zip(source).zip(m.iter()) {
                for (entry, row) in target.iter_mut().zip(block.chunks_exact(q)) {
                    *entry = T::round(row.iter().zip(source).map(|(m, v)| m * v.widen()).sum());
                }
            }
        });
        product
    }

    /// Bd(P Vᵀ + V Pᵀ).
    fn diagonal_blocks(&self, product: &Dense<T>) -> Blocks {
        /// Samples of one task: few enough for their blocks to stay in cache.
        const SAMPLES: usize = 16;
        let (q, vectors) = (self.outputs, &self.vectors);
        let mut blocks = Blocks::zeros(self.samples, q);
        blocks.entries_mut().par_chunks_mut(SAMPLES * q * q).enumerate().for_each(|(c, total)| {
            let rows = c * SAMPLES * q..c * SAMPLES * q + total.len() / q;
            let mut partial = vec![0.0; total.len()];
            for columns in chunks(vectors.columns()) {
                partial.fill(0.0);
                for a in columns {
                    let v = vectors.column(a)[rows.clone()].chunks_exact(q);
                    let p = product.column(a)[rows.clone()].chunks_exact(q);
                    for ((block, v), p) in partial.chunks_exact_mut(q * q).zip(v).zip(p) {
                        add_symmetric_product(block, v, p);
                    }
                }
                total.iter_mut().zip(&partial).for_each(|(total, partial)| *total += partial);
            }
        });
        blocks
    }
}

impl<T: Float> BlockMap for DenseMap<'_, T> {
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        if kernel.is_cheap() { self.image(m, kernel) } else { self.repeated_image(m, kernel) }
            .blocks
    }

    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        self.image(m, kernel).squared_norm()
    }
}

/// Terms summed in one go: the error of a sum of N terms then grows like CHUNK + N/CHUNK and not
/// like N, in the worst case too.
const CHUNK: usize = 256;

fn chunks(length: usize) -> impl Iterator<Item = Range<usize>> {
    (0..length).step_by(CHUNK).map(move |start| start..(start + CHUNK).min(length))
}

/// Y ↦ κ ∘ Y on the lower triangle, the diagonal halved, zero above.
fn apply_kernel<T: Float>(lower: &mut Dense<T>, kernel: impl Fn(usize, usize) -> f64 + Sync) {
    lower.par_columns_mut().for_each(|(b, column)| {
        column[..b].fill(T::round(0.0));
        for (a, entry) in column.iter_mut().enumerate().skip(b) {
            *entry = T::round(entry.widen() * kernel(a, b));
        }
        column[b] = T::round(0.5 * column[b].widen());
    });
}

/// block += p vᵀ + v pᵀ.
fn add_symmetric_product<T: Float>(block: &mut [f64], v: &[T], p: &[T]) {
    for (column, (vj, pj)) in block.chunks_exact_mut(v.len()).zip(v.iter().zip(p)) {
        for (entry, (vi, pi)) in column.iter_mut().zip(v.iter().zip(p)) {
            *entry += pi.widen() * vj.widen() + vi.widen() * pj.widen();
        }
    }
}

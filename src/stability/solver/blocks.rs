//! n symmetric q × q blocks: the diagonal blocks of an nq × nq matrix.

use faer::{MatRef, Side};
use rayon::prelude::*;

use crate::linalg::Vector;

/// n symmetric q × q matrices, each stored whole, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Blocks {
    data: Vec<f64>,
    outputs: usize,
}

impl Blocks {
    /// n zero blocks.
    pub fn zeros(samples: usize, outputs: usize) -> Self {
        Self { data: vec![0.0; samples * outputs * outputs], outputs }
    }

    /// n identity blocks.
    pub fn identity(samples: usize, outputs: usize) -> Self {
        let mut blocks = Self::zeros(samples, outputs);
        blocks.add_diagonal(1.0);
        blocks
    }

    /// n.
    pub fn len(&self) -> usize {
        self.data.len() / (self.outputs * self.outputs)
    }

    /// q.
    pub fn outputs(&self) -> usize {
        self.outputs
    }

    /// Block i, q × q.
    pub fn block(&self, i: usize) -> &[f64] {
        let size = self.outputs * self.outputs;
        &self.data[i * size..(i + 1) * size]
    }

    /// All blocks in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f64]> + Clone {
        self.data.chunks_exact(self.outputs * self.outputs)
    }

    /// All entries, mutable.
    pub fn entries_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }

    /// Σ Tr m_i.
    pub fn trace(&self) -> f64 {
        self.iter().flat_map(|block| block.iter().step_by(self.outputs + 1)).sum()
    }

    /// self += value · I.
    pub fn add_diagonal(&mut self, value: f64) {
        let (size, step) = (self.outputs * self.outputs, self.outputs + 1);
        for block in self.data.chunks_exact_mut(size) {
            block.iter_mut().step_by(step).for_each(|entry| *entry += value);
        }
    }

    /// A bound on max ‖m_i‖₂: the largest trace norm bound √(Σ entries²).
    pub fn largest_norm(&self) -> f64 {
        self.iter().map(frobenius).fold(0.0, f64::max)
    }

    /// Applies `f` to the eigenvalues of every block.
    pub fn mapped(&self, f: impl Fn(f64) -> f64 + Sync) -> Self {
        let mut mapped = self.clone();
        let q = self.outputs;
        mapped.data.par_chunks_exact_mut(q * q).for_each(|block| map_eigenvalues(block, q, &f));
        mapped
    }

    /// The congruence s_i m_i s_i by the symmetric blocks s_i of `sides`.
    pub fn congruence(&self, sides: &Self) -> Self {
        let q = self.outputs;
        let mut product = self.clone();
        let pairs =
            product.data.par_chunks_exact_mut(q * q).zip(sides.data.par_chunks_exact(q * q));
        pairs.for_each(|(block, side)| {
            let side = view(side, q);
            let full = side * view(block, q) * side;
            for column in 0..q {
                for row in 0..q {
                    block[column * q + row] = 0.5 * (full[(row, column)] + full[(column, row)]);
                }
            }
        });
        product
    }

    /// Raises every eigenvalue of block i to at least `floors[i]`.
    pub fn raise_to(&mut self, floors: &[f64]) {
        let q = self.outputs;
        self.data.par_chunks_exact_mut(q * q).zip(floors).for_each(|(block, floor)| {
            map_eigenvalues(block, q, |value| value.max(*floor));
        });
    }

    /// self += `overshoot` · (other − self)₊ in every block: self ⪰ other for an overshoot of at least 1.
    pub fn raise_above(&mut self, other: &Self, overshoot: f64) {
        let q = self.outputs;
        let others = other.data.par_chunks_exact(q * q);
        self.data.par_chunks_exact_mut(q * q).zip(others).for_each(|(block, other)| {
            let mut gap: Vec<f64> =
                other.iter().zip(&*block).map(|(other, own)| other - own).collect();
            map_eigenvalues(&mut gap, q, |value| overshoot * value.max(0.0));
            block.iter_mut().zip(gap).for_each(|(own, gap)| *own += gap);
        });
    }
}

/// With the inner product ⟨m, m'⟩ = Σ Tr(m_i m'_i).
impl Vector for Blocks {
    fn dot(&self, other: &Self) -> f64 {
        self.data.dot(&other.data)
    }

    fn add_scaled(&mut self, factor: f64, other: &Self) {
        self.data.add_scaled(factor, &other.data);
    }

    fn scale(&mut self, factor: f64) {
        self.data.scale(factor);
    }
}

/// block ← U f(Λ) Uᵀ. A block that is not finite stays as it is; the certificate rejects it.
fn map_eigenvalues(block: &mut [f64], q: usize, f: impl Fn(f64) -> f64) {
    if q == 1 {
        block[0] = f(block[0]);
        return;
    }
    let Ok(eigen) = view(block, q).self_adjoint_eigen(Side::Lower) else { return };
    let (vectors, values) = (eigen.U(), eigen.S());
    let values: Vec<f64> = (0..q).map(|k| f(values[k])).collect();
    for column in 0..q {
        for row in 0..=column {
            let entry = (0..q).map(|k| vectors[(row, k)] * values[k] * vectors[(column, k)]).sum();
            block[column * q + row] = entry;
            block[row * q + column] = entry;
        }
    }
}

/// A block as a faer view.
pub fn view(block: &[f64], outputs: usize) -> MatRef<'_, f64> {
    MatRef::from_column_major_slice(block, outputs, outputs)
}

/// ‖block‖_F.
pub fn frobenius(block: &[f64]) -> f64 {
    block.iter().map(|x| x * x).sum::<f64>().sqrt()
}

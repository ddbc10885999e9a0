//! Symmetric blocks as vectors without the redundant half, for matrices that act on them.

use rayon::prelude::*;

use super::blocks::Blocks;
use crate::linalg::dense::Dense;

/// The order of the vector's entries: entry (a, b), a ≤ b, of all samples, one pair after another. Those
/// off the diagonal are multiplied by √2, so that ⟨m, m'⟩ is the inner product of the vectors.
#[derive(Debug)]
pub struct PackedLayout {
    /// n.
    pub samples: usize,
    outputs: usize,
    /// (a, b), a ≤ b, in order.
    pub pairs: Vec<(usize, usize)>,
}

impl PackedLayout {
    /// The layout of n blocks of q × q.
    pub fn new(samples: usize, outputs: usize) -> Self {
        let pairs = (0..outputs).flat_map(|b| (0..=b).map(move |a| (a, b))).collect();
        Self { samples, outputs, pairs }
    }

    /// n·q(q + 1)/2.
    pub fn side(&self) -> usize {
        self.samples * self.pairs.len()
    }

    /// 1 on the diagonal, √2 off it.
    pub fn weight((a, b): (usize, usize)) -> f64 {
        if a == b { 1.0 } else { std::f64::consts::SQRT_2 }
    }

    /// The symmetric `matrix` times m.
    pub fn apply(&self, matrix: &Dense<f32>, m: &Blocks) -> Blocks {
        let (n, q) = (self.samples, self.outputs);
        let mut vector = vec![0.0_f32; self.side()];
        for (plane, &(a, b)) in vector.chunks_exact_mut(n).zip(&self.pairs) {
            for (entry, block) in plane.iter_mut().zip(m.iter()) {
                *entry = (Self::weight((a, b)) * block[b * q + a]) as f32;
            }
        }
        // The matrix is symmetric: its columns are its rows.
        let image: Vec<f64> =
            (0..self.side()).into_par_iter().map(|j| dot(matrix.column(j), &vector)).collect();
        let mut blocks = Blocks::zeros(n, q);
        for (plane, &(a, b)) in image.chunks_exact(n).zip(&self.pairs) {
            let targets = blocks.entries_mut().chunks_exact_mut(q * q);
            for (block, entry) in targets.zip(plane) {
                let value = entry / Self::weight((a, b));
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

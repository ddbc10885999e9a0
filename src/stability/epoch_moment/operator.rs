//! Φ_η, the second moment from one epoch to the next.

use std::collections::HashMap;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::subsets::{binomial, deposit, elements, subsets};
use crate::stability::linearised::GramFactor;

/// Most multiplications of one application of Φ_η.
const MOST_MULTIPLICATIONS: f64 = 6e6;

/// The mean over all shuffles of what an epoch of plain SGD does to E θθᵀ, in the coordinates of a
/// [`GramFactor`].
#[derive(Debug, Clone)]
pub struct EpochMoment {
    rank: usize,
    /// One for each batch of the epoch.
    levels: Vec<Level>,
    /// Of every set of samples that can be a batch: rows R with RᵀR = H_b, at most `rank` of them.
    batches: HashMap<u32, Vec<f64>>,
}

/// The sets of samples that may have come up to the end of a batch.
#[derive(Debug, Clone)]
struct Level {
    sets: Vec<u32>,
    /// Places of the sets of the level before.
    before: HashMap<u32, usize>,
    /// Batch sizes: sets of places among the samples of a set.
    choices: Vec<u32>,
}

impl EpochMoment {
    /// `None` if one application would take too long.
    pub fn of(factor: &GramFactor, batch_size: usize) -> Option<Self> {
        let (n, rank) = (factor.samples(), factor.rank());
        let ends: Vec<usize> =
            (1..=n.div_ceil(batch_size.max(1))).map(|k| (k * batch_size).min(n)).collect();
        let sizes: Vec<(usize, usize)> =
            ends.iter().scan(0, |start, &end| Some((std::mem::replace(start, end), end))).collect();
        let rows = |size: usize| (size * factor.outputs()).min(rank) as f64;
        let side = rank as f64;
        let cost = |&(start, end): &(usize, usize)| {
            let height = rows(end - start);
            let step = (4.0 * height + 1.0) * side * side + 2.0 * height * height * side;
            binomial(n, end) * binomial(end, end - start) * step
        };
        let cheap = n < 32 && sizes.iter().map(cost).sum::<f64>() <= MOST_MULTIPLICATIONS;
        cheap.then(|| Self::build(factor, &sizes)).flatten()
    }

    fn build(factor: &GramFactor, sizes: &[(usize, usize)]) -> Option<Self> {
        let n = factor.samples();
        let places = |sets: &[u32]| sets.iter().enumerate().map(|(k, &set)| (set, k)).collect();
        let mut batches = HashMap::new();
        let mut levels = Vec::new();
        for &(start, end) in sizes {
            for batch in subsets(n, end - start) {
                if let std::collections::hash_map::Entry::Vacant(entry) = batches.entry(batch) {
                    entry.insert(rows_of_batch(factor, batch)?);
                }
            }
            levels.push(Level {
                sets: subsets(n, end),
                before: places(&subsets(n, start)),
                choices: subsets(end, end - start),
            });
        }
        Some(Self { rank: factor.rank(), levels, batches })
    }

    /// The side of M.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.levels.len()
    }

    /// Φ_η(M), both as rows of `rank` numbers.
    pub fn apply(&self, moment: &[f64], step_size: f64) -> Vec<f64> {
        let mut moments = vec![moment.to_vec()];
        for level in &self.levels {
            let after = |&set: &u32| self.mean_over_last_batch(level, set, &moments, step_size);
            moments = level.sets.par_iter().map(after).collect();
        }
        let moment = moments.swap_remove(0);
        // The steps take M to be symmetric; what rounding makes of it must not grow.
        let d = self.rank;
        (0..d * d).map(|at| f64::midpoint(moment[at], moment[at % d * d + at / d])).collect()
    }

    /// F of `set`.
    fn mean_over_last_batch(
        &self,
        level: &Level,
        set: u32,
        moments: &[Vec<f64>],
        step_size: f64,
    ) -> Vec<f64> {
        let members = elements(set);
        let weight = 1.0 / level.choices.len() as f64;
        let mut sum = vec![0.0; self.rank * self.rank];
        let mut step = Step { rank: self.rank, images: Vec::new(), inner: Vec::new() };
        for &choice in &level.choices {
            let batch = deposit(&members, choice);
            let source = &moments[level.before[&(set & !batch)]];
            step.add(&self.batches[&batch], step_size, weight, source, &mut sum);
        }
        sum
    }
}

/// Rows R, each of `rank` numbers, with RᵀR = H_b, the mean of the H_i of a batch.
fn rows_of_batch(factor: &GramFactor, batch: u32) -> Option<Vec<f64>> {
    let (q, rank) = (factor.outputs(), factor.rank());
    let scale = 1.0 / f64::from(batch.count_ones()).sqrt();
    let mut rows = Vec::new();
    for sample in elements(batch) {
        for k in 0..q {
            let row = factor.row(sample as usize * q + k).widened();
            let start = rows.len();
            rows.extend(row.into_iter().map(|x| scale * x));
            rows.resize(start + rank, 0.0);
        }
    }
    let height = rows.len() / rank;
    if height <= rank {
        return Some(rows);
    }
    let tall = Mat::from_fn(height, rank, |k, a| rows[k * rank + a]);
    let eigen = (tall.transpose() * &tall).self_adjoint_eigen(Side::Lower).ok()?;
    let root = |k: usize| eigen.S()[k].max(0.0).sqrt();
    Some((0..rank * rank).map(|at| root(at / rank) * eigen.U()[(at % rank, at / rank)]).collect())
}

/// Buffers of one step.
struct Step {
    rank: usize,
    images: Vec<f64>,
    inner: Vec<f64>,
}

impl Step {
    /// `target` += `weight` (I − ηRᵀR) M (I − ηRᵀR) for symmetric M = `source`.
    ///
    /// With W = RM and Z = W − (η/2)(WRᵀ)R it is M − η(RᵀZ + ZᵀR).
    fn add(
        &mut self,
        rows: &[f64],
        step_size: f64,
        weight: f64,
        source: &[f64],
        target: &mut [f64],
    ) {
        let d = self.rank;
        self.images.clear();
        self.images.resize(rows.len(), 0.0);
        for (row, image) in rows.chunks_exact(d).zip(self.images.chunks_exact_mut(d)) {
            row.iter()
                .zip(source.chunks_exact(d))
                .for_each(|(&x, line)| add_scaled(image, x, line));
        }
        self.inner.clear();
        for image in self.images.chunks_exact(d) {
            self.inner.extend(rows.chunks_exact(d).map(|row| dot(image, row)));
        }
        let height = rows.len() / d;
        for (image, inner) in
            self.images.chunks_exact_mut(d).zip(self.inner.chunks_exact(height.max(1)))
        {
            let pairs = inner.iter().zip(rows.chunks_exact(d));
            pairs.for_each(|(&x, row)| add_scaled(image, -0.5 * step_size * x, row));
        }
        add_scaled(target, weight, source);
        let factor = -weight * step_size;
        for (row, image) in rows.chunks_exact(d).zip(self.images.chunks_exact(d)) {
            for (a, line) in target.chunks_exact_mut(d).enumerate() {
                add_scaled(line, factor * row[a], image);
                add_scaled(line, factor * image[a], row);
            }
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn add_scaled(target: &mut [f64], factor: f64, source: &[f64]) {
    target.iter_mut().zip(source).for_each(|(x, y)| *x += factor * y);
}

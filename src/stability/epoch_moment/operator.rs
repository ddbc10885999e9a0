//! Φ_η, the second moment from one epoch to the next.

use std::collections::HashMap;

use faer::{Mat, Side};
use rayon::prelude::*;

use super::step::Step;
use super::subsets::{binomial, deposit, elements, subsets};
use crate::linalg::arnoldi::{PerronPair, dense_perron_pair, perron_pair};
use crate::optimizer::Optimizer;
use crate::stability::linearised::GramFactor;

/// Most numbers of z where it has a velocity.
const DENSE_SIDE: usize = 16;
/// Most multiplications of one application of Φ_η.
const MOST_MULTIPLICATIONS: f64 = 6e6;

/// The mean over all shuffles of what an epoch does to E zzᵀ in the coordinates of a [`GramFactor`]; z is θ, or
/// (θ, u) if the optimizer has a velocity.
#[derive(Debug, Clone)]
pub struct EpochMoment {
    optimizer: Optimizer,
    rank: usize,
    /// That of z.
    dimension: usize,
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
    pub fn of(factor: &GramFactor, optimizer: Optimizer, batch_size: usize) -> Option<Self> {
        let (n, rank) = (factor.samples(), factor.rank());
        let components = optimizer.rule().linear_step(1.0).components;
        let ends: Vec<usize> =
            (1..=n.div_ceil(batch_size.max(1))).map(|k| (k * batch_size).min(n)).collect();
        let sizes: Vec<(usize, usize)> =
            ends.iter().scan(0, |start, &end| Some((std::mem::replace(start, end), end))).collect();
        let rows = |size: usize| (size * factor.outputs()).min(rank) as f64;
        let side = (components * rank) as f64;
        let cost = |&(start, end): &(usize, usize)| {
            let height = rows(end - start);
            let step = (4.0 * height + 1.0) * side * side + 2.0 * height * height * side;
            binomial(n, end) * binomial(end, end - start) * step
        };
        // With a velocity Φ is decomposed as a whole.
        let small = components == 1 || components * rank <= DENSE_SIDE;
        let cheap = n < 32 && small && sizes.iter().map(cost).sum::<f64>() <= MOST_MULTIPLICATIONS;
        cheap.then(|| Self::build(factor, optimizer, components * rank, &sizes)).flatten()
    }

    fn build(
        factor: &GramFactor,
        optimizer: Optimizer,
        dimension: usize,
        sizes: &[(usize, usize)],
    ) -> Option<Self> {
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
        Some(Self { optimizer, rank: factor.rank(), dimension, levels, batches })
    }

    /// The side of M.
    pub fn dimension(&self) -> usize {
        self.dimension
    }

    /// Steps of an epoch.
    pub fn steps(&self) -> usize {
        self.levels.len()
    }

    /// ρ(Φ_η) with its eigenvector, from a symmetric `start`.
    pub(super) fn perron_pair(&self, start: Vec<f64>, accuracy: f64, step_size: f64) -> PerronPair {
        let apply = |x: &[f64]| self.apply(x, step_size);
        if self.dimension == self.rank {
            perron_pair(start, accuracy, apply)
        } else {
            dense_perron_pair(self.dimension, apply)
        }
    }

    /// Φ_η(M), both as rows of `dimension` numbers.
    pub fn apply(&self, moment: &[f64], step_size: f64) -> Vec<f64> {
        let step = self.optimizer.rule().linear_step(step_size);
        let mut moments = vec![moment.to_vec()];
        for level in &self.levels {
            let after = |&set: &u32| {
                let step = Step::new(step, self.rank);
                self.mean_over_last_batch(level, set, &moments, step)
            };
            moments = level.sets.par_iter().map(after).collect();
        }
        let moment = moments.swap_remove(0);
        // The steps take M to be symmetric; what rounding makes of it must not grow.
        let d = self.dimension;
        (0..d * d).map(|at| f64::midpoint(moment[at], moment[at % d * d + at / d])).collect()
    }

    /// F of `set`.
    fn mean_over_last_batch(
        &self,
        level: &Level,
        set: u32,
        moments: &[Vec<f64>],
        mut step: Step,
    ) -> Vec<f64> {
        let members = elements(set);
        let weight = 1.0 / level.choices.len() as f64;
        let mut sum = vec![0.0; self.dimension * self.dimension];
        for &choice in &level.choices {
            let batch = deposit(&members, choice);
            let source = &moments[level.before[&(set & !batch)]];
            step.add(&self.batches[&batch], weight, source, &mut sum);
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

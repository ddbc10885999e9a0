//! An order of the inputs in which those that are nonzero together are neighbours.

use super::super::block::LANES;

/// Samples that the order is computed from: enough to see which inputs are nonzero together.
const SAMPLES: usize = 1024;

/// A permutation of the inputs such that a sample's nonzeros fall into few lines of sixteen.
///
/// Greedy: a line starts with the input that is nonzero most often; then comes, again and again, the input
/// whose samples agree best with those of the line. For images this finds small patches.
pub(super) fn by_co_occurrence(sparse: &[f32], inputs: usize) -> Vec<u32> {
    let samples = sparse.len() / inputs;
    let step = samples.div_ceil(SAMPLES);
    let nonzero: Vec<Vec<u64>> = (0..inputs).map(|p| sample_set(sparse, inputs, p, step)).collect();
    let mut left: Vec<usize> = (0..inputs).collect();
    left.sort_by_key(|&p| (std::cmp::Reverse(count(&nonzero[p])), p));
    let mut order = Vec::with_capacity(inputs);
    while !left.is_empty() {
        let seed = left.remove(0);
        order.push(seed as u32);
        let mut line = nonzero[seed].clone();
        for _ in 1..LANES.min(left.len() + 1) {
            let (at, _) = best(&left, &nonzero, &line);
            let p = left.remove(at);
            line.iter_mut().zip(&nonzero[p]).for_each(|(line, samples)| *line |= samples);
            order.push(p as u32);
        }
    }
    order
}

/// The samples, as a bit set, in which input `p` is nonzero.
fn sample_set(sparse: &[f32], inputs: usize, p: usize, step: usize) -> Vec<u64> {
    let values: Vec<f32> = sparse.iter().skip(p).step_by(inputs * step).copied().collect();
    let bit = |(j, &x): (usize, &f32)| u64::from(x != 0.0) << j;
    values.chunks(64).map(|word| word.iter().enumerate().map(bit).sum()).collect()
}

fn count(set: &[u64]) -> u32 {
    set.iter().map(|word| word.count_ones()).sum()
}

/// The position in `left` of the input that shares most samples with the line and adds fewest.
fn best(left: &[usize], nonzero: &[Vec<u64>], line: &[u64]) -> (usize, i64) {
    let score = |p: usize| -> i64 {
        let pairs = nonzero[p].iter().zip(line);
        pairs.map(|(a, b)| i64::from((a & b).count_ones()) - i64::from((a & !b).count_ones())).sum()
    };
    let mut best = (0, i64::MIN);
    for (at, &p) in left.iter().enumerate() {
        let found = score(p);
        if found > best.1 {
            best = (at, found);
        }
    }
    best
}

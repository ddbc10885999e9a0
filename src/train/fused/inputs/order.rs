//! An order of the inputs in which those that are on together are neighbours.

use super::LANES;

/// Samples looked at: enough to see which inputs go together.
const SAMPLES: usize = 1024;

/// A permutation of the inputs such that a sample's nonzeros fall into few lines of sixteen.
///
/// Greedy: a line starts with the input that is on most often, and takes in the one whose samples agree
/// best with those the line already serves. For images this finds small patches.
pub(super) fn by_co_occurrence(sparse: &[f32], inputs: usize) -> Vec<u32> {
    let samples = sparse.len() / inputs;
    let step = samples.div_ceil(SAMPLES);
    let on: Vec<Vec<u64>> = (0..inputs).map(|p| sets(sparse, inputs, p, step)).collect();
    let mut left: Vec<usize> = (0..inputs).collect();
    left.sort_by_key(|&p| (std::cmp::Reverse(count(&on[p])), p));
    let mut order = Vec::with_capacity(inputs);
    while !left.is_empty() {
        let seed = left.remove(0);
        order.push(seed as u32);
        let mut line = on[seed].clone();
        for _ in 1..LANES.min(left.len() + 1) {
            let (at, _) = best(&left, &on, &line);
            let p = left.remove(at);
            line.iter_mut().zip(&on[p]).for_each(|(line, on)| *line |= on);
            order.push(p as u32);
        }
    }
    order
}

/// The samples, as a bit set, in which an input is on.
fn sets(sparse: &[f32], inputs: usize, p: usize, step: usize) -> Vec<u64> {
    let values: Vec<f32> = sparse.iter().skip(p).step_by(inputs * step).copied().collect();
    let bit = |(j, &x): (usize, &f32)| u64::from(x != 0.0) << j;
    values.chunks(64).map(|word| word.iter().enumerate().map(bit).sum()).collect()
}

fn count(set: &[u64]) -> u32 {
    set.iter().map(|word| word.count_ones()).sum()
}

/// The position in `left` of the input that shares most samples with the line and adds fewest.
fn best(left: &[usize], on: &[Vec<u64>], line: &[u64]) -> (usize, i64) {
    let score = |p: usize| -> i64 {
        let pairs = on[p].iter().zip(line);
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

//! Estimates how long the unfinished runs will take.

use std::collections::BTreeMap;

/// Wall times of finished runs by their kind: the batch size, or whatever makes runs take equally long.
#[derive(Debug, Clone)]
pub struct Estimate<K = usize> {
    by_kind: BTreeMap<K, (f64, u32)>,
}

impl<K> Default for Estimate<K> {
    fn default() -> Self {
        Self { by_kind: BTreeMap::new() }
    }
}

impl<K: Ord> Estimate<K> {
    /// Adds a finished run.
    pub fn add(&mut self, kind: K, seconds: f64) {
        let (total, count) = self.by_kind.entry(kind).or_default();
        *total += seconds;
        *count += 1;
    }

    /// Seconds of work in `remaining` runs, counted by kind. Each is assumed to take the mean time
    /// of the finished runs of its kind, or of all finished runs. `None` if none has finished.
    pub fn seconds(&self, remaining: &BTreeMap<K, usize>) -> Option<f64> {
        let sums = self.by_kind.values();
        let (total, count) = sums.fold((0.0, 0), |(total, count), (t, c)| (total + t, count + c));
        let overall = (count > 0).then(|| total / f64::from(count))?;
        let mean = |kind| self.by_kind.get(kind).map_or(overall, |(t, c)| t / f64::from(*c));
        Some(remaining.iter().map(|(kind, &runs)| mean(kind) * runs as f64).sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batch_sizes_have_their_own_mean() {
        let mut estimate = Estimate::default();
        assert_eq!(estimate.seconds(&BTreeMap::from([(1, 1)])), None);
        estimate.add(1, 10.0);
        estimate.add(1, 20.0);
        estimate.add(8, 3.0);
        assert_eq!(
            estimate.seconds(&BTreeMap::from([(1, 2), (8, 1), (64, 1)])),
            Some(30.0 + 3.0 + 11.0)
        );
    }
}

//! Estimates how long the unfinished runs will take.

use std::collections::BTreeMap;

/// Wall times of finished runs by batch size.
#[derive(Debug, Clone, Default)]
pub struct Estimate {
    by_batch_size: BTreeMap<usize, (f64, u32)>,
}

impl Estimate {
    /// Adds a finished run.
    pub fn add(&mut self, batch_size: usize, seconds: f64) {
        let (total, count) = self.by_batch_size.entry(batch_size).or_default();
        *total += seconds;
        *count += 1;
    }

    /// Seconds of work in `remaining` runs, counted by batch size. Each is assumed to take the mean time
    /// of the finished runs of its batch size, or of all finished runs. `None` if none has finished.
    pub fn seconds(&self, remaining: &BTreeMap<usize, usize>) -> Option<f64> {
        let sums = self.by_batch_size.values();
        let (total, count) = sums.fold((0.0, 0), |(total, count), (t, c)| (total + t, count + c));
        let overall = (count > 0).then(|| total / f64::from(count))?;
        let mean = |size| self.by_batch_size.get(&size).map_or(overall, |(t, c)| t / f64::from(*c));
        Some(remaining.iter().map(|(&size, &runs)| mean(size) * runs as f64).sum())
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

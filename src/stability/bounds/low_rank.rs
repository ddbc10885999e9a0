//! A smooth symmetric matrix as a sum of a few dyads.

/// Σ_k l_k r_kᵀ by adaptive cross approximation (Bebendorf, Numer. Math. 86, 2000).
#[derive(Debug)]
pub struct LowRank {
    terms: Vec<(Vec<f64>, Vec<f64>)>,
    side: usize,
}

impl LowRank {
    /// Of the symmetric matrix with the given entries, each column to about 1e-12 of its norm.
    pub fn of(side: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        /// Terms at most: rational functions of low degree have fewer.
        const TERMS: usize = 12;
        const ACCURACY: f64 = 1e-12;
        let mut found = Self { terms: Vec::new(), side };
        let (mut column, mut used) = (0, vec![false; side]);
        let mut largest: f64 = 0.0;
        for _ in 0..TERMS.min(side) {
            used[column] = true;
            let left: Vec<f64> =
                (0..side).map(|a| entry(a, column) - found.entry(a, column)).collect();
            let pivot = greatest(&left, |_| true);
            let size = left[pivot].abs();
            largest = largest.max(size);
            if size <= ACCURACY * largest || size == 0.0 {
                break;
            }
            let right: Vec<f64> = (0..side)
                .map(|b| (entry(pivot, b) - found.entry(pivot, b)) / left[pivot])
                .collect();
            column = greatest(&right, |b| !used[b]);
            found.terms.push((left, right));
        }
        found
    }

    fn entry(&self, a: usize, b: usize) -> f64 {
        self.terms.iter().map(|(left, right)| left[a] * right[b]).sum()
    }

    /// The matrix times `x`.
    pub fn times(&self, x: &[f64]) -> Vec<f64> {
        let mut image = vec![0.0; self.side];
        for (left, right) in &self.terms {
            let along: f64 = right.iter().zip(x).map(|(r, x)| r * x).sum();
            image.iter_mut().zip(left).for_each(|(y, l)| *y += along * l);
        }
        image
    }
}

/// Where |x_k| is largest among the allowed k.
fn greatest(x: &[f64], allowed: impl Fn(usize) -> bool) -> usize {
    let candidates = (0..x.len()).filter(|k| allowed(*k));
    candidates.max_by(|i, j| x[*i].abs().total_cmp(&x[*j].abs())).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rational_kernel_takes_few_terms() {
        let values: Vec<f64> = (0..60).map(|k| 10.0_f64.powf(-f64::from(k) / 12.0)).collect();
        let entry = |a: usize, b: usize| {
            let (x, y) = (values[a], values[b]);
            (x + y + 0.3 * (x - y).powi(2) - 0.2 * x * y) / (1.0 + 0.4 * (x + y) + 0.1 * x * y)
        };
        let found = LowRank::of(60, entry);
        assert!(found.terms.len() <= 10);
        let x: Vec<f64> = (0..60).map(|k| f64::from(k % 7)).collect();
        for (a, y) in found.times(&x).into_iter().enumerate() {
            let expected: f64 = (0..60).map(|b| entry(a, b) * x[b]).sum();
            assert!((y - expected).abs() < 1e-9 * expected.abs(), "{a}: {y} {expected}");
        }
    }
}

//! Random batches one after another, as simulations draw them.

use rand::Rng;

use super::BatchProcess;
use super::coefficients::SamplingError;
use super::permutation::Permutation;

/// A batch and how it is averaged: the step is (η/divisor) Σ_{i∈samples} ∇ℓ_i.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch<'b> {
    /// The samples, each as often as it was drawn.
    pub samples: &'b [usize],
    /// Number of samples, or B where the number of samples is random (Bernoulli sampling).
    pub divisor: f64,
}

/// Draws the batches of a [`BatchProcess`]; only the generator is random, so equal generators give
/// equal batches.
#[derive(Debug, Clone)]
pub struct Batches {
    process: BatchProcess,
    permutation: Permutation,
    batch: Vec<usize>,
}

impl Batches {
    /// Batches of `samples` = n samples.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn new(process: BatchProcess, samples: usize) -> Result<Self, SamplingError> {
        process.coefficients(samples)?;
        Ok(Self { process, permutation: Permutation::new(samples), batch: Vec::new() })
    }

    /// The next batch.
    pub fn draw(&mut self, rng: &mut impl Rng) -> Batch<'_> {
        self.batch.clear();
        let divisor = self.process.draw(&mut self.permutation, &mut self.batch, rng);
        Batch { samples: &self.batch, divisor }
    }

    /// E |batch|, each sample counted as often as it is drawn.
    pub fn mean_size(&self) -> f64 {
        self.process.mean_batch_size(self.permutation.samples())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Sampling;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn an_epoch_has_every_sample_once_in_random_order() {
        let (n, batch_size) = (7, 3);
        let process = BatchProcess::shuffled(batch_size);
        let mut batches = Batches::new(process, n).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        assert_eq!((process.period(n), batches.mean_size()), (3, 7.0 / 3.0));
        let mut last = vec![0_u32; n];
        for _ in 0..3000 {
            let mut seen = vec![];
            for size in [3, 3, 1] {
                let batch = batches.draw(&mut rng);
                assert_eq!((batch.samples.len(), batch.divisor), (size, size as f64));
                seen.extend_from_slice(batch.samples);
            }
            last[seen[n - 1]] += 1;
            seen.sort_unstable();
            assert_eq!(seen, (0..n).collect::<Vec<_>>());
        }
        // 3000/7 = 429 with a standard deviation of 19.
        assert!(last.iter().all(|count| (330..530).contains(count)), "{last:?}");
    }

    /// E[w wᵀ] of the weights w_i = (times i was drawn)/divisor decides about mean-square
    /// stability: α/n² everywhere and β/n more on the diagonal.
    #[test]
    fn weights_have_the_second_moments_of_their_coefficients() {
        let (n, batch_size, draws) = (5, 2, 200_000);
        let sgd = |sampling| BatchProcess::independent(sampling, batch_size);
        let processes = [
            sgd(Sampling::Distinct),
            sgd(Sampling::Independent),
            sgd(Sampling::Bernoulli),
            BatchProcess::mixture(0.4),
        ];
        for process in processes {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let mut batches = Batches::new(process, n).unwrap();
            let (mut square, mut product, mut mean) = (0.0, 0.0, 0.0);
            for _ in 0..draws {
                let batch = batches.draw(&mut rng);
                let count = |i| batch.samples.iter().filter(|&&k| k == i).count() as f64;
                let (a, b) = (count(1) / batch.divisor, count(3) / batch.divisor);
                (square, product, mean) = (square + a * a, product + a * b, mean + a);
            }
            let c = process.coefficients(n).unwrap();
            let n = n as f64;
            let expected = [c.alpha / n / n + c.beta / n, c.alpha / n / n, 1.0 / n];
            for (sum, expected) in [square, product, mean].into_iter().zip(expected) {
                let found = sum / f64::from(draws);
                assert!((found - expected).abs() < 0.004, "{process:?}: {found} {expected}");
            }
        }
    }
}

//! Random batches, drawn as SGD draws them.

use rand::{Rng, RngExt};

use super::sampling::{Coefficients, Sampling, SamplingError};

/// What a step is made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Process {
    /// SGD: a batch of B samples.
    Sgd {
        /// How the batch is drawn.
        sampling: Sampling,
        /// B.
        batch_size: usize,
    },
    /// SGD on shuffled epochs: every sample once before any of them again, B at a time; what is left
    /// of an epoch is a smaller batch.
    Epochs {
        /// B.
        batch_size: usize,
    },
    /// One sample with this probability, the full batch otherwise (\[M\] Prop 7).
    Mixture {
        /// p.
        single: f64,
    },
}

impl Process {
    /// (α, β) of one batch of the process, on which mean-square stability depends where batches are
    /// independent of each other; those of epochs are not.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn coefficients(self, samples: usize) -> Result<Coefficients, SamplingError> {
        match self {
            Self::Sgd { sampling, batch_size } => sampling.coefficients(samples, batch_size),
            Self::Epochs { batch_size } => Sampling::Distinct.coefficients(samples, batch_size),
            Self::Mixture { single } => Ok(Coefficients { alpha: 1.0 - single, beta: single }),
        }
    }

    /// Steps after which the process begins anew: those of an epoch, 1 where batches are independent.
    pub fn period(self, samples: usize) -> u64 {
        match self {
            Self::Epochs { batch_size } => samples.div_ceil(batch_size.max(1)) as u64,
            Self::Sgd { .. } | Self::Mixture { .. } => 1,
        }
    }

    /// The mixture with the thresholds of SGD on B distinct samples: p = (n − B)/(B(n − 1)).
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn equivalent_mixture(samples: usize, batch_size: usize) -> Result<Self, SamplingError> {
        let single = Sampling::Distinct.coefficients(samples, batch_size)?.beta;
        Ok(Self::Mixture { single })
    }
}

/// A batch and how it is averaged: the step is (η/divisor) Σ_{i∈samples} ∇ℓ_i.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch<'b> {
    /// The samples, each as often as it was drawn.
    pub samples: &'b [usize],
    /// B, also where Bernoulli sampling drew another number of samples.
    pub divisor: f64,
}

/// Draws the batches of a [`Process`]; only the generator is random, so equal generators give
/// equal batches.
#[derive(Debug, Clone)]
pub struct Batches {
    process: Process,
    samples: usize,
    /// A permutation of the samples, for draws without replacement.
    deck: Vec<usize>,
    /// How many of the deck have been drawn in this epoch.
    drawn: usize,
    batch: Vec<usize>,
}

impl Batches {
    /// Batches of `samples` = n samples.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn new(process: Process, samples: usize) -> Result<Self, SamplingError> {
        process.coefficients(samples)?;
        Ok(Self { process, samples, deck: (0..samples).collect(), drawn: 0, batch: Vec::new() })
    }

    /// The next batch.
    pub fn draw(&mut self, rng: &mut impl Rng) -> Batch<'_> {
        self.batch.clear();
        let mut divisor = None;
        match self.process {
            Process::Sgd { sampling, batch_size } => {
                self.draw_sgd(sampling, batch_size, rng);
                divisor = Some(batch_size as f64);
            }
            Process::Epochs { batch_size } => self.draw_of_epoch(batch_size, rng),
            Process::Mixture { single } if rng.random_bool(single) => {
                self.batch.push(rng.random_range(0..self.samples));
            }
            Process::Mixture { .. } => self.batch.extend(0..self.samples),
        }
        let divisor = divisor.unwrap_or(self.batch.len() as f64);
        Batch { samples: &self.batch, divisor }
    }

    /// E |batch|, each sample counted as often as it is drawn.
    pub fn mean_size(&self) -> f64 {
        match self.process {
            Process::Sgd { batch_size, .. } => batch_size as f64,
            Process::Epochs { .. } => {
                self.samples as f64 / self.process.period(self.samples) as f64
            }
            Process::Mixture { single } => single + (1.0 - single) * self.samples as f64,
        }
    }

    fn draw_sgd(&mut self, sampling: Sampling, batch_size: usize, rng: &mut impl Rng) {
        let n = self.samples;
        match sampling {
            Sampling::Distinct => self.draw_distinct(batch_size, rng),
            Sampling::Independent => {
                self.batch.extend((0..batch_size).map(|_| rng.random_range(0..n)));
            }
            Sampling::Bernoulli => {
                let probability = batch_size as f64 / n as f64;
                self.batch.extend((0..n).filter(|_| rng.random_bool(probability)));
            }
        }
    }

    /// The first B steps of a Fisher–Yates shuffle; a shuffled deck is as good a start as a
    /// sorted one.
    fn draw_distinct(&mut self, batch_size: usize, rng: &mut impl Rng) {
        self.shuffle(0, batch_size, rng);
        self.batch.extend_from_slice(&self.deck[..batch_size]);
    }

    /// The next cards of a deck that is shuffled as it is dealt.
    fn draw_of_epoch(&mut self, batch_size: usize, rng: &mut impl Rng) {
        let start = if self.drawn == self.samples { 0 } else { self.drawn };
        self.drawn = (start + batch_size).min(self.samples);
        self.shuffle(start, self.drawn, rng);
        self.batch.extend_from_slice(&self.deck[start..self.drawn]);
    }

    fn shuffle(&mut self, start: usize, end: usize, rng: &mut impl Rng) {
        for k in start..end {
            let other = rng.random_range(k..self.samples);
            self.deck.swap(k, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn an_epoch_has_every_sample_once_in_random_company() {
        let (n, batch_size) = (7, 3);
        let process = Process::Epochs { batch_size };
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
        let sgd = |sampling| Process::Sgd { sampling, batch_size };
        let processes = [
            sgd(Sampling::Distinct),
            sgd(Sampling::Independent),
            sgd(Sampling::Bernoulli),
            Process::Mixture { single: 0.4 },
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

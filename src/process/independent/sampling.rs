//! How the B samples of one batch are drawn from n.

use std::{fmt, str::FromStr};

use rand::Rng;
use serde::{Deserialize, Serialize};

use super::bernoulli::Bernoulli;
use super::distinct::Distinct;
use super::kind::SamplingKind;
use super::with_replacement::WithReplacement;
use crate::process::coefficients::{Coefficients, SamplingError};
use crate::process::permutation::Permutation;

/// How the B samples of a batch are drawn from n.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// B distinct samples, uniformly (\[M\] §2).
    #[default]
    Distinct,
    /// B independent draws, with replacement.
    Independent,
    /// Every sample with probability B/n, the step scaled by 1/B (\[D\] §2).
    Bernoulli,
}

/// An associated constant, or the value of an associated function, of the [`SamplingKind`] that a
/// sampling stands for.
macro_rules! dispatch {
    ($sampling:expr, $item:ident $($arguments:tt)*) => {
        match $sampling {
            Sampling::Distinct => Distinct::$item $($arguments)*,
            Sampling::Independent => WithReplacement::$item $($arguments)*,
            Sampling::Bernoulli => Bernoulli::$item $($arguments)*,
        }
    };
}

impl Sampling {
    /// Every sampling with its word, the default first.
    pub const WORDS: [(&'static str, Self); 3] = [
        (Distinct::NAME, Self::Distinct),
        (WithReplacement::NAME, Self::Independent),
        (Bernoulli::NAME, Self::Bernoulli),
    ];

    /// The same with another default, which comes first.
    pub fn words_with_default(default: Self) -> [(&'static str, Self); 3] {
        let mut words = Self::WORDS;
        words.sort_by_key(|(_, sampling)| *sampling != default);
        words
    }

    /// (α, β) for `samples` = n and `batch_size` = B.
    ///
    /// ```
    /// # use etastar::process::{Sampling, SamplingError};
    /// let single = Sampling::Distinct.coefficients(100, 1)?;
    /// assert_eq!((single.alpha, single.beta), (0.0, 1.0));
    /// let full = Sampling::Distinct.coefficients(100, 100)?;
    /// assert_eq!((full.alpha, full.beta), (1.0, 0.0));
    /// # Ok::<(), SamplingError>(())
    /// ```
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn coefficients(
        self,
        samples: usize,
        batch_size: usize,
    ) -> Result<Coefficients, SamplingError> {
        if batch_size == 0 || batch_size > samples {
            return Err(SamplingError::BatchSize { batch_size, samples });
        }
        Ok(dispatch!(self, coefficients(samples, batch_size)))
    }

    /// The distribution of the number of draws of a batch that are among k of the n samples: its values
    /// in ascending order, each with its probability.
    pub fn count_distribution(
        self,
        samples: usize,
        batch_size: usize,
        k: usize,
    ) -> impl Iterator<Item = (usize, f64)> {
        let largest = dispatch!(self, largest_count(batch_size, k));
        let probability =
            move |count| dispatch!(self, count_probability(samples, batch_size, k, count));
        (0..=largest).map(move |count| (count, probability(count)))
    }

    /// Whether a batch is B distinct samples, as in \[M\].
    pub fn is_without_replacement(self) -> bool {
        dispatch!(self, WITHOUT_REPLACEMENT)
    }

    /// The word for it in settings, arguments and results.
    pub fn name(self) -> &'static str {
        dispatch!(self, NAME)
    }

    /// Adds the samples of one batch to `batch`.
    pub(in crate::process) fn draw(
        self,
        batch_size: usize,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) {
        dispatch!(self, draw(batch_size, permutation, batch, rng));
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Sampling {
    type Err = SamplingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == name);
        found.map(|(_, sampling)| *sampling).ok_or_else(|| {
            let [others @ .., last] = Self::WORDS.map(|(word, _)| word);
            let known = format!("{} or {last}", others.join(", "));
            SamplingError::UnknownName { name: name.to_owned(), known }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Sampling; 3] = [Sampling::Distinct, Sampling::Independent, Sampling::Bernoulli];

    #[test]
    fn the_full_batch_has_no_noise() {
        for samples in [1, 2, 7] {
            for sampling in [Sampling::Distinct, Sampling::Bernoulli] {
                let full = sampling.coefficients(samples, samples).unwrap();
                assert_eq!(full, Coefficients { alpha: 1.0, beta: 0.0 });
            }
        }
    }

    #[test]
    fn coefficients_are_the_second_moments_of_the_batch_mean() {
        // Scalars a_i stand for H_i; every batch is enumerated.
        let a = [1.0, -2.0, 5.0, 0.5];
        let (mean, square) = (4.5 / 4.0, (1.0 + 4.0 + 25.0 + 0.25) / 4.0);
        let pairs = |keep: fn(usize, usize) -> bool| {
            let all: Vec<f64> = (0..4)
                .flat_map(|i| (0..4).map(move |j| (i, j)))
                .filter(|&(i, j)| keep(i, j))
                .map(|(i, j)| ((a[i] + a[j]) / 2.0_f64).powi(2))
                .collect();
            all.iter().sum::<f64>() / all.len() as f64
        };
        let bernoulli: f64 = (0..16)
            .map(|set: usize| {
                let sum: f64 = (0..4).filter(|i| set >> i & 1 == 1).map(|i| a[i]).sum();
                (sum / 2.0).powi(2) / 16.0
            })
            .sum();
        let expected = [pairs(|i, j| i != j), pairs(|_, _| true), bernoulli];
        for (sampling, expected) in ALL.into_iter().zip(expected) {
            let c = sampling.coefficients(4, 2).unwrap();
            let found = c.alpha * mean * mean + c.beta * square;
            assert!((found - expected).abs() < 1e-14, "{sampling}: {found} {expected}");
        }
    }

    #[test]
    fn batch_sizes_outside_the_samples_are_refused() {
        for sampling in ALL {
            for batch_size in [0, 9] {
                let error = sampling.coefficients(8, batch_size).unwrap_err();
                assert_eq!(error, SamplingError::BatchSize { batch_size, samples: 8 });
            }
        }
    }

    #[test]
    fn names_round_trip() {
        for sampling in ALL {
            assert_eq!(sampling.to_string().parse(), Ok(sampling));
            assert_eq!(serde_json::to_string(&sampling).unwrap(), format!("\"{sampling}\""));
        }
        assert!("poisson".parse::<Sampling>().is_err());
    }

    #[test]
    fn probabilities_sum_to_one() {
        for sampling in ALL {
            for k in [1, 5, 60, 100] {
                let total: f64 = sampling.count_distribution(100, 7, k).map(|(_, p)| p).sum();
                assert!((total - 1.0).abs() < 1e-12, "{sampling} {k}: {total}");
            }
        }
    }
}

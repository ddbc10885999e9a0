//! How a batch is drawn, as the two numbers (α, β) on which mean-square stability depends.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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

/// Second moments of the batch Hessian: E[H_B ⊗ H_B] = α H⊗H + (β/n) Σ H_i⊗H_i (\[M\] eq. 9).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Weight of the full-batch term.
    pub alpha: f64,
    /// Weight of the single-sample term.
    pub beta: f64,
}

/// Why a sampling has no coefficients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamplingError {
    /// B outside 1..=n.
    #[error(
        "batch size {batch_size} is outside 1..={samples}: a batch has at least one sample and at most all {samples}"
    )]
    BatchSize { batch_size: usize, samples: usize },
    /// Not the name of a sampling.
    #[error("unknown sampling `{0}`: use distinct, independent or bernoulli")]
    UnknownName(String),
}

impl Sampling {
    /// (α, β) for `samples` = n and `batch_size` = B.
    ///
    /// ```
    /// # use etastar::stability::sampling::Sampling;
    /// let single = Sampling::Distinct.coefficients(100, 1)?;
    /// assert_eq!((single.alpha, single.beta), (0.0, 1.0));
    /// let full = Sampling::Distinct.coefficients(100, 100)?;
    /// assert_eq!((full.alpha, full.beta), (1.0, 0.0));
    /// # Ok::<(), etastar::stability::sampling::SamplingError>(())
    /// ```
    pub fn coefficients(
        self,
        samples: usize,
        batch_size: usize,
    ) -> Result<Coefficients, SamplingError> {
        if batch_size == 0 || batch_size > samples {
            return Err(SamplingError::BatchSize { batch_size, samples });
        }
        let (n, b) = (samples as f64, batch_size as f64);
        Ok(match self {
            // p = (n − B)/(B(n − 1)) is 0/0 at n = 1, where the batch is the full batch.
            Self::Distinct if batch_size == samples => Coefficients { alpha: 1.0, beta: 0.0 },
            Self::Distinct => {
                let p = (n - b) / (b * (n - 1.0));
                Coefficients { alpha: 1.0 - p, beta: p }
            }
            Self::Independent => Coefficients { alpha: 1.0 - 1.0 / b, beta: 1.0 / b },
            Self::Bernoulli => Coefficients { alpha: 1.0, beta: 1.0 / b - 1.0 / n },
        })
    }
}

impl fmt::Display for Sampling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Distinct => "distinct",
            Self::Independent => "independent",
            Self::Bernoulli => "bernoulli",
        })
    }
}

impl FromStr for Sampling {
    type Err = SamplingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "distinct" => Ok(Self::Distinct),
            "independent" => Ok(Self::Independent),
            "bernoulli" => Ok(Self::Bernoulli),
            _ => Err(SamplingError::UnknownName(name.to_owned())),
        }
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
}

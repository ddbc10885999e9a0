//! The settings that choose how a training run draws its batches.

use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::coefficients::SamplingError;
use super::epoch::Epoch;
use super::independent::{self, Sampling};
use super::{BatchProcess, mixture, shuffled};

/// `train.algorithm`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// SGD with batches of B.
    #[default]
    Sgd,
    /// Every step one sample with probability p = (n − B)/(B(n − 1)), else all of them: the process
    /// with the mean-square threshold of SGD with batches of B (\[M\] Prop 7).
    Mixture,
}

/// `train.sampling`: how the batches of an epoch of SGD are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BatchSampling {
    /// Shuffle, then consecutive batches.
    Epoch,
    /// Every batch is B distinct samples, independent of the others; ⌈n/B⌉ batches an epoch.
    Uniform,
}

impl Algorithm {
    /// Every algorithm with its word in the configuration, the default first.
    pub const WORDS: [(&'static str, Self); 2] = [("sgd", Self::Sgd), ("mixture", Self::Mixture)];

    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sgd => "sgd",
            Self::Mixture => "mixture",
        }
    }

    /// Whether all batches of an epoch have the same size, the last one aside.
    pub fn has_one_batch_size(self) -> bool {
        match self {
            Self::Sgd => true,
            Self::Mixture => false,
        }
    }
}

impl BatchSampling {
    /// Every value with its word in the configuration, the default first.
    pub const WORDS: [(&'static str, Self); 2] =
        [("epoch", Self::Epoch), ("uniform", Self::Uniform)];

    /// Shuffled epochs or independent batches.
    pub fn shuffled(shuffle: bool) -> Self {
        if shuffle { Self::Epoch } else { Self::Uniform }
    }

    /// The word in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Epoch => "epoch",
            Self::Uniform => "uniform",
        }
    }
}

/// How the batches of a training run come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchSettings {
    pub algorithm: Algorithm,
    /// How SGD's batches are drawn; the steps of a mixture are independent of each other.
    pub sampling: BatchSampling,
    /// B.
    pub batch_size: usize,
}

impl BatchSettings {
    /// The process that these settings train by, with n = `samples`.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn process(self, samples: usize) -> Result<BatchProcess, SamplingError> {
        let Self { algorithm, sampling, batch_size } = self;
        let process = match (algorithm, sampling) {
            (Algorithm::Sgd, BatchSampling::Epoch) => BatchProcess::shuffled(batch_size),
            (Algorithm::Sgd, BatchSampling::Uniform) => {
                BatchProcess::independent(Sampling::Distinct, batch_size)
            }
            (Algorithm::Mixture, _) => BatchProcess::equivalent_mixture(samples, batch_size)?,
        };
        process.coefficients(samples)?;
        Ok(process)
    }

    /// The batches of one epoch of that process, ⌈n/B⌉ of them.
    pub(super) fn epoch(self, samples: usize, random: &mut ChaCha8Rng) -> Epoch {
        let Self { algorithm, sampling, batch_size } = self;
        match (algorithm, sampling) {
            (Algorithm::Sgd, BatchSampling::Epoch) => shuffled::epoch(samples, batch_size, random),
            (Algorithm::Sgd, BatchSampling::Uniform) => {
                independent::epoch(samples, batch_size, random)
            }
            (Algorithm::Mixture, _) => mixture::epoch(samples, batch_size, random),
        }
    }

    /// Whether every epoch is one permutation of the samples, so that batches depend on each other.
    pub fn shuffles_epochs(self) -> bool {
        self.algorithm == Algorithm::Sgd && self.sampling == BatchSampling::Epoch
    }
}

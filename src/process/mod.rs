//! How batches come: which samples the next step of SGD is made of.
//!
//! | process | batches |
//! |---|---|
//! | [`IndependentBatches`] | drawn anew every step, by one [`Sampling`] of three |
//! | [`ShuffledEpochs`] | consecutive pieces of a permutation, as `DataLoader(shuffle=True)` has them |
//! | [`Mixture`] | one sample or all of them (\[M\] Prop 7) |
//!
//! [`Batches`] draws them for simulations, one after another; [`EpochSampler`] draws those of a training
//! run as its settings say, as a pure function of seed and epoch.
//!
//! A further process is a file with a `ProcessKind`, and one line each in [`BatchProcess`] and in
//! `dispatch`; for training, its setting in [`BatchSettings`], which makes the process of it and draws its epochs.

mod batches;
mod coefficients;
mod epoch;
mod independent;
mod kind;
mod mixture;
mod permutation;
mod sampler;
mod settings;
mod shuffled;

use rand::Rng;

pub use batches::{Batch, Batches};
pub use coefficients::{Coefficients, SamplingError};
pub use epoch::Epoch;
pub use independent::{IndependentBatches, Sampling};
pub use mixture::Mixture;
pub use sampler::EpochSampler;
pub use settings::{Algorithm, BatchSampling, BatchSettings};
pub use shuffled::ShuffledEpochs;

use kind::ProcessKind;
use permutation::Permutation;

/// How batches come.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum BatchProcess {
    Independent(IndependentBatches),
    Shuffled(ShuffledEpochs),
    Mixture(Mixture),
}

/// Calls a method of the [`ProcessKind`] in a [`BatchProcess`].
macro_rules! dispatch {
    ($process:expr, $method:ident($($argument:expr),*)) => {
        match $process {
            BatchProcess::Independent(kind) => kind.$method($($argument),*),
            BatchProcess::Shuffled(kind) => kind.$method($($argument),*),
            BatchProcess::Mixture(kind) => kind.$method($($argument),*),
        }
    };
}

impl BatchProcess {
    /// Independent batches of B = `batch_size`.
    pub fn independent(sampling: Sampling, batch_size: usize) -> Self {
        Self::Independent(IndependentBatches { sampling, batch_size })
    }

    /// Shuffled epochs with batches of B = `batch_size`.
    pub fn shuffled(batch_size: usize) -> Self {
        Self::Shuffled(ShuffledEpochs { batch_size })
    }

    /// One sample with probability `single`, the full batch otherwise.
    pub fn mixture(single: f64) -> Self {
        Self::Mixture(Mixture { single })
    }

    /// The mixture with the thresholds of SGD on B distinct samples: p = (n − B)/(B(n − 1)).
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn equivalent_mixture(samples: usize, batch_size: usize) -> Result<Self, SamplingError> {
        Ok(Self::mixture(Sampling::Distinct.coefficients(samples, batch_size)?.beta))
    }

    /// The process of independent batches with the same (α, β): shuffled epochs become independent
    /// batches of B distinct samples, and the others, whose batches are independent, stay.
    #[must_use]
    pub fn with_independent_batches(self) -> Self {
        match self {
            Self::Shuffled(epochs) => Self::Independent(epochs.with_independent_batches()),
            Self::Independent(_) | Self::Mixture(_) => self,
        }
    }

    /// Whether batches depend on each other because every epoch is one permutation of the samples.
    pub fn is_shuffled(self) -> bool {
        dispatch!(self, is_shuffled())
    }

    /// The process in words: "shuffled epochs". With all samples in every batch it is "the full batch".
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn description(self, samples: usize) -> Result<&'static str, SamplingError> {
        let is_full_batch = self.coefficients(samples)? == Coefficients::FULL_BATCH;
        Ok(if is_full_batch { "the full batch" } else { dispatch!(self, description()) })
    }

    /// (α, β) of one batch of the process, on which mean-square stability depends where batches are
    /// independent of each other; those of epochs are not.
    ///
    /// # Errors
    /// A batch size outside 1..=n.
    pub fn coefficients(self, samples: usize) -> Result<Coefficients, SamplingError> {
        dispatch!(self, coefficients(samples))
    }

    /// Steps after which the process begins anew: those of an epoch, 1 where batches are independent.
    pub fn period(self, samples: usize) -> u64 {
        dispatch!(self, period(samples))
    }

    /// E |batch|, each sample counted as often as it is drawn.
    pub fn mean_batch_size(self, samples: usize) -> f64 {
        dispatch!(self, mean_batch_size(samples))
    }

    /// Draws the next batch into the empty `batch`; returns the divisor of its sum of gradients.
    fn draw(
        self,
        permutation: &mut Permutation,
        batch: &mut Vec<usize>,
        rng: &mut impl Rng,
    ) -> f64 {
        dispatch!(self, draw(permutation, batch, rng))
    }
}

//! Around a minimum that does not interpolate SGD never comes to rest: where it hovers, by \[M\]
//! Cor 13 and by itself.
//!
//! **descend → expand → predict → walk.** The theory replaces the samples' losses by their parabolas
//! at θ*; the walk is the network's own. With g_i ≠ 0 the true Hessians H_i count, residual term
//! included, which may have negative eigenvalues and may act on directions where H does not.

mod descend;
mod expansion;
mod predict;
mod walk;

use rayon::prelude::*;
use serde::Serialize;

use crate::data::Dataset;
use crate::loss::Loss;
use crate::process::BatchSampling;
use crate::process::SamplingError;
use crate::quadratic::growth::Mean;
use crate::train::EngineError;

pub use descend::{Minimum, descend};
pub use expansion::Expansion;
pub use predict::Prediction;
use walk::Around;
pub use walk::Averages;

/// Eigenvalues of H below this part of λ_1 count as zero: those of directions that no sample feels,
/// and of the symmetries of ReLU networks, are at most the rounding of θ* away from it.
const CUTOFF: f64 = 1e-7;
/// Most parameters: matrices of this side are decomposed once for every sample.
pub const PARAMETERS: usize = 2000;

/// A minimum that has no stationary state to speak of, or none that could be found.
#[derive(Debug, thiserror::Error)]
pub enum StationaryError {
    /// Too large for the Hessian of every sample.
    #[error(
        "the network has {found} parameters; the Hessians of all samples are kept whole, for at \
         most {PARAMETERS}: make it smaller with model.hidden and data.pool"
    )]
    Size { found: usize },
    /// Newton's method made no progress.
    #[error(
        "no smooth minimum near: the loss stays at {loss} with a gradient of {gradient:.1e}, at a \
         kink of the ReLUs or because the start is too far away; train longer, or with another \
         model.init_seed"
    )]
    Stuck { gradient: f64, loss: f64 },
    /// The Hessian has a direction downwards.
    #[error(
        "a saddle, no minimum: the Hessian's eigenvalues reach from {lowest:.2e} to {sharpness:.2e}; train longer"
    )]
    Saddle { lowest: f64, sharpness: f64 },
    /// Nothing keeps SGD from resting there.
    #[error(
        "the minimum interpolates: with no gradient of any sample there is no noise, and SGD comes \
         to rest; data.label_noise makes one that does not"
    )]
    Interpolates,
    /// NaN or infinity.
    #[error(
        "the weights are not finite, or so large that their Hessian is not: did training diverge?"
    )]
    NotFinite,
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// What is measured.
#[derive(Debug)]
pub struct Request<'a> {
    pub data: &'a Dataset,
    pub loss: Loss,
    pub sampling: BatchSampling,
    /// Steps of each chain; averages begin after half of them.
    pub steps: u64,
    /// Independent chains for each step size.
    pub chains: u64,
    pub seed: u64,
}

/// One batch size and step size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    pub batch_size: usize,
    /// η.
    pub learning_rate: f64,
    /// η*_var on the range of H.
    pub eta_var: f64,
}

/// Theory and measurement at one point.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    #[serde(flatten)]
    pub point: Point,
    /// `None` where SGD is not stable in mean square.
    pub theory: Option<Prediction>,
    /// Means and standard errors over the chains; `None` if one of them diverged.
    pub measured: Option<Measured>,
}

/// Averages over time and chains.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Measured {
    pub distance: Mean,
    pub loss_gap: Mean,
    pub gradient_squared: Mean,
    /// Of the samples' gradients, in units of its value at θ*.
    pub noise: Mean,
}

impl Request<'_> {
    /// Epochs of ⌈n/B⌉ steps that make up the steps of a chain.
    pub fn epochs(&self, batch_size: usize) -> u64 {
        self.steps.div_ceil(self.data.samples.div_ceil(batch_size) as u64).max(2)
    }

    /// Theory and measurement at each of `points`; `done` hears of every one that is through.
    ///
    /// # Errors
    /// A batch size outside 1..=n, or an engine that failed.
    pub fn run(
        &self,
        minimum: &Minimum,
        expansion: &Expansion,
        points: &[Point],
        done: &dyn Fn(),
    ) -> Result<Vec<Row>, StationaryError> {
        let around = Around {
            request: self,
            weights: &minimum.weights,
            loss: minimum.loss,
            noise: expansion.noise(),
            basis: expansion.moments.basis(),
        };
        let row = |&point: &Point| {
            let Point { batch_size, learning_rate, .. } = point;
            let steps = self.steps / 2;
            let theory = expansion.predict(batch_size, learning_rate, steps)?;
            let chains: Vec<Option<Averages>> = (0..self.chains)
                .into_par_iter()
                // Batches differ between the chains and not between the step sizes.
                .map(|k| around.chain(batch_size, learning_rate, self.seed.wrapping_add(k)))
                .collect::<Result<_, _>>()?;
            done();
            let measured = chains.into_iter().collect::<Option<Vec<_>>>();
            let measured = measured.and_then(|all| Measured::of(&all));
            Ok(Row { point, theory, measured })
        };
        points.iter().map(row).collect()
    }
}

impl Measured {
    /// `None` if the chains are so far apart that their mean has no finite error: on the way to
    /// divergence.
    fn of(chains: &[Averages]) -> Option<Self> {
        let mean = |of: fn(&Averages) -> f64| {
            let mean = Mean::of(&chains.iter().map(of).collect::<Vec<_>>());
            Some(mean).filter(|mean| mean.value.is_finite() && mean.error.is_finite())
        };
        Some(Self {
            distance: mean(|chain| chain.distance)?,
            loss_gap: mean(|chain| chain.loss_gap)?,
            gradient_squared: mean(|chain| chain.gradient_squared)?,
            noise: mean(|chain| chain.noise)?,
        })
    }
}

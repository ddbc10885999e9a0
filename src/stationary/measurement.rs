//! Theory and measurement over a grid of batch sizes and step sizes.

use rayon::prelude::*;
use serde::Serialize;

use super::chain::{Averages, Chains, Request};
use super::error::StationaryError;
use super::expansion::Expansion;
use super::newton::StationaryPoint;
use super::prediction::Prediction;
use crate::statistics::Mean;

/// A batch size and a step size.
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
    /// (1/n) Σ‖g_i‖² in units of its value at θ*.
    pub noise: Mean,
}

impl Request<'_> {
    /// Theory and measurement at each of `points`; calls `done` after every point.
    ///
    /// # Errors
    /// A batch size outside 1..=n, or an engine that failed.
    pub fn run(
        &self,
        minimum: &StationaryPoint,
        expansion: &Expansion,
        points: &[Point],
        done: &dyn Fn(),
    ) -> Result<Vec<Row>, StationaryError> {
        let chains = Chains {
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
            let averages: Vec<Option<Averages>> = (0..self.chains)
                .into_par_iter()
                // Batches differ between chains, not between step sizes.
                .map(|k| chains.run(batch_size, learning_rate, self.seed.wrapping_add(k)))
                .collect::<Result<_, _>>()?;
            done();
            let averages = averages.into_iter().collect::<Option<Vec<_>>>();
            let measured = averages.and_then(|all| Measured::of(&all));
            Ok(Row { point, theory, measured })
        };
        points.iter().map(row).collect()
    }
}

impl Measured {
    /// `None` if the chains are so far apart that their mean has no finite error, on the way to
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

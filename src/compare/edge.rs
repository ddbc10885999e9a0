//! What the paper could not compute: how far the minima of one batch size are from the edge of
//! mean-square stability.

use serde::Serialize;

use super::Run;
use crate::statistics::median;

/// The minima of one batch size whose exact threshold is known. Sharpnesses are times η/2, so that the
/// edge is at 1 (\[M\] Thm 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Edge {
    /// Minima with an exact threshold.
    pub minima: usize,
    /// λ_max(H)·η/2.
    pub sharpness: Range,
    /// \[M\] (17) × η/2.
    pub bound_17: Range,
    /// \[M\] (27) × η/2.
    pub bound_27: Range,
    /// λ_max(C†D)·η/2.
    pub exact: Range,
    /// (Tr X)²/‖X‖_F² of the second moment that grows first.
    pub effective_rank: Range,
    /// η*_as/η*_var.
    pub almost_sure: Option<Range>,
    /// Of independent batches.
    pub exponents: Signs,
    /// Of shuffled epochs.
    pub epoch_exponents: Signs,
    /// η/η*_var of shuffled epochs.
    pub epoch_mean_square: Option<Range>,
    /// η/η*_as of shuffled epochs.
    pub epoch_almost_sure: Option<Range>,
}

/// Minima whose Lyapunov exponent is below 0, above 0, and neither with 95% confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Signs {
    pub stable: usize,
    pub unstable: usize,
    pub undecided: usize,
}

impl Signs {
    /// Of the intervals that are known.
    fn of(intervals: impl Iterator<Item = (f64, f64)>) -> Self {
        let mut signs = Self { stable: 0, unstable: 0, undecided: 0 };
        for (low, high) in intervals {
            let count = match (low > 0.0, high < 0.0) {
                (true, _) => &mut signs.unstable,
                (_, true) => &mut signs.stable,
                _ => &mut signs.undecided,
            };
            *count += 1;
        }
        signs
    }
}

/// Smallest, middle and largest of some values.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Range {
    pub count: usize,
    pub least: f64,
    pub median: f64,
    pub most: f64,
}

impl Range {
    /// `None` of nothing.
    fn of(values: impl Iterator<Item = f64>) -> Option<Self> {
        let values: Vec<f64> = values.collect();
        let least = values.iter().copied().reduce(f64::min)?;
        let most = values.iter().copied().reduce(f64::max)?;
        Some(Self { count: values.len(), least, median: median(values)?, most })
    }
}

/// `None` if no converged run has an exact threshold.
pub fn edge(converged: &[&Run]) -> Option<Edge> {
    let known: Vec<&Run> =
        converged.iter().copied().filter(|run| run.generalized_sharpness.is_some()).collect();
    let scaled = |of: fn(&Run) -> Option<f64>| {
        Range::of(known.iter().filter_map(|run| Some(of(run)? * run.learning_rate / 2.0)))
    };
    let signs =
        |of: fn(&Run) -> Option<(f64, f64)>| Signs::of(known.iter().filter_map(|run| of(run)));
    let over = |edge: fn(&Run) -> Option<f64>| {
        Range::of(known.iter().filter_map(|run| Some(run.learning_rate / edge(run)?)))
    };
    Some(Edge {
        minima: known.len(),
        sharpness: scaled(|run| run.sharpness_gn)?,
        bound_17: scaled(|run| run.bound_17)?,
        bound_27: scaled(|run| run.bound_27)?,
        exact: scaled(|run| run.generalized_sharpness)?,
        effective_rank: Range::of(known.iter().filter_map(|run| run.effective_rank))?,
        almost_sure: Range::of(known.iter().filter_map(|run| Some(run.eta_as? / run.eta_var?))),
        exponents: signs(|run| Some((run.lyapunov_low?, run.lyapunov_high?))),
        epoch_mean_square: over(|run| run.eta_var_epoch),
        epoch_almost_sure: over(|run| run.eta_as_epoch),
        epoch_exponents: signs(|run| Some((run.lyapunov_epoch_low?, run.lyapunov_epoch_high?))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(learning_rate: f64, exact: Option<f64>, exponent: [f64; 2]) -> Run {
        Run {
            learning_rate,
            batch_size: 4,
            stop_reason: "converged".to_owned(),
            sharpness_gn: Some(10.0),
            bound_17: Some(11.0),
            bound_27: Some(12.0),
            generalized_sharpness: exact,
            effective_rank: Some(3.0),
            eta_var: exact.map(|value| 2.0 / value),
            eta_as: None,
            lyapunov_low: Some(exponent[0]),
            lyapunov_high: Some(exponent[1]),
            lyapunov_epoch_low: None,
            lyapunov_epoch_high: Some(0.0),
            eta_var_epoch: None,
            eta_as_epoch: exact.map(|value| 2.5 / value),
        }
    }

    #[test]
    fn the_edge_is_at_one_and_every_exponent_has_its_sign() {
        let runs = [
            run(0.1, Some(20.0), [0.1, 0.2]),
            run(0.2, Some(9.0), [-0.2, -0.1]),
            run(0.3, Some(5.0), [-0.1, 0.1]),
            run(0.4, None, [0.1, 0.2]),
        ];
        let found = edge(&runs.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.minima, 3);
        assert_eq!([found.exact.least, found.exact.median, found.exact.most], [0.75, 0.9, 1.0]);
        assert_eq!(found.exponents, Signs { stable: 1, unstable: 1, undecided: 1 });
        assert_eq!(found.epoch_exponents, Signs { stable: 0, unstable: 0, undecided: 0 });
        assert_eq!(found.sharpness.most, 1.5);
        assert_eq!(found.almost_sure, None);
        let epochs = found.epoch_almost_sure.unwrap();
        assert_eq!((epochs.median, epochs.count), (0.72, 3));
        assert_eq!(found.epoch_mean_square, None);
    }

    #[test]
    fn nothing_is_said_without_an_exact_threshold() {
        assert_eq!(edge(&[&run(0.1, None, [0.1, 0.2])]), None);
    }
}

//! Minima compared with the exact thresholds, which the paper could not compute.

use serde::Serialize;

use crate::statistics::Range;
use crate::summary_csv::SummaryRow;

/// Statistics of the minima of one batch size with an exact threshold. Sharpnesses are multiplied by η/2:
/// the edge is at 1 (\[M\] Thm 5).
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EdgeStatistics {
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
    /// (Tr X)²/‖X‖_F² of the second moment X that grows first.
    pub effective_rank: Range,
    /// η*_as/η*_var.
    pub almost_sure: Option<Range>,
    /// SignCounts of the exponents of independent batches.
    pub exponents: SignCounts,
    /// SignCounts of the exponents of shuffled epochs.
    pub epoch_exponents: SignCounts,
    /// η/η*_var of shuffled epochs.
    pub epoch_mean_square: Option<Range>,
    /// η/η*_as of shuffled epochs.
    pub epoch_almost_sure: Option<Range>,
}

/// Numbers of minima with a Lyapunov exponent below 0, above 0, and neither with 95% confidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SignCounts {
    pub stable: usize,
    pub unstable: usize,
    pub undecided: usize,
}

impl SignCounts {
    /// Counts confidence intervals.
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

/// `None` if no converged run has an exact threshold.
pub fn edge_statistics(converged: &[&SummaryRow]) -> Option<EdgeStatistics> {
    let known: Vec<&SummaryRow> =
        converged.iter().copied().filter(|run| run.generalized_sharpness.is_some()).collect();
    let scaled = |of: fn(&SummaryRow) -> Option<f64>| {
        let fraction = |run: &&SummaryRow| {
            Some(run.optimizer.rule().fraction_of_edge(of(run)?, run.learning_rate))
        };
        Range::of(known.iter().filter_map(fraction))
    };
    let signs = |of: fn(&SummaryRow) -> Option<(f64, f64)>| {
        SignCounts::of(known.iter().filter_map(|run| of(run)))
    };
    let ratio = |threshold: fn(&SummaryRow) -> Option<f64>| {
        Range::of(known.iter().filter_map(|run| Some(run.learning_rate / threshold(run)?)))
    };
    Some(EdgeStatistics {
        minima: known.len(),
        sharpness: scaled(|run| run.sharpness_gn)?,
        bound_17: scaled(|run| run.bound_17)?,
        bound_27: scaled(|run| run.bound_27)?,
        exact: scaled(|run| run.generalized_sharpness)?,
        effective_rank: Range::of(known.iter().filter_map(|run| run.effective_rank))?,
        almost_sure: Range::of(known.iter().filter_map(|run| Some(run.eta_as? / run.eta_var?))),
        exponents: signs(|run| Some((run.lyapunov_low?, run.lyapunov_high?))),
        epoch_mean_square: ratio(|run| run.eta_var_epoch),
        epoch_almost_sure: ratio(|run| run.eta_as_epoch),
        epoch_exponents: signs(|run| Some((run.lyapunov_epoch_low?, run.lyapunov_epoch_high?))),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(learning_rate: f64, exact: Option<f64>, exponent: [f64; 2]) -> SummaryRow {
        SummaryRow {
            learning_rate,
            batch_size: 4,
            stop_reason: "converged".to_owned(),
            sharpness_gn: Some(10.0),
            bound_17: Some(11.0),
            bound_27: Some(12.0),
            generalized_sharpness: exact,
            effective_rank: Some(3.0),
            eta_var: exact.map(|value| 2.0 / value),
            lyapunov_low: Some(exponent[0]),
            lyapunov_high: Some(exponent[1]),
            lyapunov_epoch_high: Some(0.0),
            eta_as_epoch: exact.map(|value| 2.5 / value),
            ..SummaryRow::default()
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
        let found = edge_statistics(&runs.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(found.minima, 3);
        assert_eq!([found.exact.least, found.exact.median, found.exact.most], [0.75, 0.9, 1.0]);
        assert_eq!(found.exponents, SignCounts { stable: 1, unstable: 1, undecided: 1 });
        assert_eq!(found.epoch_exponents, SignCounts { stable: 0, unstable: 0, undecided: 0 });
        assert_eq!(found.sharpness.most, 1.5);
        assert_eq!(found.almost_sure, None);
        let epochs = found.epoch_almost_sure.unwrap();
        assert_eq!((epochs.median, epochs.count), (0.72, 3));
        assert_eq!(found.epoch_mean_square, None);
    }

    #[test]
    fn there_are_no_statistics_without_an_exact_threshold() {
        assert_eq!(edge_statistics(&[&run(0.1, None, [0.1, 0.2])]), None);
    }
}

//! An exponent with an interval, from the growth of a few walks segment by segment.

use crate::statistics::Mean;

/// Segments of every walk, the batches of the batch means.
pub(super) const SEGMENTS: usize = 64;
/// Segments left out at the beginning, where θ still depends on the start.
pub(super) const BURN_IN: usize = SEGMENTS / 4;
/// Segments in one of the longer batches, which show slow correlations.
const COARSE: usize = 4;
/// The two-sided 95% quantile of Student's t with the 11 degrees of freedom that one walk's
/// coarse batches have: a little wide for several walks.
const QUANTILE: f64 = 2.201;

/// What the rounding of θ may change of the growth per step.
const STEP_ROUNDING: f64 = 4.0 * f64::EPSILON;

/// The growth per step of some walks, with an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub value: f64,
    pub low: f64,
    pub high: f64,
    /// Whether θ had turned to the direction that survives.
    pub settled: bool,
}

/// What limits an estimate besides the scatter of the growth.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// By how many e-folds a direction that was followed outgrew θ: [`Stretch::turning`], the mean over the
    /// walks.
    ///
    /// [`Stretch::turning`]: crate::stability::linearised::Stretch::turning
    pub turning: f64,
    /// By how many e-folds directions that were not followed may have been hidden; 0 if all were.
    pub hidden: f64,
    /// The e-folds of growth that a single burst can make.
    pub burst: f64,
    /// What rounding may change of an exponent, relative.
    pub rounding: f64,
    /// Half-width relative to |λ| that is asked for.
    pub precision: f64,
}

/// `growth[s][k]` is log ‖θ‖ gained per step in segment k of walk s, which has `steps` steps in all.
///
/// The interval comes from batch means (95%, Student's t), with the larger of the errors that
/// short and long batches give. Its upper end is raised by the turning: with P the product of T steps,
/// E log ‖Pθ‖ ≤ λT ≤ E log ‖P‖ in the long run, the latter at any T, and ‖P‖ is that of the directions
/// followed. If the halves differ by more than their errors explain, θ is
/// still turning: the interval is extended by that difference on both sides, and up
/// to 0 if the decay is slowing down by more than the precision asked for. It also includes 0 if the total change of log ‖θ‖ is no more than
/// hidden directions or a single burst explain.
pub(super) fn estimate(growth: &[&[f64]], steps: u64, limits: Limits) -> Estimate {
    let kept: Vec<f64> = growth.iter().flat_map(|walk| walk[BURN_IN..].to_vec()).collect();
    let value = mean(&kept);
    if value == f64::NEG_INFINITY {
        return Estimate { value, low: value, high: value, settled: true };
    }
    let coarse: Vec<f64> = kept.chunks(COARSE).map(mean).collect();
    let scatter = Mean::of(&kept).error.max(Mean::of(&coarse).error);
    let error = scatter.hypot(limits.rounding * value).hypot(STEP_ROUNDING);
    let half = (SEGMENTS - BURN_IN) / 2;
    let part = |from: usize| {
        mean(&growth.iter().map(|walk| mean(&walk[from..from + half])).collect::<Vec<_>>())
    };
    let drift = part(BURN_IN + half) - part(BURN_IN);
    // Each half has √2 times the error of the whole, their difference twice.
    let steady = drift.abs() <= QUANTILE * 2.0 * error;
    let asked = limits.precision * value.abs();
    let kept_steps = steps as f64 * (SEGMENTS - BURN_IN) as f64 / SEGMENTS as f64;
    let turning = limits.turning / kept_steps;
    let (mut low, mut high) = (value - QUANTILE * error, value + QUANTILE * error + turning);
    if !steady {
        low -= drift.abs();
        high += drift.abs();
    }
    let slowing = !steady && drift > asked;
    let hidden = -high * kept_steps < limits.hidden;
    if slowing || hidden {
        high = high.max(0.0);
    }
    if low * kept_steps < limits.burst {
        low = low.min(0.0);
    }
    let turned = turning <= (QUANTILE * error).max(asked);
    let steady = steady || drift.abs() <= 0.25 * asked;
    Estimate { value, low, high, settled: steady && turned && !(hidden && value < 0.0) }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn walks(count: usize, value: impl Fn(usize, f64) -> f64, seed: u64) -> Vec<Vec<f64>> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut walk = || (0..SEGMENTS).map(|k| value(k, rng.random::<f64>() - 0.5)).collect();
        (0..count).map(|_| walk()).collect()
    }

    const STEPS: u64 = 6400;

    fn estimate_all(walks: &[Vec<f64>]) -> Estimate {
        let limits =
            Limits { turning: 0.0, hidden: 5.0, burst: 5.0, rounding: 1e-7, precision: 0.1 };
        estimate(&walks.iter().map(|walk| &walk[..]).collect::<Vec<_>>(), STEPS, limits)
    }

    #[test]
    fn the_interval_holds_the_mean_about_as_often_as_it_says() {
        let holds = |seed| {
            let found = estimate_all(&walks(2, |_, noise| 0.3 + noise, seed));
            found.low <= 0.3 && 0.3 <= found.high
        };
        let count = (0..400).filter(|&seed| holds(seed)).count();
        // 95% nominal; the larger of two errors and the drift make it a little wider.
        assert!((376..=400).contains(&count), "{count}");
    }

    #[test]
    fn a_decay_that_slows_down_is_not_called_stable() {
        let found = estimate_all(&walks(2, |k, noise| (0.001 * noise - 1.0) / (k + 1) as f64, 0));
        assert!(!found.settled && found.high >= 0.0 && found.value < 0.0, "{found:?}");
    }

    #[test]
    fn a_decay_that_fast_directions_explain_is_not_called_stable() {
        let slow = |rate: f64| estimate_all(&walks(2, |_, noise| rate * (1.0 + noise), 0));
        // 4800 steps are kept: 4.8 and 9.6 e-folds, of which 5 are in doubt.
        assert_eq!(slow(-0.001).high, 0.0);
        assert!(slow(-0.002).high < 0.0);
        assert_eq!(slow(0.001).low, 0.0);
        assert!(slow(0.002).low > 0.0);
    }

    #[test]
    fn what_dies_out_has_no_finite_exponent() {
        let found = estimate_all(&walks(2, |_, _| f64::NEG_INFINITY, 0));
        assert_eq!(found.high, f64::NEG_INFINITY);
    }
}

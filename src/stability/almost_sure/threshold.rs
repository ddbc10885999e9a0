//! η*_as, where λ(η) turns positive: the almost-sure threshold.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::exponent::{ExponentOptions, LyapunovError, LyapunovExponent, lyapunov};
use crate::stability::linearised::{Dynamics, GramFactor};

/// η*_as with an interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AlmostSureThreshold {
    /// Where the estimates of λ cross 0, between the last step size that is not certainly
    /// unstable and `high`.
    pub value: f64,
    /// The largest step size that is known to have λ < 0; the one that the search started from if
    /// every λ below `high` is too close to 0.
    pub low: f64,
    /// The smallest step size above which every λ evaluated is certainly positive.
    pub high: f64,
    /// Whether the interval is wider than the tolerance, because the sign of λ in it is uncertain. Just
    /// below the threshold |λ| is about η times the smallest eigenvalue of H, so this is common.
    pub undecided: bool,
}

/// Step sizes evaluated in parallel.
const POINTS: usize = 6;
/// Ratio of neighbouring step sizes while searching the first unstable one.
const STRIDE: f64 = 1.25;
/// The largest step size tried, as a multiple of the starting point.
const FARTHEST: f64 = 1e4;
/// The smallest tolerance: closer step sizes differ by rounding only.
const FINEST: f64 = 1e-6;

/// Where the search for η*_as begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Start {
    /// A step size known to have λ ≤ 0, such as η*_var.
    pub stable: f64,
    /// The step size from which the first unstable one is searched, at least `stable`. If all above it are
    /// unstable, η*_as is between the two.
    pub first: f64,
}

/// At the stable step size itself.
impl From<f64> for Start {
    fn from(stable: f64) -> Self {
        Self { stable, first: stable }
    }
}

/// η*_as for step sizes above a stable one, to `tolerance` (relative).
///
/// λ need not be monotone, and with few samples it may turn negative again at much larger η: the search
/// increases η from `start.first` until six neighbouring step sizes, each 1.25 times the one before, are all
/// unstable, and takes the last change of sign below them. All step sizes use the same batches (common
/// random numbers), so that estimates differ by the effect of η only and the crossing is more accurate
/// than each of them.
///
/// # Errors
/// Those of [`lyapunov`], and [`LyapunovError::NeverUnstable`].
pub fn eta_as(
    factor: &GramFactor,
    dynamics: impl Into<Dynamics>,
    start: impl Into<Start>,
    tolerance: f64,
    options: ExponentOptions,
) -> Result<AlmostSureThreshold, LyapunovError> {
    let tolerance = tolerance.max(FINEST);
    let options = ExponentOptions { sign_only: true, ..options };
    let search = Search { factor, dynamics: dynamics.into(), options };
    let mut bracket = search.bracket(start.into())?;
    while bracket.high / bracket.edge > 1.0 + tolerance {
        let ratio = (bracket.high / bracket.edge).powf(1.0 / (POINTS + 1) as f64);
        let inner: Vec<f64> = (1..=POINTS as i32).map(|k| bracket.edge * ratio.powi(k)).collect();
        bracket = bracket.narrowed(&search.evaluate(&inner)?);
    }
    let Bracket { low, value, high, .. } = bracket;
    Ok(AlmostSureThreshold { value, low, high, undecided: high / low > 1.0 + tolerance })
}

struct Search<'f> {
    factor: &'f GramFactor,
    dynamics: Dynamics,
    options: ExponentOptions,
}

type Point = (f64, LyapunovExponent);

impl Search<'_> {
    fn evaluate(&self, step_sizes: &[f64]) -> Result<Vec<Point>, LyapunovError> {
        let evaluate = |&step_size: &f64| {
            let found = lyapunov(self.factor, self.dynamics, step_size, self.options)?;
            Ok((step_size, found))
        };
        step_sizes.par_iter().map(evaluate).collect()
    }

    /// Increases the step size until the last `POINTS` of them are unstable.
    fn bracket(&self, start: Start) -> Result<Bracket, LyapunovError> {
        let Start { stable, first } = start;
        let mut known: Vec<Point> = Vec::new();
        let mut from = first;
        while from < FARTHEST * first {
            let next: Vec<f64> = (1..=POINTS as i32).map(|k| from * STRIDE.powi(k)).collect();
            from = next[POINTS - 1];
            known.extend(self.evaluate(&next)?);
            let unstable =
                known.iter().rev().take_while(|(_, found)| found.certain_sign() > 0).count();
            if unstable >= POINTS {
                let all = Bracket { low: stable, edge: stable, value: stable, high: from };
                return Ok(all.narrowed(&known));
            }
        }
        Err(LyapunovError::NeverUnstable(FARTHEST * first))
    }
}

/// low ≤ edge ≤ value ≤ high.
#[derive(Debug, Clone, Copy)]
struct Bracket {
    /// Known to be stable.
    low: f64,
    /// Not known to be unstable.
    edge: f64,
    value: f64,
    /// Known to be unstable.
    high: f64,
}

impl Bracket {
    /// With ascending points between `edge` and `high`.
    fn narrowed(self, points: &[Point]) -> Self {
        let last = points.iter().rposition(|(_, found)| found.certain_sign() <= 0);
        let above = last.map_or(0, |last| last + 1);
        let certain = points[..above].iter().rev().find(|(_, found)| found.certain_sign() < 0);
        let low = certain.map_or(self.low, |point| point.0);
        let edge = last.map_or(self.edge, |last| points[last].0);
        let high = points.get(above).map_or(self.high, |point| point.0);
        let value = last
            .and_then(|last| crossing(points[last], *points.get(last + 1)?))
            .unwrap_or(f64::midpoint(edge, high));
        Self { low, edge, value: value.clamp(edge, high), high }
    }
}

/// Where the line through two points is 0, if it rises through 0 between them.
fn crossing((a, below): Point, (b, above): Point) -> Option<f64> {
    let share = below.value / (below.value - above.value);
    (0.0..=1.0).contains(&share).then_some(a + (b - a) * share)
}

//! The step size at which ρ(Φ_η) rises through 1.

use super::operator::EpochMoment;
use crate::linalg::arnoldi::perron_pair;

/// η*_var of shuffled epochs, up to rounding.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactThreshold {
    pub value: f64,
    /// A step size of growth below 1 and one of growth above 1 next to each other.
    pub low: f64,
    pub high: f64,
}

/// Why there is no threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NoThreshold {
    /// No growth up to this step size.
    NeverUnstable(f64),
    /// Growth down to this step size.
    NeverStable(f64),
}

/// Ratios of neighbouring step sizes while the change of sign is searched, up and down.
const UP: f64 = 1.03;
const DOWN: f64 = 0.98;
/// The farthest step size tried, as a ratio to the starting point.
const FARTHEST: f64 = 1e4;
/// Accuracy of log ρ while searching and at the end.
const COARSE: f64 = 1e-6;
const FINE: f64 = 1e-11;
/// Growth of log ρ that counts: what is neutral up to rounding does not grow.
const NEUTRAL: f64 = 1e-9;
/// Relative width at the end.
const WIDTH: f64 = 1e-7;
/// Most steps of the root search.
const STEPS: usize = 60;

impl EpochMoment {
    /// The change from decay to growth that is next to `start`.
    ///
    /// # Errors
    /// [`NoThreshold`] if there is none within a factor of 10⁴.
    pub fn threshold(&self, start: f64) -> Result<ExactThreshold, NoThreshold> {
        let mut search = Search::new(self);
        let grows = |value: f64| value > NEUTRAL;
        let mut here = (start, search.log_radius(start, COARSE));
        let ratio = if grows(here.1) { DOWN } else { UP };
        loop {
            let step_size = here.0 * ratio;
            let next = (step_size, search.log_radius(step_size, COARSE));
            if grows(next.1) != grows(here.1) {
                let (below, above) = if grows(next.1) { (here, next) } else { (next, here) };
                return Ok(search.root(below.0, above.0));
            }
            if step_size > FARTHEST * start {
                return Err(NoThreshold::NeverUnstable(step_size));
            }
            if step_size < start / FARTHEST {
                return Err(NoThreshold::NeverStable(step_size));
            }
            here = next;
        }
    }

    /// log ρ(Φ_η) of an epoch.
    pub fn log_radius(&self, step_size: f64) -> f64 {
        Search::new(self).log_radius(step_size, FINE)
    }
}

/// The Perron vector of one step size is a good start at the next.
struct Search<'m> {
    moment: &'m EpochMoment,
    vector: Vec<f64>,
}

impl<'m> Search<'m> {
    fn new(moment: &'m EpochMoment) -> Self {
        let rank = moment.rank();
        let vector = (0..rank * rank).map(|k| f64::from(u8::from(k % (rank + 1) == 0)));
        Self { moment, vector: vector.collect() }
    }

    fn log_radius(&mut self, step_size: f64, tolerance: f64) -> f64 {
        let rank = self.moment.rank();
        // A little of the identity: what was left of the Perron vector of another mode may be nothing.
        let mut start = self.vector.clone();
        (0..rank).for_each(|a| start[a * (rank + 1)] += 1e-3);
        let found = perron_pair(start, tolerance, |x| self.moment.apply(x, step_size));
        // A sign, which the method leaves open: the Perron vector is positive semidefinite.
        let trace: f64 = (0..rank).map(|a| found.vector[a * (rank + 1)]).sum();
        self.vector = found.vector.iter().map(|x| x * trace.signum()).collect();
        found.value.ln()
    }

    /// Between a step size of decay and one of growth: regula falsi (Illinois), with a bisection every third
    /// step, because growth may have a kink at its zero.
    fn root(&mut self, low: f64, high: f64) -> ExactThreshold {
        let mut value_at = |step_size: f64| self.log_radius(step_size, FINE) - NEUTRAL;
        let (mut a, mut b) = ((low, value_at(low)), (high, value_at(high)));
        let mut last = 0_i8;
        for step in 1..=STEPS {
            if b.0 / a.0 - 1.0 <= WIDTH {
                break;
            }
            let share = a.1 / (a.1 - b.1);
            let share = if step % 3 == 0 || !share.is_finite() { 0.5 } else { share };
            // Not onto an end: the other one would never move.
            let middle = a.0 + (b.0 - a.0) * share.clamp(0.01, 0.99);
            let found = value_at(middle);
            if found > 0.0 {
                b = (middle, found);
                a.1 *= if last == 1 { 0.5 } else { 1.0 };
                last = 1;
            } else {
                a = (middle, found);
                b.1 *= if last == -1 { 0.5 } else { 1.0 };
                last = -1;
            }
        }
        ExactThreshold { value: f64::midpoint(a.0, b.0), low: a.0, high: b.0 }
    }
}

//! The step size at which ρ(Φ_η) rises through 1.

use super::operator::EpochMoment;

/// η*_var of shuffled epochs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ExactThreshold {
    pub value: f64,
    /// The value less and plus what the root search left open.
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

/// Changes of log η while growth is searched, up and down.
const UP: f64 = 0.03;
const DOWN: f64 = 0.02;
/// The farthest step size tried, as a ratio to the starting point.
const FARTHEST: f64 = 1e4;
/// Residual of an eigenvalue, relative.
const ACCURACY: f64 = 1e-9;
/// Growth per epoch that tells an unstable step size. Just above the threshold the growing direction hardly
/// outgrows the many that hardly decay, and eigenvalues are slow to find.
const GROWTH: f64 = 0.01;
/// A step of the root search leaves this part of the distance to the root.
const REST: f64 = 0.15;
/// The search ends at this distance of log η from the root: not at a small growth, which is where an edge
/// beside a slow mode bends away.
const DISTANCE: f64 = 1e-6;
/// What is always left open of log η.
const OPEN: f64 = 2e-6;
/// Most steps of the root search.
const STEPS: usize = 40;

impl EpochMoment {
    /// The change from decay to growth that is next to `start`: growth is followed down to 0 from above.
    ///
    /// # Errors
    /// [`NoThreshold`] if there is none within a factor of 10⁴.
    pub fn threshold(&self, start: f64) -> Result<ExactThreshold, NoThreshold> {
        let mut search = Search::new(self);
        let first = search.at(start.ln());
        if first.growth < GROWTH {
            let mut here = first;
            while here.growth < GROWTH {
                if here.log_rate > (FARTHEST * start).ln() {
                    return Err(NoThreshold::NeverUnstable(here.log_rate.exp()));
                }
                here = search.at(here.log_rate + UP);
            }
            return search.root(here);
        }
        search.root(first)
    }

    /// log ρ(Φ_η) of an epoch.
    pub fn log_radius(&self, step_size: f64) -> f64 {
        Search::new(self).at(step_size.ln()).growth
    }
}

/// log η and log ρ(Φ_η).
#[derive(Debug, Clone, Copy)]
struct Point {
    log_rate: f64,
    growth: f64,
}

/// The Perron vector of one step size is a good start at the next.
struct Search<'m> {
    moment: &'m EpochMoment,
    vector: Vec<f64>,
}

impl<'m> Search<'m> {
    fn new(moment: &'m EpochMoment) -> Self {
        let side = moment.dimension();
        let vector = (0..side * side).map(|k| f64::from(u8::from(k % (side + 1) == 0)));
        Self { moment, vector: vector.collect() }
    }

    fn at(&mut self, log_rate: f64) -> Point {
        let (side, step_size) = (self.moment.dimension(), log_rate.exp());
        // A little of the identity: what was left of the Perron vector of another mode may be nothing.
        let mut start = self.vector.clone();
        (0..side).for_each(|a| start[a * (side + 1)] += 1e-3);
        let found = self.moment.perron_pair(start, ACCURACY, step_size);
        let point = Point { log_rate, growth: found.value.ln() };
        // The vector of what decays is of no use above the threshold.
        if point.growth > 0.0 {
            // A sign, which the method leaves open: the Perron vector is positive semidefinite.
            let trace: f64 = (0..side).map(|a| found.vector[a * (side + 1)]).sum();
            self.vector = found.vector.iter().map(|x| x * trace.signum()).collect();
        }
        point
    }

    /// From a step size of growth down to where the line through the two lowest ones of growth crosses 0.
    fn root(&mut self, high: Point) -> Result<ExactThreshold, NoThreshold> {
        let farthest = high.log_rate - FARTHEST.ln();
        let (mut upper, mut lower) = (self.at(high.log_rate + DOWN / 4.0), high);
        // The largest step size known to be stable.
        let mut stable = f64::NEG_INFINITY;
        let mut last = f64::INFINITY;
        let mut step = 0;
        loop {
            step += 1;
            let slope = (upper.growth - lower.growth) / (upper.log_rate - lower.log_rate);
            let root = lower.log_rate - lower.growth / slope;
            let distance = lower.log_rate - root;
            let near = slope > 0.0 && distance < DISTANCE;
            let enclosed = lower.log_rate - stable < DISTANCE;
            if near || enclosed || stable.is_finite() && step >= STEPS {
                let root = root.clamp(stable, lower.log_rate);
                let open = (root - last).abs().min(lower.log_rate - root).max(OPEN);
                let at = |change: f64| (root + change).exp();
                return Ok(ExactThreshold { value: at(0.0), low: at(-open), high: at(open) });
            }
            if lower.log_rate < farthest {
                return Err(NoThreshold::NeverStable(lower.log_rate.exp()));
            }
            last = root;
            let far = slope.is_nan() || slope <= 0.0 || distance > DOWN;
            let aim = if far { lower.log_rate - DOWN } else { root + REST * distance };
            // What is known to be stable is not tried again.
            let aim = if aim <= stable { f64::midpoint(stable, lower.log_rate) } else { aim };
            let found = self.at(aim);
            if found.growth > 0.0 {
                (upper, lower) = (lower, found);
            } else {
                stable = aim;
            }
        }
    }
}

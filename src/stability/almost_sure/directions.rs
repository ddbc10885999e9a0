//! The directions from which an exponent is measured.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::optimizer::{LinearMode, LinearStep, State};
use crate::process::Batches;
use crate::stability::linearised::{Block, Dynamics, GramFactor};

/// Directions that are followed after a pilot of all directions…
const FOLLOWED_OF_ALL: usize = 5;
/// … of some …
const FOLLOWED_OF_SOME: usize = 2;
/// … and of random ones, which are costly to follow.
const FOLLOWED_OF_RANDOM: usize = 2;
/// The first stage of the pilot follows all, the second one these.
const SECOND_STAGE: usize = 12;
/// Up to this dimension the pilot follows every direction.
const COMPLETE_DIMENSION: usize = 48;
/// Of a larger dimension: eigenvectors that decay the least under full batches, those that decay the most, and
/// random directions.
const SLOW: usize = 16;
const FAST: usize = 4;
const RANDOM: usize = 4;
/// Epochs of a stage, and its least steps.
const STAGE_EPOCHS: u64 = 8;
const STAGE_STEPS: u64 = 96;

/// What is simulated.
#[derive(Debug, Clone)]
pub(super) struct Simulated<'f> {
    pub factor: &'f GramFactor,
    pub dynamics: Dynamics,
    pub batches: Batches,
    /// η.
    pub step_size: f64,
}

/// What of the range of H a pilot looks at; with momentum, of pairs (θ, u) in it, twice as many dimensions.
///
/// Far below the threshold the directions of slowest decay are nearly the eigenvectors of H, and a random
/// start would need as many steps as it takes the others to die out. The pilot therefore starts from
/// eigenvectors, and the fastest growing directions are followed from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pilot {
    /// Every eigenvector of H, with every direction of (θ, u) along it.
    Complete,
    /// Some eigenvectors of H and some random directions.
    Partial,
    /// Random directions only: the eigenvectors would cost too much.
    Random,
}

impl Pilot {
    pub fn of(factor: &GramFactor, step: &LinearStep) -> Self {
        match factor.modes() {
            Some(_) if dimension(factor, step) <= COMPLETE_DIMENSION => Self::Complete,
            Some(_) => Self::Partial,
            None => Self::Random,
        }
    }

    /// How many e-folds smaller than average the component of the followed directions along the one that
    /// survives may be, but for 2% of random starts; 0 where no direction was left out.
    ///
    /// A random direction has about 1/√dimension of its length along each of them, and e⁻⁴ is below the 2%
    /// quantile of a uniform component. A velocity may hide it further.
    pub fn transient(self, factor: &GramFactor, step: &LinearStep) -> f64 {
        match self {
            Self::Complete => 0.0,
            Self::Partial | Self::Random => spread(factor, step) + 4.0,
        }
    }

    /// For a sign one direction of a pilot that left some out is enough, as [`Pilot::transient`] has to cover
    /// the others anyway.
    fn followed(self, sign_only: bool) -> usize {
        match self {
            Self::Complete => FOLLOWED_OF_ALL,
            Self::Partial | Self::Random if sign_only => 1,
            Self::Partial => FOLLOWED_OF_SOME,
            Self::Random => FOLLOWED_OF_RANDOM,
        }
    }

    /// The directions to follow at the step size η for `run` steps or more, the fastest growing first.
    ///
    /// A complete pilot is so long that chance misplaces hardly more than the run itself can tell apart, as
    /// where many samples with orthogonal gradients have nearly the same curvature.
    pub fn run<'f>(
        self,
        run: u64,
        sign_only: bool,
        process: Simulated<'f>,
        mut rng: ChaCha8Rng,
    ) -> Block<'f> {
        let Simulated { factor, dynamics, batches, step_size } = process;
        let starts =
            self.starts(factor, &dynamics.optimizer.rule().linear_step(step_size), &mut rng);
        let period = dynamics.process.period(factor.samples());
        let epoch = (factor.samples() as f64 / batches.mean_size()).ceil() as u64;
        let least = (STAGE_EPOCHS * epoch).max(STAGE_STEPS);
        let stages = match self {
            Self::Complete => [least.max(run / 4), least.max(run / 2)],
            Self::Partial | Self::Random => [least, least],
        };
        let mut block = Block::new(factor, dynamics, batches, step_size, starts, rng);
        for (steps, count) in stages.into_iter().zip([SECOND_STAGE, self.followed(sign_only)]) {
            // The first quarter is left out.
            block.advance((steps / 4).next_multiple_of(period));
            block.take_stretch();
            block.advance((3 * steps / 4).next_multiple_of(period));
            let logs = block.take_stretch().logs;
            block.select(&descending(&logs)[..logs.len().min(count)]);
        }
        block
    }

    fn starts(self, factor: &GramFactor, step: &LinearStep, rng: &mut ChaCha8Rng) -> Vec<State> {
        let (rank, dimension) = (factor.rank(), dimension(factor, step));
        let mut random = || {
            let mut part = || (0..rank).map(|_| rng.random_range(-1.0..1.0)).collect::<Vec<f64>>();
            let position = part();
            State::with_velocity(position, if step.components == 1 { vec![] } else { part() })
        };
        let Some(modes) = factor.modes() else {
            return (0..dimension.min(FOLLOWED_OF_RANDOM)).map(|_| random()).collect();
        };
        let planes = modes
            .values
            .iter()
            .enumerate()
            .flat_map(|(k, value)| step.modes(*value).into_iter().map(move |mode| (k, mode)));
        let planes: Vec<(usize, LinearMode)> = planes.collect();
        let decay: Vec<f64> = planes.iter().map(|(_, mode)| mode.modulus).collect();
        let mut order = descending(&decay);
        let randoms = if self == Self::Complete { 0 } else { RANDOM };
        if self != Self::Complete {
            order.drain(SLOW..dimension - FAST);
        }
        let start = |at: usize| {
            let (k, LinearMode { direction: [x, u], .. }) = planes[at];
            let times = |factor: f64| modes.vectors.col(k).iter().map(|v| factor * v).collect();
            State::with_velocity(times(x), if step.components == 1 { vec![] } else { times(u) })
        };
        let mut starts: Vec<State> = order.into_iter().map(start).collect();
        starts.extend((0..randoms).map(|_| random()));
        starts
    }
}

/// That of θ, or of (θ, u).
fn dimension(factor: &GramFactor, step: &LinearStep) -> usize {
    step.components * factor.rank()
}

/// By how many e-folds a random direction may be shorter along another one, and how far a direction may grow before
/// it moves as its exponent says.
pub(super) fn spread(factor: &GramFactor, step: &LinearStep) -> f64 {
    let curved = factor.modes().map_or(&[][..], |modes| &modes.values);
    let growth = curved.iter().map(|value| step.transient_growth(*value));
    let longest = growth.fold(step.transient_growth(0.0), f64::max);
    0.5 * (dimension(factor, step) as f64).ln() + longest.ln()
}

/// The numbers of `values` from the largest to the smallest one.
pub(super) fn descending(values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[b].total_cmp(&values[a]));
    order
}

//! The supported experiments, each with the settings of its own section.
//!
//! A further experiment is a variant here, a file in `experiments`, and a line in `experiments::run`.

use serde::Serialize;

use super::ranges::{BELOW_ONE, FRACTIONS, MOMENTA, STEP_SIZES, count, list, several, steps};
use crate::config::ranges::ensure;
use crate::config::section::Section;
use crate::process::Sampling;

/// Which experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExperimentKind {
    PhaseDiagram,
    SecondMoment,
    Mixture,
    Stationary,
    MomentumDiagram,
}

/// What is simulated, with its settings.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Experiment {
    PhaseDiagram(PhaseConfig),
    SecondMoment(GrowthConfig),
    Mixture(GrowthConfig),
    Stationary(StationaryConfig),
    MomentumDiagram(MomentumConfig),
}

/// `[phase_diagram]`: whether SGD diverges on \[D\]'s family, over (B, σ).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PhaseConfig {
    /// n.
    pub samples: usize,
    /// One diagram for each η.
    pub learning_rate: Vec<f64>,
    /// σ = 1, 1 + this, ….
    pub coherence_step: usize,
    /// Simulations per cell.
    pub repeats: usize,
    /// Steps of each.
    pub steps: u64,
    /// ‖θ‖/‖θ_0‖ that counts as diverged.
    pub radius: f64,
}

/// `[second_moment]` and `[mixture]`: growth rates around the threshold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GrowthConfig {
    /// η/η*_var.
    pub fractions: Vec<f64>,
    /// Particles in a population.
    pub particles: usize,
    /// Independent populations, whose spread is the error.
    pub populations: usize,
    /// Steps measured, after as many of burn-in.
    pub steps: u64,
}

/// `[stationary]`: SGD around a regular minimum with g_i ≠ 0.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StationaryConfig {
    /// η/η*_var, below 1.
    pub fractions: Vec<f64>,
    /// Independent chains, whose spread is the error.
    pub chains: usize,
    /// Steps measured, after half as many of burn-in.
    pub steps: u64,
}

/// `[momentum_diagram]`: whether E‖θ‖² grows, over (B, m).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MomentumConfig {
    /// η/(1 − m), what a gradient moves θ in the end; one diagram for each.
    pub effective_learning_rate: Vec<f64>,
    /// m.
    pub momentum: Vec<f64>,
    /// Particles in a population.
    pub particles: usize,
    /// Independent populations.
    pub populations: usize,
    /// Steps measured, after as many of burn-in, in units of 1/(1 − m).
    pub steps: u64,
}

impl ExperimentKind {
    /// The words of `experiment = …`, the default first.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("phase_diagram", Self::PhaseDiagram),
        ("second_moment", Self::SecondMoment),
        ("mixture", Self::Mixture),
        ("stationary", Self::Stationary),
        ("momentum_diagram", Self::MomentumDiagram),
    ];

    /// Reads the experiment's section.
    pub(super) fn read(self, root: &mut Section<'_>) -> Experiment {
        match self {
            Self::PhaseDiagram => Experiment::PhaseDiagram(phase(root.subsection("phase_diagram"))),
            Self::SecondMoment => {
                Experiment::SecondMoment(growth(root.subsection("second_moment")))
            }
            Self::Mixture => Experiment::Mixture(growth(root.subsection("mixture"))),
            Self::Stationary => Experiment::Stationary(stationary(root.subsection("stationary"))),
            Self::MomentumDiagram => {
                Experiment::MomentumDiagram(momentum(root.subsection("momentum_diagram")))
            }
        }
    }

    /// Whether it builds its own problems, so that there is no `[problem]` section.
    pub fn builds_problems(self) -> bool {
        self == Self::PhaseDiagram
    }

    /// Whether the minimum does not interpolate, so that there is a `[gradients]` section.
    pub fn has_gradients(self) -> bool {
        self == Self::Stationary
    }

    /// Whether `[sgd]` has the keys of an optimizer: not where all theories are those of plain SGD.
    pub(super) fn has_optimizers(self) -> bool {
        self != Self::PhaseDiagram
    }

    /// Whether `[sgd]` has one momentum.
    pub(super) fn has_one_momentum(self) -> bool {
        self.has_optimizers() && self != Self::MomentumDiagram
    }

    /// The words of `sgd.sampling`, the default first; `None` where the key has no meaning.
    pub(super) fn sampling_words(self) -> Option<[(&'static str, Sampling); 3]> {
        match self {
            // The mixture's probability p is that of distinct samples.
            Self::Mixture => None,
            // \[D\] draws its batches by Bernoulli sampling.
            Self::PhaseDiagram => Some(Sampling::words_with_default(Sampling::Bernoulli)),
            Self::SecondMoment | Self::Stationary | Self::MomentumDiagram => Some(Sampling::WORDS),
        }
    }
}

impl Experiment {
    /// Which one.
    pub fn kind(&self) -> ExperimentKind {
        match self {
            Self::PhaseDiagram(_) => ExperimentKind::PhaseDiagram,
            Self::SecondMoment(_) => ExperimentKind::SecondMoment,
            Self::Mixture(_) => ExperimentKind::Mixture,
            Self::Stationary(_) => ExperimentKind::Stationary,
            Self::MomentumDiagram(_) => ExperimentKind::MomentumDiagram,
        }
    }

    /// The word for it, which is also the name of its section.
    pub fn name(&self) -> &'static str {
        let kind = self.kind();
        ExperimentKind::WORDS.iter().find(|(_, word)| *word == kind).map_or("", |(name, _)| name)
    }

    /// n of the problems that the experiment builds, `None` if they are those of `[problem]`.
    pub fn samples(&self) -> Option<usize> {
        match self {
            Self::PhaseDiagram(phase) => Some(phase.samples),
            Self::SecondMoment(_)
            | Self::Mixture(_)
            | Self::Stationary(_)
            | Self::MomentumDiagram(_) => None,
        }
    }

    /// The batch sizes of an `[sgd]` section that names none.
    pub(super) fn default_batch_sizes(&self) -> Vec<usize> {
        self.samples().map_or_else(|| vec![1], |samples| (2..=samples.min(50)).collect())
    }
}

fn phase(mut s: Section<'_>) -> PhaseConfig {
    let config = PhaseConfig {
        samples: s.or_default("samples", 100, several),
        learning_rate: list(&mut s, "learning_rate", vec![0.5, 0.8], BELOW_ONE),
        coherence_step: s.or_default("coherence_step", 1, count),
        repeats: s.or_default("repeats", 10, count),
        steps: s.or_default("steps", 1000, steps),
        radius: s.or_default("radius", 1000.0, |&radius: &f64| {
            // Its square must be a number.
            ensure(radius > 1.0 && radius <= 1e100, "a number above 1, 1e100 at most")
        }),
    };
    s.deny_unknown_keys();
    config
}

fn growth(mut s: Section<'_>) -> GrowthConfig {
    let config = GrowthConfig {
        fractions: list(&mut s, "fractions", vec![0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5], FRACTIONS),
        particles: s.or_default("particles", 1000, several),
        populations: s.or_default("populations", 8, several),
        steps: s.or_default("steps", 1000, steps),
    };
    s.deny_unknown_keys();
    config
}

fn stationary(mut s: Section<'_>) -> StationaryConfig {
    let config = StationaryConfig {
        fractions: list(&mut s, "fractions", vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6], BELOW_ONE),
        chains: s.or_default("chains", 32, several),
        steps: s.or_default("steps", 100_000, steps),
    };
    s.deny_unknown_keys();
    config
}

fn momentum(mut s: Section<'_>) -> MomentumConfig {
    let (rate, momentum) = ("effective_learning_rate", "momentum");
    let config = MomentumConfig {
        effective_learning_rate: list(&mut s, rate, vec![0.5, 1.0], STEP_SIZES),
        momentum: list(&mut s, momentum, vec![0.0, 0.5, 0.75, 0.875, 0.9375, 0.96875], MOMENTA),
        particles: s.or_default("particles", 200, several),
        populations: s.or_default("populations", 4, several),
        steps: s.or_default("steps", 50, steps),
    };
    s.deny_unknown_keys();
    config
}

//! From a TOML document to a [`QuadraticConfig`]: defaults, types and ranges of every key.

use std::path::PathBuf;

use super::{
    check::{BATCH_SIZES, BELOW_ONE, FRACTIONS, any, check, count, list, moderate, several, steps},
    config::*,
};
use crate::config::{OverrideKeys, reader::FromDocument, section::Section};
use crate::process::Sampling;

impl FromDocument for QuadraticConfig {
    const OVERRIDE_KEYS: OverrideKeys =
        OverrideKeys { top_level: &["experiment", "results", "seed"], example: "sgd.batch_size=8" };

    fn from_document(root: &mut Section<'_>, results: PathBuf) -> Self {
        let kind = root.choice(
            "experiment",
            &[
                ("phase_diagram", Kind::Phase),
                ("second_moment", Kind::SecondMoment),
                ("mixture", Kind::Mixture),
                ("stationary", Kind::Stationary),
            ],
        );
        let experiment = experiment(root, kind);
        Self {
            seed: root.or_default("seed", 0, any),
            results: root.folder("results").unwrap_or(results),
            problem: problem(root, kind),
            gradients: gradients(root, kind),
            sgd: sgd(root.subsection("sgd"), kind, &experiment),
            experiment,
        }
    }

    fn contradictions(&self) -> Vec<String> {
        contradictions(self)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Phase,
    SecondMoment,
    Mixture,
    Stationary,
}

fn experiment(root: &mut Section<'_>, kind: Kind) -> Experiment {
    match kind {
        Kind::Phase => Experiment::PhaseDiagram(phase(root.subsection("phase_diagram"))),
        Kind::SecondMoment => Experiment::SecondMoment(growth(root.subsection("second_moment"))),
        Kind::Mixture => Experiment::Mixture(growth(root.subsection("mixture"))),
        Kind::Stationary => Experiment::Stationary(stationary(root.subsection("stationary"))),
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
            check(radius > 1.0 && radius <= 1e100, "a number above 1, 1e100 at most")
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

/// \[D\]'s diagram builds its own problems, one for each σ.
fn problem(root: &mut Section<'_>, kind: Kind) -> ProblemConfig {
    if kind == Kind::Phase {
        return ProblemConfig {
            kind: ProblemKind::Dexter { samples: 100, coherence: 1 },
            outputs: 1,
            dimension: None,
            sharpness: 2.0,
            seed: 0,
        };
    }
    let mut s = root.subsection("problem");
    let family = s.choice(
        "kind",
        &[
            ("low_rank", Family::LowRank),
            ("heavy_tailed", Family::HeavyTailed),
            ("orthogonal", Family::Orthogonal),
            ("dexter", Family::Dexter),
            ("gram", Family::Gram),
        ],
    );
    let random = matches!(family, Family::LowRank | Family::HeavyTailed);
    let outputs = if family == Family::Dexter { 1 } else { s.or_default("outputs", 1, count) };
    let kind = problem_kind(&mut s, family, outputs);
    let scaled = random || family == Family::Orthogonal;
    let config = ProblemConfig {
        kind,
        outputs,
        dimension: if scaled { s.optional("dimension", count) } else { None },
        sharpness: if scaled { s.or_default("sharpness", 1.0, moderate) } else { 1.0 },
        seed: if random { s.or_default("seed", 0, any) } else { 0 },
    };
    s.deny_unknown_keys();
    config
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Family {
    LowRank,
    HeavyTailed,
    Orthogonal,
    Dexter,
    Gram,
}

fn problem_kind(s: &mut Section<'_>, family: Family, outputs: usize) -> ProblemKind {
    if family == Family::Gram {
        let path = s.required("path", any::<String>).unwrap_or_default();
        let kernel_factor = s.or_default("kernel_factor", 1.0, moderate);
        return ProblemKind::Gram { path: PathBuf::from(path), kernel_factor };
    }
    let samples = s.or_default("samples", 20, count);
    let rank = samples.saturating_mul(outputs).min(8);
    match family {
        Family::LowRank => {
            ProblemKind::LowRank { samples, rank: s.or_default("rank", rank, count) }
        }
        Family::HeavyTailed => ProblemKind::HeavyTailed {
            samples,
            rank: s.or_default("rank", rank, count),
            // Near 0 one sample outweighs all others beyond what doubles resolve.
            tail: s.or_default("tail", 1.5, |tail: &f64| {
                check((0.1..=1e3).contains(tail), "a number from 0.1 to 1000")
            }),
        },
        Family::Orthogonal => ProblemKind::Orthogonal {
            samples,
            // Smaller curvatures are rounding beside the largest.
            condition: s.or_default("condition", 10.0, |condition: &f64| {
                check((1.0..=1e12).contains(condition), "a number from 1 to 1e12")
            }),
        },
        _ => ProblemKind::Dexter { samples, coherence: s.or_default("coherence", 1, count) },
    }
}

fn gradients(root: &mut Section<'_>, kind: Kind) -> Option<GradientsConfig> {
    if kind != Kind::Stationary {
        return None;
    }
    let mut s = root.subsection("gradients");
    let config = GradientsConfig {
        scale: s.or_default("scale", 0.1, moderate),
        seed: s.or_default("seed", 1, any),
    };
    s.deny_unknown_keys();
    Some(config)
}

fn sgd(mut s: Section<'_>, kind: Kind, experiment: &Experiment) -> SgdConfig {
    let sampling = match kind {
        // The mixture's p is that of distinct samples.
        Kind::Mixture => Sampling::Distinct,
        Kind::Phase => {
            // [D]'s own sampling is the default.
            s.choice("sampling", &Sampling::words_with_default(Sampling::Bernoulli))
        }
        _ => s.choice("sampling", &Sampling::WORDS),
    };
    let default = match experiment {
        Experiment::PhaseDiagram(phase) => (2..=phase.samples.min(50)).collect(),
        _ => vec![1],
    };
    let batch_size = list(&mut s, "batch_size", default, BATCH_SIZES);
    s.deny_unknown_keys();
    SgdConfig { sampling, batch_size }
}

/// What no single key can show.
fn contradictions(config: &QuadraticConfig) -> Vec<String> {
    let mut problems = Vec::new();
    let mut complain = |message: String| problems.push(message);
    let samples = match &config.experiment {
        Experiment::PhaseDiagram(phase) => Some(phase.samples),
        _ => {
            check_problem(&config.problem, &mut complain);
            config.problem.kind.samples()
        }
    };
    let largest = config.sgd.batch_size.iter().copied().max().unwrap_or(0);
    if let Some(samples) = samples.filter(|&samples| largest > samples) {
        complain(format!("`sgd.batch_size` has {largest}, more than the {samples} samples"));
    }
    problems
}

fn check_problem(problem: &ProblemConfig, complain: &mut dyn FnMut(String)) {
    match &problem.kind {
        ProblemKind::Dexter { samples, coherence } if coherence > samples => complain(format!(
            "`problem.coherence` = {coherence} is more than `problem.samples` = {samples}"
        )),
        ProblemKind::LowRank { samples, rank } | ProblemKind::HeavyTailed { samples, rank, .. } => {
            check_rank(problem, *samples, *rank, complain);
        }
        ProblemKind::Orthogonal { samples, .. } => {
            check_rank(problem, *samples, samples.saturating_mul(problem.outputs), complain);
        }
        ProblemKind::Dexter { .. } | ProblemKind::Gram { .. } => {}
    }
}

fn check_rank(
    problem: &ProblemConfig,
    samples: usize,
    rank: usize,
    complain: &mut dyn FnMut(String),
) {
    let rows = samples.saturating_mul(problem.outputs);
    if rank > rows {
        complain(format!(
            "`problem.rank` = {rank} needs more than {rows} rows (samples × outputs)"
        ));
    }
    if problem.dimension.is_some_and(|dimension| dimension < rank) {
        complain(format!("`problem.dimension` is below the rank {rank}"));
    }
}

//! From a TOML document to a [`QuadraticConfig`]: defaults, types and ranges of every key.

use std::path::PathBuf;

use super::{
    check::{BATCH_SIZES, BELOW_ONE, FRACTIONS, any, check, count, list, moderate, several, steps},
    config::*,
};
use crate::config::{
    Origin,
    document::Table,
    section::{Problems, Section},
};
use crate::process::Sampling;

/// Reads every section; `results` is the folder used where the document names none.
pub(super) fn config(root: Table, results: PathBuf, problems: &Problems) -> QuadraticConfig {
    let mut root = Section::new("", root, problems);
    let kind = root.choice(
        "experiment",
        &[
            ("phase_diagram", Kind::Phase),
            ("second_moment", Kind::SecondMoment),
            ("mixture", Kind::Mixture),
            ("stationary", Kind::Stationary),
        ],
    );
    let experiment = experiment(&mut root, kind);
    let config = QuadraticConfig {
        seed: root.or("seed", 0, any),
        results: root.folder("results").unwrap_or(results),
        problem: problem(&mut root, kind),
        gradients: gradients(&mut root, kind),
        sgd: sgd(root.section("sgd"), kind, &experiment),
        experiment,
    };
    root.finish();
    // The default that stands in for a faulty value contradicts nothing that anybody wrote.
    if problems.borrow().is_empty() {
        contradictions(&config, problems);
    }
    config
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
        Kind::Phase => Experiment::PhaseDiagram(phase(root.section("phase_diagram"))),
        Kind::SecondMoment => Experiment::SecondMoment(growth(root.section("second_moment"))),
        Kind::Mixture => Experiment::Mixture(growth(root.section("mixture"))),
        Kind::Stationary => Experiment::Stationary(stationary(root.section("stationary"))),
    }
}

fn phase(mut s: Section<'_>) -> PhaseConfig {
    let config = PhaseConfig {
        samples: s.or("samples", 100, several),
        learning_rate: list(&mut s, "learning_rate", vec![0.5, 0.8], BELOW_ONE),
        coherence_step: s.or("coherence_step", 1, count),
        repeats: s.or("repeats", 10, count),
        steps: s.or("steps", 1000, steps),
        radius: s.or("radius", 1000.0, |&radius: &f64| {
            // Its square must be a number.
            check(radius > 1.0 && radius <= 1e100, "a number above 1, 1e100 at most")
        }),
    };
    s.finish();
    config
}

fn growth(mut s: Section<'_>) -> GrowthConfig {
    let config = GrowthConfig {
        fractions: list(&mut s, "fractions", vec![0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5], FRACTIONS),
        particles: s.or("particles", 1000, several),
        populations: s.or("populations", 8, several),
        steps: s.or("steps", 1000, steps),
    };
    s.finish();
    config
}

fn stationary(mut s: Section<'_>) -> StationaryConfig {
    let config = StationaryConfig {
        fractions: list(&mut s, "fractions", vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6], BELOW_ONE),
        chains: s.or("chains", 32, several),
        steps: s.or("steps", 100_000, steps),
    };
    s.finish();
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
    let mut s = root.section("problem");
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
    let outputs = if family == Family::Dexter { 1 } else { s.or("outputs", 1, count) };
    let kind = problem_kind(&mut s, family, outputs);
    let scaled = random || family == Family::Orthogonal;
    let config = ProblemConfig {
        kind,
        outputs,
        dimension: if scaled { s.optional("dimension", count) } else { None },
        sharpness: if scaled { s.or("sharpness", 1.0, moderate) } else { 1.0 },
        seed: if random { s.or("seed", 0, any) } else { 0 },
    };
    s.finish();
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
        let kernel_factor = s.or("kernel_factor", 1.0, moderate);
        return ProblemKind::Gram { path: PathBuf::from(path), kernel_factor };
    }
    let samples = s.or("samples", 20, count);
    let rank = samples.saturating_mul(outputs).min(8);
    match family {
        Family::LowRank => ProblemKind::LowRank { samples, rank: s.or("rank", rank, count) },
        Family::HeavyTailed => ProblemKind::HeavyTailed {
            samples,
            rank: s.or("rank", rank, count),
            // Near 0 one sample outweighs all others beyond what doubles resolve.
            tail: s.or("tail", 1.5, |tail: &f64| {
                check((0.1..=1e3).contains(tail), "a number from 0.1 to 1000")
            }),
        },
        Family::Orthogonal => ProblemKind::Orthogonal {
            samples,
            // Smaller curvatures are rounding beside the largest.
            condition: s.or("condition", 10.0, |condition: &f64| {
                check((1.0..=1e12).contains(condition), "a number from 1 to 1e12")
            }),
        },
        _ => ProblemKind::Dexter { samples, coherence: s.or("coherence", 1, count) },
    }
}

fn gradients(root: &mut Section<'_>, kind: Kind) -> Option<GradientsConfig> {
    if kind != Kind::Stationary {
        return None;
    }
    let mut s = root.section("gradients");
    let config =
        GradientsConfig { scale: s.or("scale", 0.1, moderate), seed: s.or("seed", 1, any) };
    s.finish();
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
    s.finish();
    SgdConfig { sampling, batch_size }
}

/// What no single key can show.
fn contradictions(config: &QuadraticConfig, problems: &Problems) {
    let complain = |message: String| {
        problems.borrow_mut().push(crate::config::Problem { origin: Origin::Absent, message });
    };
    let samples = match &config.experiment {
        Experiment::PhaseDiagram(phase) => Some(phase.samples),
        _ => {
            check_problem(&config.problem, &complain);
            config.problem.kind.samples()
        }
    };
    let largest = config.sgd.batch_size.iter().copied().max().unwrap_or(0);
    if let Some(samples) = samples.filter(|&samples| largest > samples) {
        complain(format!("`sgd.batch_size` has {largest}, more than the {samples} samples"));
    }
}

fn check_problem(problem: &ProblemConfig, complain: &dyn Fn(String)) {
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

fn check_rank(problem: &ProblemConfig, samples: usize, rank: usize, complain: &dyn Fn(String)) {
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

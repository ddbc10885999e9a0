//! From a TOML document to a [`QuadraticConfig`]: defaults, types and ranges of every key.

use std::path::PathBuf;

use super::config::*;
use crate::{
    config::{
        Origin,
        document::Table,
        section::{Problems, Section},
    },
    stability::sampling::Sampling,
};

type Check = Result<(), &'static str>;

fn check(holds: bool, expected: &'static str) -> Check {
    if holds { Ok(()) } else { Err(expected) }
}

fn any<T>(_: &T) -> Check {
    Ok(())
}

fn positive(value: &f64) -> Check {
    check(*value > 0.0 && value.is_finite(), "a positive number")
}

fn count(value: &usize) -> Check {
    check((1..=1_000_000).contains(value), "a whole number from 1 to 1000000")
}

fn several(value: &usize) -> Check {
    check((2..=1_000_000).contains(value), "a whole number from 2 to 1000000")
}

fn steps(value: &u64) -> Check {
    check((1..=1_000_000_000).contains(value), "a whole number from 1 to 1000000000")
}

fn positives(values: &[f64]) -> Check {
    let all = values.iter().all(|value| *value > 0.0 && value.is_finite());
    check(all && !values.is_empty(), "a list of positive numbers")
}

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
    let config = QuadraticConfig {
        seed: root.or("seed", 0, any),
        results: root.optional("results", any::<String>).map_or(results, PathBuf::from),
        experiment: experiment(&mut root, kind),
        problem: problem(&mut root, kind),
        gradients: gradients(&mut root, kind),
        sgd: sgd(root.section("sgd"), kind),
    };
    root.finish();
    contradictions(&config, problems);
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
        learning_rate: s.or("learning_rate", vec![0.5, 0.8], |rates: &Vec<f64>| {
            let all = rates.iter().all(|rate| *rate > 0.0 && *rate < 1.0);
            check(all && !rates.is_empty(), "a list of numbers between 0 and 1")
        }),
        coherence_step: s.or("coherence_step", 1, count),
        repeats: s.or("repeats", 10, count),
        steps: s.or("steps", 1000, steps),
        radius: s.or("radius", 1000.0, |&radius: &f64| {
            check(radius > 1.0 && radius.is_finite(), "above 1")
        }),
    };
    s.finish();
    config
}

fn growth(mut s: Section<'_>) -> GrowthConfig {
    let config = GrowthConfig {
        fractions: s.or(
            "fractions",
            vec![0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5],
            |values: &Vec<f64>| positives(values),
        ),
        particles: s.or("particles", 1000, several),
        populations: s.or("populations", 8, several),
        steps: s.or("steps", 1000, steps),
    };
    s.finish();
    config
}

fn stationary(mut s: Section<'_>) -> StationaryConfig {
    let config = StationaryConfig {
        fractions: s.or("fractions", vec![0.1, 0.2, 0.3, 0.4, 0.5, 0.6], |values: &Vec<f64>| {
            let all = values.iter().all(|value| *value > 0.0 && *value < 1.0);
            check(all && !values.is_empty(), "a list of numbers between 0 and 1")
        }),
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
    let kind = problem_kind(&mut s, family);
    let scaled = random || family == Family::Orthogonal;
    let config = ProblemConfig {
        kind,
        outputs,
        dimension: if scaled { s.optional("dimension", count) } else { None },
        sharpness: if scaled { s.or("sharpness", 1.0, positive) } else { 1.0 },
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

fn problem_kind(s: &mut Section<'_>, family: Family) -> ProblemKind {
    if family == Family::Gram {
        let path = s.required("path", any::<String>).unwrap_or_default();
        let kernel_factor = s.or("kernel_factor", 1.0, positive);
        return ProblemKind::Gram { path: PathBuf::from(path), kernel_factor };
    }
    let samples = s.or("samples", 20, count);
    match family {
        Family::LowRank => ProblemKind::LowRank { samples, rank: s.or("rank", 8, count) },
        Family::HeavyTailed => ProblemKind::HeavyTailed {
            samples,
            rank: s.or("rank", 8, count),
            tail: s.or("tail", 1.5, positive),
        },
        Family::Orthogonal => ProblemKind::Orthogonal {
            samples,
            condition: s.or("condition", 10.0, |&condition: &f64| {
                check(condition >= 1.0 && condition.is_finite(), "1 or more")
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
        GradientsConfig { scale: s.or("scale", 0.1, positive), seed: s.or("seed", 1, any) };
    s.finish();
    Some(config)
}

fn sgd(mut s: Section<'_>, kind: Kind) -> SgdConfig {
    let samplings = [
        ("distinct", Sampling::Distinct),
        ("independent", Sampling::Independent),
        ("bernoulli", Sampling::Bernoulli),
    ];
    let sampling = match kind {
        // The mixture's p is that of distinct samples.
        Kind::Mixture => Sampling::Distinct,
        Kind::Phase => {
            let [distinct, independent, bernoulli] = samplings;
            s.choice("sampling", &[bernoulli, distinct, independent])
        }
        _ => s.choice("sampling", &samplings),
    };
    let default = if kind == Kind::Phase { (2..=50).collect() } else { vec![1] };
    let batch_size = s.or("batch_size", default, |sizes: &Vec<usize>| {
        check(sizes.iter().all(|&size| size >= 1) && !sizes.is_empty(), "a list such as [1, 2, 4]")
    });
    s.finish();
    SgdConfig { sampling, batch_size }
}

/// What no single key can show.
fn contradictions(config: &QuadraticConfig, problems: &Problems) {
    let complain = |message: String| {
        problems.borrow_mut().push(crate::config::Problem { origin: Origin::Absent, message });
    };
    let samples = match (&config.experiment, &config.problem.kind) {
        (Experiment::PhaseDiagram(phase), _) => phase.samples,
        (_, ProblemKind::Dexter { samples, coherence }) => {
            if coherence > samples {
                complain(format!(
                    "`problem.coherence` = {coherence} is more than `problem.samples` = {samples}"
                ));
            }
            *samples
        }
        (
            _,
            ProblemKind::LowRank { samples, rank } | ProblemKind::HeavyTailed { samples, rank, .. },
        ) => {
            check_rank(config, *samples, *rank, &complain);
            *samples
        }
        (_, ProblemKind::Orthogonal { samples, .. }) => {
            check_rank(config, *samples, samples * config.problem.outputs, &complain);
            *samples
        }
        // Known only once the file is read.
        (_, ProblemKind::Gram { .. }) => usize::MAX,
    };
    for size in config.sgd.batch_size.iter().filter(|&&size| size > samples) {
        complain(format!("`sgd.batch_size` has {size}, more than the {samples} samples"));
    }
}

fn check_rank(config: &QuadraticConfig, samples: usize, rank: usize, complain: &dyn Fn(String)) {
    let rows = samples.saturating_mul(config.problem.outputs);
    if rank > rows {
        complain(format!(
            "`problem.rank` = {rank} needs more than {rows} rows (samples × outputs)"
        ));
    }
    if config.problem.dimension.is_some_and(|dimension| dimension < rank) {
        complain(format!("`problem.dimension` is below the rank {rank}"));
    }
}

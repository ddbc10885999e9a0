//! From a TOML document to a [`QuadraticConfig`]: defaults, types and ranges of every key.

use std::path::{Path, PathBuf};

use super::experiment::{Experiment, ExperimentKind};
use super::ranges::{BATCH_SIZES, count, decay, fraction_below_one, list, moderate};
use super::types::{GradientsConfig, ProblemConfig, ProblemKind, QuadraticConfig, SgdConfig};
use crate::config::ranges::{any, ensure};
use crate::config::reader::FromDocument;
use crate::config::section::Section;
use crate::config::{ConfigError, ConfigFile, Contradiction, OptimizerKeys, OverrideKeys};
use crate::process::Sampling;

impl QuadraticConfig {
    /// Reads the file at `path` and applies `overrides` (`key.path=value`, the last one wins).
    ///
    /// # Errors
    /// An unreadable file, or everything that is wrong in it.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        ConfigFile::load::<Self>(path, overrides)?.read()
    }

    /// Like [`QuadraticConfig::load`], from text; `name` stands for the file in complaints and
    /// `results` is the folder used where the file names none.
    ///
    /// # Errors
    /// Everything that is wrong in the text.
    pub fn parse(
        source: &str,
        name: &str,
        results: PathBuf,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        ConfigFile::parse::<Self>(source, name, results, overrides)?.read()
    }
}

impl FromDocument for QuadraticConfig {
    const OVERRIDE_KEYS: OverrideKeys =
        OverrideKeys { top_level: &["experiment", "results", "seed"], example: "sgd.batch_size=8" };

    fn from_document(root: &mut Section<'_>, results: PathBuf) -> Self {
        let kind = root.choice("experiment", &ExperimentKind::WORDS);
        let experiment = kind.read(root);
        Self {
            seed: root.or_default("seed", 0, any),
            results: root.folder("results").unwrap_or(results),
            problem: problem(root, kind),
            gradients: gradients(root, kind),
            sgd: sgd(root.subsection("sgd"), &experiment),
            experiment,
        }
    }

    fn contradictions(&self) -> Vec<Contradiction> {
        contradictions(self).into_iter().map(Into::into).collect()
    }
}

fn problem(root: &mut Section<'_>, kind: ExperimentKind) -> ProblemConfig {
    if kind.builds_problems() {
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
                ensure((0.1..=1e3).contains(tail), "a number from 0.1 to 1000")
            }),
        },
        Family::Orthogonal => ProblemKind::Orthogonal {
            samples,
            // Smaller curvatures are rounding beside the largest.
            condition: s.or_default("condition", 10.0, |condition: &f64| {
                ensure((1.0..=1e12).contains(condition), "a number from 1 to 1e12")
            }),
        },
        _ => ProblemKind::Dexter { samples, coherence: s.or_default("coherence", 1, count) },
    }
}

fn gradients(root: &mut Section<'_>, kind: ExperimentKind) -> Option<GradientsConfig> {
    if !kind.has_gradients() {
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

fn sgd(mut s: Section<'_>, experiment: &Experiment) -> SgdConfig {
    let words = experiment.kind().sampling_words();
    let config = SgdConfig {
        sampling: words.map_or(Sampling::Distinct, |words| s.choice("sampling", &words)),
        batch_size: list(&mut s, "batch_size", experiment.default_batch_sizes(), BATCH_SIZES),
        optimizer: optimizer(&mut s, experiment.kind()),
    };
    s.deny_unknown_keys();
    config
}

/// Momentum and weight decay, where the experiment has them.
fn optimizer(s: &mut Section<'_>, kind: ExperimentKind) -> OptimizerKeys {
    let mut keys = OptimizerKeys::default();
    if kind.has_one_momentum() {
        keys.momentum = s.or_default("momentum", 0.0, fraction_below_one);
    }
    if kind.has_optimizers() {
        keys.nesterov = s.or_default("nesterov", false, any);
        keys.weight_decay = s.or_default("weight_decay", 0.0, decay);
        keys.decoupled = s.or_default("decoupled", false, any);
    }
    keys
}

/// Settings that contradict each other.
fn contradictions(config: &QuadraticConfig) -> Vec<String> {
    let mut problems = Vec::new();
    let mut add_problem = |message: String| problems.push(message);
    if !config.experiment.kind().builds_problems() {
        check_problem(&config.problem, &mut add_problem);
    }
    let momenta = match &config.experiment {
        Experiment::MomentumDiagram(diagram) => &diagram.momentum[..],
        _ => &[config.sgd.optimizer.momentum],
    };
    let optimizer = |&momentum| OptimizerKeys { momentum, ..config.sgd.optimizer }.optimizer();
    if let Some(error) = momenta.iter().find_map(|momentum| optimizer(momentum).err()) {
        add_problem(format!("`sgd`: {error}"));
    }
    let samples = config.experiment.samples().or_else(|| config.problem.kind.samples());
    let largest = config.sgd.batch_size.iter().copied().max().unwrap_or(0);
    if let Some(samples) = samples.filter(|&samples| largest > samples) {
        add_problem(format!("`sgd.batch_size` has {largest}, more than the {samples} samples"));
    }
    problems
}

fn check_problem(problem: &ProblemConfig, add_problem: &mut dyn FnMut(String)) {
    match &problem.kind {
        ProblemKind::Dexter { samples, coherence } if coherence > samples => add_problem(format!(
            "`problem.coherence` = {coherence} is more than `problem.samples` = {samples}"
        )),
        ProblemKind::LowRank { samples, rank } | ProblemKind::HeavyTailed { samples, rank, .. } => {
            check_rank(problem, *samples, *rank, add_problem);
        }
        ProblemKind::Orthogonal { samples, .. } => {
            check_rank(problem, *samples, samples.saturating_mul(problem.outputs), add_problem);
        }
        ProblemKind::Dexter { .. } | ProblemKind::Gram { .. } => {}
    }
}

fn check_rank(
    problem: &ProblemConfig,
    samples: usize,
    rank: usize,
    add_problem: &mut dyn FnMut(String),
) {
    let rows = samples.saturating_mul(problem.outputs);
    if rank > rows {
        add_problem(format!(
            "`problem.rank` = {rank} needs more than {rows} rows (samples × outputs)"
        ));
    }
    if problem.dimension.is_some_and(|dimension| dimension < rank) {
        add_problem(format!("`problem.dimension` is below the rank {rank}"));
    }
}

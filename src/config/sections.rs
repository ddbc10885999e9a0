//! From a TOML document to a [`Config`]: defaults, types and ranges of every key.

use std::path::{Path, PathBuf};

use super::condition::Condition;
use super::config_file::ConfigFile;
use super::contradiction::Contradiction;
use super::error::ConfigError;
use super::optimizer_keys::OptimizerKeys;
use super::overrides::OverrideKeys;
use super::ranges::{any, at_least_one, ensure, factor, fraction, positive};
use super::reader::FromDocument;
use super::schema::*;
use super::section::Section;
use super::{axis, contradictions, slurm};
use crate::device::{AnalysisBackend, Backend, EngineKind};
use crate::process::{Algorithm, BatchSampling};

impl Config {
    /// Reads the file at `path` and applies `overrides` (`key.path=value`, the last one wins).
    ///
    /// # Errors
    /// An unreadable file, or every problem of its content and of the overrides.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        ConfigFile::load::<Self>(path, overrides)?.read()
    }

    /// Like [`Config::load`], from text; error messages call the file `name`, and `results` is the
    /// results folder if `[run]` names none.
    ///
    /// # Errors
    /// Every problem of the text and of the overrides.
    pub fn parse(
        source: &str,
        name: &str,
        results: PathBuf,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        ConfigFile::parse::<Self>(source, name, results, overrides)?.read()
    }
}

impl FromDocument for Config {
    const OVERRIDE_KEYS: OverrideKeys =
        OverrideKeys { top_level: &[], example: "train.batch_size=8" };

    fn from_document(root: &mut Section<'_>, results: PathBuf) -> Self {
        Self {
            data: data(root.subsection("data")),
            model: model(root.subsection("model")),
            loss: loss(root.subsection("loss")),
            train: train(root.subsection("train")),
            sweep: sweep(root.subsection("sweep")),
            analysis: analysis(root.subsection("analysis")),
            run: run(root.subsection("run"), results),
            slurm: slurm::read(root.subsection("slurm")),
        }
    }

    fn contradictions(&self) -> Vec<Contradiction> {
        contradictions::find(self)
    }
}

fn data(mut s: Section<'_>) -> DataConfig {
    let config = DataConfig {
        folder: PathBuf::from(s.or_default("folder", "data/mnist".to_owned(), any)),
        split: s.choice("split", &Split::WORDS),
        classes: classes(&mut s),
        samples_per_class: s.or_default("samples_per_class", 256, |samples: &usize| {
            ensure((1..=1_000_000).contains(samples), "a whole number from 1 to 1000000")
        }),
        draw: s.choice("draw", &Draw::WORDS),
        draw_seed: s.or_default("draw_seed", 0, any),
        copies: s.or_default("copies", 1, |copies: &usize| {
            ensure((1..=10_000).contains(copies), "a whole number from 1 to 10000")
        }),
        pool: s.or_default("pool", 1, at_least_one),
        label_noise: s.or_default("label_noise", 0.0, |fraction: &f64| {
            ensure((0.0..=1.0).contains(fraction), "from 0 to 1")
        }),
        label_seed: s.or_default("label_seed", 0, any),
        scaling: s.choice("scaling", &Scaling::WORDS),
    };
    s.deny_unknown_keys();
    config
}

fn classes(s: &mut Section<'_>) -> Vec<u8> {
    let labels = s.or_default("classes", vec![0_u64, 1, 2, 3], |labels| {
        let distinct = labels.iter().enumerate().all(|(i, label)| !labels[..i].contains(label));
        ensure(
            labels.iter().all(|&label| label < 256) && distinct && !labels.is_empty(),
            "a list of different labels such as [0, 1, 2, 3]",
        )
    });
    labels.into_iter().filter_map(|label| label.try_into().ok()).collect()
}

fn model(mut s: Section<'_>) -> ModelConfig {
    let config = ModelConfig {
        hidden: s.or_default("hidden", vec![1024_usize], |widths| {
            ensure(
                widths.iter().all(|width| (1..=1_000_000).contains(width)),
                "a list of widths from 1 to 1000000, such as [1024]",
            )
        }),
        init_factor: s.or_default("init_factor", 15.0, factor),
        scale_biases: s.or_default("scale_biases", true, any),
        init_seed: s.or_default("init_seed", 0, any),
    };
    s.deny_unknown_keys();
    config
}

fn loss(mut s: Section<'_>) -> LossConfig {
    let config = LossConfig { factor: s.or_default("factor", 1.0, factor) };
    s.deny_unknown_keys();
    config
}

fn train(mut s: Section<'_>) -> TrainConfig {
    let epochs = |epochs: &u64| ensure(*epochs >= 1, "1 or more");
    let config = TrainConfig {
        algorithm: s.choice("algorithm", &Algorithm::WORDS),
        learning_rate: s.optional("learning_rate", factor),
        batch_size: s.optional("batch_size", at_least_one),
        sampling: s.choice("sampling", &BatchSampling::WORDS),
        optimizer: optimizer(&mut s),
        seed: s.or_default("seed", 0, any),
        warmup: warmup(s.subsection("warmup")),
        tolerance: s.or_default("tolerance", 1e-6, positive),
        patience: s.or_default("patience", 200, epochs),
        max_epochs: s.or_default("max_epochs", 40_000, epochs),
        divergence_factor: s.or_default("divergence_factor", 1e4, |factor: &f64| {
            ensure(*factor > 1.0 && factor.is_finite(), "above 1")
        }),
    };
    s.deny_unknown_keys();
    config
}

fn optimizer(s: &mut Section<'_>) -> OptimizerKeys {
    OptimizerKeys {
        momentum: s.or_default("momentum", 0.0, |momentum: &f64| {
            ensure((0.0..1.0).contains(momentum), "0 or more and below 1")
        }),
        nesterov: s.or_default("nesterov", false, any),
        weight_decay: s.or_default("weight_decay", 0.0, |decay: &f64| {
            ensure((0.0..=1e30).contains(decay), "a number from 0 to 1e30")
        }),
        decoupled: s.or_default("decoupled", false, any),
    }
}

fn warmup(mut s: Section<'_>) -> WarmupConfig {
    let config = WarmupConfig {
        shape: s.choice("shape", &WarmupShape::WORDS),
        from: s.or_default("from", 1e-3, fraction),
        epochs: s.or_default("epochs", 500, any),
    };
    s.deny_unknown_keys();
    config
}

fn sweep(mut s: Section<'_>) -> SweepConfig {
    let node = s.take("where");
    let text = s.optional("where", any::<String>);
    let condition = node.zip(text).and_then(|(node, text)| match Condition::parse(&text) {
        Ok(condition) => Some((condition, node.origin.clone())),
        Err(fault) => {
            s.add_problem(node.origin.clone(), format!("`sweep.where`: {fault}"));
            None
        }
    });
    SweepConfig { axes: axis::axes(&mut s), condition }
}

fn analysis(mut s: Section<'_>) -> AnalysisConfig {
    let config = AnalysisConfig {
        hessian: s.or_default("hessian", true, any),
        thresholds: s.or_default("thresholds", true, any),
        lyapunov: s.or_default("lyapunov", true, any),
        lyapunov_epoch: s.or_default("lyapunov_epoch", true, any),
        eta_as: s.or_default("eta_as", false, any),
        eta_as_epoch: s.or_default("eta_as_epoch", false, any),
        eta_var_epoch: s.or_default("eta_var_epoch", false, any),
        spectrum: s.or_default("spectrum", 64, any),
        tolerance: s.or_default("tolerance", 1e-4, fraction),
        eigen_tolerance: s.or_default("eigen_tolerance", 1e-6, fraction),
        eigen_iterations: s.or_default("eigen_iterations", 500, at_least_one),
    };
    s.deny_unknown_keys();
    config
}

fn run(mut s: Section<'_>, results: PathBuf) -> RunConfig {
    let at_most_4096 = |count: &usize| ensure(*count <= 4096, "at most 4096");
    let backend = s.choice("backend", &Backend::CHOICES);
    let config = RunConfig {
        results: s.folder("results").unwrap_or(results),
        workers: s.or_default("workers", 0, at_most_4096),
        engine: s.choice("engine", &EngineKind::CHOICES),
        backend,
        falls_back: backend.is_none(),
        device: s.or_default("device", 0, any),
        batched_runs: s.or_default("batched_runs", 0, at_most_4096),
        analysis_backend: s.choice("analysis_backend", &AnalysisBackend::WORDS),
        checkpoint_seconds: s.or_default("checkpoint_seconds", 60.0, |seconds: &f64| {
            ensure(*seconds >= 0.0 && seconds.is_finite(), "0 or more")
        }),
    };
    s.deny_unknown_keys();
    config
}

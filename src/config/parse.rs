//! From a TOML document to a [`Config`]: defaults, types and ranges of every key.

use std::path::PathBuf;

use super::document::Table;
use super::grid;
use super::schema::*;
use super::section::{Problems, Section};
use super::slurm;
use crate::device::{AnalysisBackend, Backend, EngineKind};
use crate::process::{Algorithm, BatchSampling};

type Check = Result<(), &'static str>;

fn positive(value: &f64) -> Check {
    if *value > 0.0 && value.is_finite() { Ok(()) } else { Err("a positive number") }
}

fn factor(value: &f64) -> Check {
    if grid::is_factor(value) { Ok(()) } else { Err("a number from 1e-30 to 1e30") }
}

fn fraction(value: &f64) -> Check {
    if *value > 0.0 && *value <= 1.0 { Ok(()) } else { Err("above 0 and at most 1") }
}

fn at_least_one<T: PartialOrd + From<u8>>(value: &T) -> Check {
    if *value >= T::from(1) { Ok(()) } else { Err("1 or more") }
}

fn any<T>(_: &T) -> Check {
    Ok(())
}

/// Reads every section; `results` is the folder used where `[run]` names none.
pub fn config(root: Table, results: PathBuf, problems: &Problems) -> Config {
    let mut root = Section::new("", root, problems);
    let config = Config {
        data: data(root.section("data")),
        model: model(root.section("model")),
        loss: loss(root.section("loss")),
        train: train(root.section("train")),
        sweep: sweep(root.section("sweep"), problems),
        analysis: analysis(root.section("analysis")),
        run: run(root.section("run"), results),
        slurm: slurm::read(root.section("slurm")),
    };
    root.finish();
    config
}

fn data(mut s: Section<'_>) -> DataConfig {
    let config = DataConfig {
        folder: PathBuf::from(s.or("folder", "data/mnist".to_owned(), any)),
        split: s.choice("split", &[("train", Split::Train), ("t10k", Split::T10k)]),
        classes: classes(&mut s),
        samples_per_class: s.or("samples_per_class", 256, |&m: &usize| {
            if (1..=1_000_000).contains(&m) {
                Ok(())
            } else {
                Err("a whole number from 1 to 1000000")
            }
        }),
        draw: s.choice("draw", &[("first", Draw::First), ("random", Draw::Random)]),
        draw_seed: s.or("draw_seed", 0, any),
        copies: s.or("copies", 1, |&copies: &usize| {
            if (1..=10_000).contains(&copies) {
                Ok(())
            } else {
                Err("a whole number from 1 to 10000")
            }
        }),
        pool: s.or("pool", 1, at_least_one_usize),
        label_noise: s.or("label_noise", 0.0, |&share: &f64| {
            if (0.0..=1.0).contains(&share) { Ok(()) } else { Err("from 0 to 1") }
        }),
        label_seed: s.or("label_seed", 0, any),
        scaling: s.choice(
            "scaling",
            &[
                ("unit", Scaling::Unit),
                ("standard", Scaling::Standard),
                ("symmetric", Scaling::Symmetric),
            ],
        ),
    };
    s.finish();
    config
}

fn classes(s: &mut Section<'_>) -> Vec<u8> {
    let labels = s.or("classes", vec![0_u64, 1, 2, 3], |labels| {
        let distinct = labels.iter().enumerate().all(|(i, label)| !labels[..i].contains(label));
        match labels.iter().all(|&label| label < 256) && distinct && !labels.is_empty() {
            true => Ok(()),
            false => Err("a list of different labels such as [0, 1, 2, 3]"),
        }
    });
    labels.into_iter().filter_map(|label| label.try_into().ok()).collect()
}

fn model(mut s: Section<'_>) -> ModelConfig {
    let config = ModelConfig {
        hidden: s.or("hidden", vec![1024_usize], |widths| {
            let sensible = widths.iter().all(|width| (1..=1_000_000).contains(width));
            if sensible {
                Ok(())
            } else {
                Err("a list of widths from 1 to 1000000, such as [1024]")
            }
        }),
        init_factor: s.or("init_factor", 15.0, factor),
        scale_biases: s.or("scale_biases", true, any),
        init_seed: s.or("init_seed", 0, any),
    };
    s.finish();
    config
}

fn loss(mut s: Section<'_>) -> LossConfig {
    let config = LossConfig { factor: s.or("factor", 1.0, factor) };
    s.finish();
    config
}

fn train(mut s: Section<'_>) -> TrainConfig {
    let config = TrainConfig {
        algorithm: s.choice("algorithm", &Algorithm::WORDS),
        learning_rate: s.optional("learning_rate", factor),
        batch_size: s.optional("batch_size", at_least_one_usize),
        sampling: s.choice("sampling", &BatchSampling::WORDS),
        seed: s.or("seed", 0, any),
        warmup: warmup(s.section("warmup")),
        tolerance: s.or("tolerance", 1e-6, positive),
        patience: s.or("patience", 200, at_least_one),
        max_epochs: s.or("max_epochs", 40_000, at_least_one),
        divergence_factor: s.or("divergence_factor", 1e4, |&factor: &f64| {
            if factor > 1.0 && factor.is_finite() { Ok(()) } else { Err("above 1") }
        }),
    };
    s.finish();
    config
}

fn at_least_one_usize(value: &usize) -> Check {
    at_least_one(value)
}

fn warmup(mut s: Section<'_>) -> WarmupConfig {
    let config = WarmupConfig {
        shape: s.choice(
            "shape",
            &[("geometric", WarmupShape::Geometric), ("linear", WarmupShape::Linear)],
        ),
        from: s.or("from", 1e-3, fraction),
        epochs: s.or("epochs", 500, any),
    };
    s.finish();
    config
}

fn sweep(mut s: Section<'_>, problems: &Problems) -> SweepConfig {
    let config = SweepConfig {
        learning_rate: grid::learning_rates(&mut s, problems),
        batch_size: grid::batch_sizes(&mut s),
        seed: grid::seeds(&mut s),
        algorithm: grid::algorithms(&mut s),
    };
    s.finish();
    config
}

fn analysis(mut s: Section<'_>) -> AnalysisConfig {
    let config = AnalysisConfig {
        hessian: s.or("hessian", true, any),
        thresholds: s.or("thresholds", true, any),
        lyapunov: s.or("lyapunov", true, any),
        lyapunov_epoch: s.or("lyapunov_epoch", true, any),
        eta_as: s.or("eta_as", false, any),
        eta_as_epoch: s.or("eta_as_epoch", false, any),
        eta_var_epoch: s.or("eta_var_epoch", false, any),
        spectrum: s.or("spectrum", 64, any),
        tolerance: s.or("tolerance", 1e-4, fraction),
        eigen_tolerance: s.or("eigen_tolerance", 1e-6, fraction),
        eigen_iterations: s.or("eigen_iterations", 500, at_least_one_usize),
    };
    s.finish();
    config
}

fn run(mut s: Section<'_>, results: PathBuf) -> RunConfig {
    let backend = s.choice("backend", &Backend::CHOICES);
    let config = RunConfig {
        results: s.folder("results").unwrap_or(results),
        workers: s.or(
            "workers",
            0,
            |&n: &usize| {
                if n <= 4096 { Ok(()) } else { Err("at most 4096") }
            },
        ),
        engine: s.choice("engine", &EngineKind::CHOICES),
        backend,
        falls_back: backend.is_none(),
        device: s.or("device", 0, any),
        batched_runs: s.or("batched_runs", 0, |&runs: &usize| {
            if runs <= 4096 { Ok(()) } else { Err("at most 4096") }
        }),
        analysis_backend: s.choice("analysis_backend", &AnalysisBackend::WORDS),
        checkpoint_seconds: s.or("checkpoint_seconds", 60.0, |&seconds: &f64| {
            if seconds >= 0.0 && seconds.is_finite() { Ok(()) } else { Err("0 or more") }
        }),
    };
    s.finish();
    config
}

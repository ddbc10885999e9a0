//! `etastar quadratic`: simulates linearised SGD on synthetic problems beside every theory.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use etastar::figures::Outcome;
use etastar::figures::quadratic::draw_quadratic;
use etastar::quadratic::{CsvTable, Progress, QuadraticConfig, QuadraticError, ResultsFolder, run};
use indicatif::ProgressBar;
use serde_json::json;

use super::show::Style;

/// Arguments of `quadratic`.
#[derive(Debug, Args)]
pub struct Quadratic {
    /// TOML file of the experiment
    config: PathBuf,
    /// Override a key, for example sgd.batch_size=8 or results=FOLDER; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    overrides: Vec<String>,
}

impl Quadratic {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let config = QuadraticConfig::load(&self.config, &self.overrides)?;
        // Before the long work, so that a folder that cannot be used costs none of it.
        let folder = ResultsFolder::open(&config)?;
        let tables = simulate(&config, style)?;
        let mut files = folder.write(&tables)?;
        for outcome in draw_quadratic(folder.root(), &folder.root().join("figures"))? {
            match outcome {
                Outcome::Drawn { svg, png, .. } => files.extend([svg, png]),
                Outcome::Skipped { name, reason } => {
                    style.note(&format!("{name} is not drawn: {reason}"));
                }
            }
        }
        let mut out = std::io::stdout().lock();
        if style.json {
            writeln!(out, "{:#}", json!({ "results": folder.root(), "files": files }))?;
        } else {
            for file in &files {
                writeln!(out, "{}", file.display())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn simulate(config: &QuadraticConfig, style: Style) -> Result<Vec<CsvTable>, QuadraticError> {
    let bar = if style.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
    let listener = |done: usize, total: usize| {
        bar.set_length(total as u64);
        bar.set_position(done as u64);
    };
    let tables = run(config, &Progress::new(&listener));
    bar.finish_and_clear();
    tables
}

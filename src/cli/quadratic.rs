//! `etastar quadratic`: linearised SGD on synthetic problems, compared with every theory.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use etastar::figures::FigureOutcome;
use etastar::figures::quadratic::draw_quadratic;
use etastar::quadratic::{CsvTable, Progress, QuadraticConfig, QuadraticError, ResultsFolder, run};
use serde_json::json;

use super::output_files::{note_if_skipped, print_paths};
use super::output_options::OutputOptions;
use super::standard_output::stdout;

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
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let config = QuadraticConfig::load(&self.config, &self.overrides)?;
        // Before the long computation, so that an unusable folder fails early.
        let folder = ResultsFolder::open(&config)?;
        let tables = simulate(&config, output)?;
        let mut files = folder.write(&tables)?;
        let outcomes = draw_quadratic(folder.root(), &folder.root().join("figures"))?;
        outcomes.iter().for_each(|figure| note_if_skipped(figure, output));
        files.extend(outcomes.iter().flat_map(FigureOutcome::files).map(Path::to_path_buf));
        let mut stdout = stdout();
        if output.json {
            writeln!(stdout, "{:#}", json!({ "results": folder.root(), "files": files }))?;
        } else {
            print_paths(&files, &mut stdout)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn simulate(
    config: &QuadraticConfig,
    output: OutputOptions,
) -> Result<Vec<CsvTable>, QuadraticError> {
    output.with_progress_bar(0, |bar| {
        let listener = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        run(config, &Progress::new(&listener))
    })
}

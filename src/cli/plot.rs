//! `etastar plot`: the figures of a results folder.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::figures::{self, FigureOutcome};
use serde_json::json;

use super::output_files::{note_if_skipped, print_paths};
use super::output_options::OutputOptions;
use super::results_args::ResultsArgs;

/// Arguments of `plot`.
#[derive(Debug, Args)]
pub struct Plot {
    #[command(flatten)]
    results: ResultsArgs,
}

impl Plot {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let folder = self.results.folder_with("summary.csv")?;
        let outcomes = figures::draw_all(&folder.join("summary.csv"), &folder.join("figures"))?;
        let mut stdout = std::io::stdout().lock();
        if output.json {
            let figures: Vec<_> = outcomes.iter().map(to_json).collect();
            writeln!(stdout, "{:#}", json!(figures))?;
            return Ok(ExitCode::SUCCESS);
        }
        outcomes.iter().for_each(|figure| note_if_skipped(figure, output));
        print_paths(outcomes.iter().flat_map(FigureOutcome::files), &mut stdout)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn to_json(outcome: &FigureOutcome) -> serde_json::Value {
    match outcome {
        FigureOutcome::Drawn { name, svg, png } => json!({ "name": name, "svg": svg, "png": png }),
        FigureOutcome::Skipped { name, reason } => json!({ "name": name, "skipped": reason }),
    }
}

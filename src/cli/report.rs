//! `etastar report`: a results folder as one HTML file.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use etastar::report::{self, Destination};
use etastar::store::Store;
use etastar::text::plural;

use super::exit::UsageError;
use super::output_options::OutputOptions;
use super::results_args::ResultsArgs;
use super::standard_output::stdout;
use super::status::task_states;

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    results: ResultsArgs,
    /// The HTML file to write [default: report.html in the results folder]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Report {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let folder = self.results.folder_with("plan.json")?;
        let path = self.out.clone().unwrap_or_else(|| folder.join("report.html"));
        let destination = Destination::check(&path)?;
        let to_stdout = matches!(destination, Destination::StandardOutput(_));
        if to_stdout && output.json {
            let fault = "the page and the JSON of --json cannot both go to standard output";
            return Err(UsageError(fault.to_owned()).into());
        }
        let store = Store::open(folder);
        let written = report::write(&store, &destination, &task_states(&store, output))?;
        let mut stdout = stdout();
        if output.json {
            writeln!(stdout, "{}", serde_json::to_string_pretty(&written)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !to_stdout {
            writeln!(stdout, "{}", written.report.display())?;
        }
        output.note(&format!(
            "{} of {} {} finished, {:.1} MB; open it in a browser",
            written.finished,
            written.runs,
            plural(written.runs, "run"),
            written.bytes as f64 / 1e6
        ));
        Ok(ExitCode::SUCCESS)
    }
}

//! `etastar report`: a results folder as one HTML file.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use etastar::report::{self, Destination};
use etastar::store::Store;

use super::exit::UsageError;
use super::folder::Folder;
use super::show::{Style, plural};

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct Report {
    #[command(flatten)]
    folder: Folder,
    /// The HTML file to write [default: report.html in the results folder]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Report {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let folder = self.folder.with("plan.json")?;
        let out = self.out.clone().unwrap_or_else(|| folder.join("report.html"));
        let out = Destination::at(&out)?;
        let is_shown = matches!(out, Destination::StandardOutput(_));
        if is_shown && style.json {
            let fault = "the page and the answer of --json cannot both go to standard output";
            return Err(UsageError(fault.to_owned()).into());
        }
        let store = Store::open(folder);
        let written = report::write(&store, &out, &super::status::task_states(&store, style))?;
        let mut stdout = std::io::stdout().lock();
        if style.json {
            writeln!(stdout, "{}", serde_json::to_string_pretty(&written)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        if !is_shown {
            writeln!(stdout, "{}", written.report.display())?;
        }
        style.note(&format!(
            "{} of {} {} finished, {:.1} MB; open it in a browser",
            written.finished,
            written.runs,
            plural(written.runs, "run"),
            written.bytes as f64 / 1e6
        ));
        Ok(ExitCode::SUCCESS)
    }
}

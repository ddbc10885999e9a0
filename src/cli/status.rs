//! `etastar status`: how far a results folder is.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::sweep::{RunState, Store, status};

use super::folder::Folder;
use super::format::{duration, number};
use super::show::{Style, plural};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    folder: Folder,
}

impl Status {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let store = Store::open(self.folder.with("plan.json")?);
        let status = status(&store)?;
        let mut out = std::io::stdout().lock();
        if style.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&status)?)?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(
            out,
            "{}: {} of {} {} done",
            store.root().display(),
            status.finished(),
            status.total,
            plural(status.total, "run")
        )?;
        let counts = [
            ("converged", status.converged),
            ("not converged in time", status.max_epochs),
            ("diverged", status.diverged),
            ("running", status.running),
            ("failed", status.failed),
            ("left", status.left),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            writeln!(out, "  {count:>6} {name}")?;
        }
        for run in &status.runs {
            if let RunState::Failed { reason } = &run.state {
                let planned = &run.run;
                let rate = number(planned.learning_rate);
                writeln!(
                    out,
                    "  failed: η = {rate}, B = {} (run {}): {reason}",
                    planned.batch_size, planned.run_id
                )?;
            }
        }
        if let Some(seconds) = status.seconds_left.filter(|_| status.running + status.left > 0) {
            writeln!(out, "  about {} to go", duration(seconds))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

//! `etastar status`: how far a results folder is.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::launch;
use etastar::sweep::{self, Place, RunId, RunState, Store, bring_up_to_date, status};

use super::folder::Folder;
use super::format::{duration, number};
use super::show::{Style, plural};

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    folder: Folder,
}

/// What Slurm knows of the folder's runs; nothing if it cannot be asked.
pub fn places(store: &Store, style: Style) -> HashMap<RunId, Place> {
    launch::places(store).unwrap_or_else(|error| {
        style.note(&format!("what Slurm has in its queue is not known: {error}"));
        HashMap::new()
    })
}

impl Status {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let store = Store::open(self.folder.with("plan.json")?);
        let places = places(&store, style);
        let status = status(&store, &places)?;
        // Somebody else's folder can be looked at too.
        if let Err(error) = bring_up_to_date(&store, status.finished()) {
            style.note(&format!("summary.csv is not up to date: {error}"));
        }
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
            ("queued", status.queued),
            ("failed", status.failed),
            ("left", status.left),
        ];
        for (name, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            writeln!(out, "  {count:>6} {name}")?;
        }
        for (reason, count) in waits(&status) {
            writeln!(out, "  queued: {count} {}: {reason}", plural(count, "run"))?;
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
        if let Some(seconds) = status.seconds_left.filter(|_| ahead(&status) > 0) {
            writeln!(out, "  about {} to go", duration(seconds))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs that are not finished and not failed.
fn ahead(status: &sweep::Status) -> usize {
    status.running + status.queued + status.left
}

/// How many runs wait for which of Slurm's reasons.
fn waits(status: &sweep::Status) -> BTreeMap<&str, usize> {
    let mut waits = BTreeMap::new();
    for run in &status.runs {
        if let RunState::Queued { reason, .. } = &run.state {
            *waits.entry(reason.as_str()).or_default() += 1;
        }
    }
    waits
}

//! `etastar status`: the progress of a results folder.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::config::{OptimizerKeys, setting_text};
use etastar::launch;
use etastar::optimizer::Optimizer;
use etastar::record::{
    self, RunState, TaskState, further_axes, shared_settings, status, update_summary,
};
use etastar::store::{RunId, Store};
use etastar::text::{duration, number, plural};
use serde::Deserialize;

use super::output_options::OutputOptions;
use super::results_args::ResultsArgs;
use super::standard_output::stdout;

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct Status {
    #[command(flatten)]
    results: ResultsArgs,
}

/// The states of the folder's Slurm tasks; none if Slurm gives no answer.
pub fn task_states(store: &Store, output: OutputOptions) -> HashMap<RunId, TaskState> {
    launch::task_states(store).unwrap_or_else(|error| {
        output.note(&format!("the state of Slurm's queue is unknown: {error}"));
        HashMap::new()
    })
}

impl Status {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let store = Store::open(self.results.folder_with("plan.json")?);
        let tasks = task_states(&store, output);
        let status = status(&store, &tasks)?;
        // Another user's folder may be read-only.
        if let Err(error) = update_summary(&store, &status) {
            output.note(&format!("summary.csv is not up to date: {error}"));
        }
        let mut out = stdout();
        if output.json {
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
        if let Some(optimizer) = shared_optimizer(&store)?.filter(|found| !found.is_plain()) {
            writeln!(out, "  optimizer: {}", optimizer.rule().description())?;
        }
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
        for (reason, count) in reasons_to_wait(&status) {
            writeln!(out, "  queued: {count} {}: {reason}", plural(count, "run"))?;
        }
        for run in &status.runs {
            if let RunState::Failed { reason } = &run.state {
                let planned = &run.run;
                let rate = number(planned.learning_rate);
                let further: String = planned
                    .settings
                    .iter()
                    .map(|(key, value)| format!(", {key} = {}", setting_text(value)))
                    .collect();
                writeln!(
                    out,
                    "  failed: η = {rate}, B = {}{further} (run {}): {reason}",
                    planned.batch_size, planned.run_id
                )?;
            }
        }
        if let Some(seconds) = status.seconds_left.filter(|_| unfinished(&status) > 0) {
            writeln!(out, "  about {} to go", duration(seconds))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The optimizer of the folder's runs, without the settings in which they differ.
fn shared_optimizer(store: &Store) -> anyhow::Result<Option<Optimizer>> {
    let axes = further_axes(store)?;
    if axes.iter().any(|axis| OptimizerKeys::default_of(&axis.key).is_some()) {
        return Ok(None);
    }
    let settings = shared_settings(store)?;
    let keys = settings.and_then(|settings| OptimizerKeys::deserialize(&settings["train"]).ok());
    Ok(keys.and_then(|keys| keys.optimizer().ok()))
}

/// Number of runs that are neither finished nor failed.
fn unfinished(status: &record::Status) -> usize {
    status.running + status.queued + status.left
}

/// The number of queued runs by Slurm's reason.
fn reasons_to_wait(status: &record::Status) -> BTreeMap<&str, usize> {
    let mut reasons = BTreeMap::new();
    for run in &status.runs {
        if let RunState::Queued { reason, .. } = &run.state {
            *reasons.entry(reason.as_str()).or_default() += 1;
        }
    }
    reasons
}

//! `etastar sweep`: trains and measures the runs of a grid.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::Grid;
use etastar::figures::{self, FiguresError};
use etastar::record::RunPlan;
use etastar::store::Store;
use etastar::sweep::{Interrupt, Outcome, SweepOptions, sweep};
use etastar::text::plural;
use etastar::train::StopReason;
use serde_json::json;

use super::config_args::{ConfigArgs, DeviceArgs, sweep_options};
use super::exit::{self, UsageError};
use super::output_options::OutputOptions;
use super::plan_table::print_plan;
use super::run_progress;
use super::slurm::{Launch, SlurmArgs};
use super::standard_output::stdout;

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct Sweep {
    #[command(flatten)]
    config_args: ConfigArgs,
    #[command(flatten)]
    device_args: DeviceArgs,
    /// Print the plan, or with --launcher slurm the script, and stop before anything is written
    #[arg(long)]
    dry_run: bool,
    /// Stop after the first run that fails, with exit code 1; what is finished is kept, and a run
    /// that diverges has not failed
    #[arg(long, conflicts_with_all = ["launcher", "task"])]
    fail_fast: bool,
    #[command(flatten)]
    slurm: SlurmArgs,
}

impl Sweep {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let config_args = self.slurm.add_overrides(&self.config_args);
        let grid = config_args.load_grid(&self.device_args, output)?;
        refuse_ineffective_overrides(&config_args, &grid)?;
        let plan = RunPlan::of_grid(&Store::open(&grid.config.run.results), &grid)?;
        let config = &grid.config;
        if let Some(task) = self.slurm.task {
            return self.slurm.run_task(task, config, plan, output);
        }
        if self.slurm.is_launcher() {
            let launch = Launch { config_args: &config_args, config, plan: &plan };
            return launch.run(self.dry_run, output);
        }
        if self.dry_run {
            print_plan(config, &plan, output)?;
            return Ok(ExitCode::SUCCESS);
        }
        let interrupt = Interrupt::on_signals().context("cannot listen to signals")?;
        let store = Store::create(&config.run.results)?;
        let reporter = run_progress::reporter(output);
        let options = SweepOptions { fail_fast: self.fail_fast, ..sweep_options(config) };
        let outcome = sweep(&store, &plan, options, reporter.as_ref(), &interrupt)?;
        drop(reporter);
        let drawn = draw(&config.run.results, output)?;
        let printed = print_outcome(&config.run.results, plan.runs.len(), &outcome, drawn, output);
        exit::ignore_broken_pipe(printed)?;
        Ok(exit::of_outcome(&outcome))
    }
}

/// Refuses to override a key that `[sweep]` lists values for.
fn refuse_ineffective_overrides(config_args: &ConfigArgs, grid: &Grid) -> Result<(), UsageError> {
    let axes = &grid.config.sweep.axes;
    let overrides = config_args.overrides().iter();
    for (flag, (path, value)) in overrides.filter_map(|flag| Some((flag, flag.split_once('=')?))) {
        let (path, value) = (path.trim(), value.trim());
        if let Some(axis) = axes.iter().find(|axis| axis.key == path) {
            let key = if axis.has_short_name() { path.trim_start_matches("train.") } else { path };
            return Err(UsageError(format!(
                "--set {flag} would have no effect, as [sweep] lists values of {key}; write \
                 --set 'sweep.{key}=[{value}]', or use `etastar train` for a single run"
            )));
        }
    }
    Ok(())
}

/// Draws the figures if there is a summary; returns whether there are any. That no run has converged is
/// not an error of the sweep.
fn draw(results: &Path, output: OutputOptions) -> anyhow::Result<bool> {
    if !results.join("summary.csv").exists() {
        return Ok(false);
    }
    match figures::draw_all(&results.join("summary.csv"), &results.join("figures")) {
        Ok(outcomes) => Ok(outcomes
            .iter()
            .any(|outcome| matches!(outcome, figures::FigureOutcome::Drawn { .. }))),
        Err(error @ FiguresError::NothingConverged { .. }) => {
            output.note(&error.to_string());
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

fn print_outcome(
    results: &Path,
    planned: usize,
    outcome: &Outcome,
    drawn: bool,
    output: OutputOptions,
) -> anyhow::Result<()> {
    let mut out = stdout();
    let done = outcome.records.len();
    if output.json {
        let failures: Vec<_> = outcome
            .failures
            .iter()
            .map(|(id, reason)| json!({ "run_id": id, "reason": reason }))
            .collect();
        let answer = json!({
            "results": results,
            "planned": planned,
            "finished": done,
            "failed": failures,
            "interrupted": outcome.interrupted,
        });
        writeln!(out, "{answer:#}")?;
    } else if !output.quiet {
        let state = if outcome.interrupted {
            "interrupted; the same command continues from here"
        } else if outcome.stopped_at_failure {
            "stopped at the first failure; the same command continues from here"
        } else {
            "done"
        };
        let counts = outcome_counts(outcome);
        let folder = results.display();
        writeln!(out, "{state}: {done} of {planned} {}{counts}", plural(planned, "run"))?;
        if results.join("summary.csv").exists() {
            let figures = format!(", figures in {folder}/figures");
            let figures = if drawn { figures.as_str() } else { "" };
            writeln!(out, "records in {folder}/summary.csv{figures}")?;
        }
    }
    Ok(())
}

/// ": 28 converged, 2 diverged".
fn outcome_counts(outcome: &Outcome) -> String {
    let ended = |reason| {
        let count = outcome.records.iter().filter(|record| record.stop_reason == reason).count();
        (count, reason.description())
    };
    let reasons = [StopReason::Converged, StopReason::MaxEpochs, StopReason::Diverged];
    let counts = reasons.map(ended).into_iter().chain([(outcome.failures.len(), "failed")]);
    let counts: Vec<String> = counts
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    if counts.is_empty() { String::new() } else { format!(": {}", counts.join(", ")) }
}

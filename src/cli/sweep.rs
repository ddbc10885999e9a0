//! `etastar sweep`: trains and measures the runs of a grid.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::{Config, RunSpec, grid_runs};
use etastar::data::Dataset;
use etastar::figures::{self, FiguresError};
use etastar::record::{check_experiment, is_finished, run_id};
use etastar::store::{RunId, Store};
use etastar::sweep::{Interrupt, Outcome, SweepError, sweep};
use etastar::text::{number, plural};
use serde_json::json;

use super::config_args::{ConfigArgs, DeviceArgs, sweep_options};
use super::exit::{self, UsageError};
use super::output_options::OutputOptions;
use super::run_progress;
use super::slurm::{Launch, SlurmArgs};
use super::text_table::table_with_header;

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
    #[command(flatten)]
    slurm: SlurmArgs,
}

/// A plan of more runs is printed as ranges of its axes.
const MAX_LISTED_RUNS: usize = 40;

impl Sweep {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let config_args = self.slurm.add_overrides(&self.config_args);
        let config = config_args.load(&self.device_args, output)?;
        refuse_ineffective_overrides(&config_args, &config)?;
        let specs = grid_runs(&config)?;
        let data = Dataset::load(&config.data)?;
        if let Some(task) = self.slurm.task {
            return self.slurm.run_task(task, &config, specs, &data, output);
        }
        if self.slurm.is_launcher() {
            let launch =
                Launch { config_args: &config_args, config: &config, specs: &specs, data: &data };
            return launch.run(self.dry_run, output);
        }
        if self.dry_run {
            print_plan(&config, &specs, &data, output)?;
            return Ok(ExitCode::SUCCESS);
        }
        let interrupt = Interrupt::on_signals().context("cannot listen to signals")?;
        let store = Store::create(&config.run.results)?;
        let reporter = run_progress::reporter(output);
        let options = sweep_options(&config);
        let outcome = sweep(&store, &specs, &data, options, reporter.as_ref(), &interrupt)?;
        drop(reporter);
        let drawn = draw(&config.run.results, output)?;
        let printed = print_outcome(&config.run.results, specs.len(), &outcome, drawn, output);
        exit::ignore_broken_pipe(printed)?;
        Ok(exit::of_outcome(&outcome))
    }
}

/// Refuses to override a key of `[train]` that `[sweep]` lists values for.
fn refuse_ineffective_overrides(
    config_args: &ConfigArgs,
    config: &Config,
) -> Result<(), UsageError> {
    let swept = &config.sweep;
    let swept_keys = [
        ("learning_rate", !swept.learning_rate.is_empty()),
        ("batch_size", !swept.batch_size.is_empty()),
        ("seed", !swept.seed.is_empty()),
        ("algorithm", !swept.algorithm.is_empty()),
    ];
    for (flag, (path, value)) in
        config_args.overrides().iter().filter_map(|flag| Some((flag, flag.split_once('=')?)))
    {
        let (path, value) = (path.trim(), value.trim());
        if let Some(key) =
            path.strip_prefix("train.").filter(|key| swept_keys.contains(&(key, true)))
        {
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
    let mut out = std::io::stdout().lock();
    let (done, failed) = (outcome.records.len(), outcome.failures.len());
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
        } else {
            "done"
        };
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let folder = results.display();
        writeln!(out, "{state}: {done} of {planned} {}{failed}", plural(planned, "run"))?;
        if results.join("summary.csv").exists() {
            let figures = format!(", figures in {folder}/figures");
            let figures = if drawn { figures.as_str() } else { "" };
            writeln!(out, "records in {folder}/summary.csv{figures}")?;
        }
    }
    Ok(())
}

fn print_plan(
    config: &Config,
    specs: &[RunSpec],
    data: &Dataset,
    output: OutputOptions,
) -> anyhow::Result<()> {
    let store = Store::open(&config.run.results);
    check_experiment(&store, specs, &data.digest).map_err(SweepError::from)?;
    let ids: Vec<RunId> = specs.iter().map(|spec| run_id(spec, &data.digest)).collect();
    let runs = || specs.iter().zip(&ids);
    // A damaged record is reported when the run begins.
    let is_finished = |(spec, id)| is_finished(&store, spec, id).unwrap_or(false);
    let finished: Vec<bool> = runs().map(is_finished).collect();
    let mut out = std::io::stdout().lock();
    if output.json {
        let runs: Vec<_> = runs()
            .zip(&finished)
            .map(|((spec, id), finished)| {
                json!({
                    "run_id": id,
                    "learning_rate": spec.train.learning_rate,
                    "batch_size": spec.train.batch_size,
                    "seed": spec.train.seed,
                    "finished": finished,
                })
            })
            .collect();
        writeln!(out, "{:#}", json!({ "results": config.run.results, "runs": runs }))?;
        return Ok(());
    }
    let finished = finished.into_iter().filter(|&finished| finished).count();
    let widths = config.model.widths(data.features, data.outputs);
    writeln!(
        out,
        "{} {}, {finished} finished, in {}",
        specs.len(),
        plural(specs.len(), "run"),
        config.run.results.display()
    )?;
    writeln!(
        out,
        "network {widths}, {} parameters; {} samples",
        widths.parameters(),
        data.samples
    )?;
    if specs.len() <= MAX_LISTED_RUNS {
        let header = ["run", "learning_rate", "batch_size", "seed"];
        let row = |(spec, id): (&RunSpec, &RunId)| {
            vec![
                id.to_string(),
                number(spec.train.learning_rate),
                spec.train.batch_size.to_string(),
                spec.train.seed.to_string(),
            ]
        };
        write!(out, "{}", table_with_header(header, runs().map(row)))?;
    } else {
        write!(out, "{}", axes(specs))?;
    }
    Ok(())
}

/// The ranges of the axes of a grid.
fn axes(specs: &[RunSpec]) -> String {
    let mut rates: Vec<f64> = specs.iter().map(|spec| spec.train.learning_rate).collect();
    rates.sort_by(f64::total_cmp);
    rates.dedup();
    let sizes: BTreeSet<usize> = specs.iter().map(|spec| spec.train.batch_size).collect();
    let seeds: BTreeSet<u64> = specs.iter().map(|spec| spec.train.seed).collect();
    let (low, high) = (rates[0], rates[rates.len() - 1]);
    format!(
        "learning_rate  {} values from {} to {}\nbatch_size     {sizes:?}\nseed           {seeds:?}\n",
        rates.len(),
        number(low),
        number(high),
    )
}

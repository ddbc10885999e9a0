//! `etastar train`: one run.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::single_run;
use etastar::measurement::Verdict;
use etastar::record::{Record, RunPlan};
use etastar::store::Store;
use etastar::sweep::{Interrupt, sweep};
use etastar::text::{duration, number, optional, plural};
use etastar::train::StopReason;
use serde_json::json;

use super::analysis_text::{print_analysis, print_divergence, print_verdict};
use super::config_args::{ConfigArgs, DeviceArgs, sweep_options};
use super::exit;
use super::output_options::OutputOptions;
use super::plan_table::print_plan;
use super::run_progress;
use super::standard_output::stdout;

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    config_args: ConfigArgs,
    #[command(flatten)]
    device_args: DeviceArgs,
    /// Print what would be trained, and write nothing
    #[arg(long)]
    dry_run: bool,
}

impl Train {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let config = self.config_args.load(&self.device_args, output)?;
        let spec = single_run(&config)?;
        let plan = RunPlan::of_lone_run(spec)?;
        if self.dry_run {
            print_plan(&config, &plan, output)?;
            return Ok(ExitCode::SUCCESS);
        }
        let interrupt = Interrupt::on_signals().context("cannot listen to signals")?;
        let store = Store::create(&config.run.results)?;
        let reporter = run_progress::reporter(output);
        let outcome = sweep(&store, &plan, sweep_options(&config), reporter.as_ref(), &interrupt)?;
        drop(reporter);
        let Some(record) = outcome.records.first() else {
            return Ok(exit::of_outcome(&outcome));
        };
        exit::ignore_broken_pipe(print_record(record, &store, output))?;
        // The divergence of the only run counts as its failure.
        let failed = !record.stop_reason.has_minimum();
        Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
    }
}

fn print_record(record: &Record, store: &Store, output: OutputOptions) -> anyhow::Result<()> {
    let mut out = stdout();
    if output.json {
        let mut answer = json!(record);
        if let Some(analysis) = &record.analysis {
            answer["verdict"] = json!(Verdict::of(&record.spec, analysis)?);
        }
        writeln!(out, "{answer:#}")?;
        return Ok(());
    }
    let train = &record.spec.train;
    match &record.analysis {
        Some(analysis) => {
            let converged = record.stop_reason == StopReason::Converged;
            print_verdict(&mut out, analysis, &record.spec, Some(converged))?;
        }
        None => print_divergence(&mut out, &record.spec)?,
    }
    writeln!(out, "run {}", record.run_id)?;
    let optimizer = match train.optimizer() {
        plain if plain.is_plain() => String::new(),
        other => format!(", {}", other.rule().description()),
    };
    let (eta, batch_size) = (number(train.learning_rate), train.batch_size);
    writeln!(out, "  η = {eta}, B = {batch_size}{optimizer}")?;
    writeln!(
        out,
        "  {} after {} {}, {} steps, {}; loss {}",
        record.stop_reason.description(),
        record.epochs,
        plural(record.epochs as usize, "epoch"),
        record.steps,
        duration(record.train_seconds),
        optional(record.final_loss),
    )?;
    if let Some(analysis) = &record.analysis {
        print_analysis(&mut out, analysis, &record.spec)?;
    }
    writeln!(out, "  in {}", store.run_folder(&record.run_id).display())?;
    Ok(())
}

//! `etastar train`: one run.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::single;
use etastar::data::Dataset;
use etastar::record::Record;
use etastar::store::Store;
use etastar::sweep::{Interrupt, sweep};
use etastar::train::StopReason;

use super::analyze::print_analysis;
use super::exit;
use super::format::{duration, number, optional};
use super::show::Style;
use super::source::{Place, Source, options};

/// Arguments of `train`.
#[derive(Debug, Args)]
pub struct Train {
    #[command(flatten)]
    source: Source,
    #[command(flatten)]
    place: Place,
}

impl Train {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let config = self.source.load(&self.place, style)?;
        let spec = single(&config)?;
        let data = Dataset::load(&config.data)?;
        let interrupt = Interrupt::on_signals().context("cannot listen to signals")?;
        let store = Store::create(&config.run.results)?;
        let reporter = style.reporter();
        let specs = [spec];
        let outcome =
            sweep(&store, &specs, &data, options(&config), reporter.as_ref(), &interrupt)?;
        drop(reporter);
        let Some(record) = outcome.records.first() else {
            return Ok(exit::of_outcome(&outcome));
        };
        exit::unless_closed(print_record(record, &store, style))?;
        // The divergence of the only run counts as its failure.
        let failed = record.stop_reason == StopReason::Diverged;
        Ok(if failed { ExitCode::from(exit::FAILED) } else { ExitCode::SUCCESS })
    }
}

fn print_record(record: &Record, store: &Store, style: Style) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    if style.json {
        writeln!(out, "{}", serde_json::to_string_pretty(record)?)?;
        return Ok(());
    }
    let train = &record.spec.train;
    writeln!(out, "run {}", record.run_id)?;
    writeln!(out, "  η = {}, B = {}", number(train.learning_rate), train.batch_size)?;
    writeln!(
        out,
        "  {} after {} epochs, {} steps, {}; loss {}",
        record.stop_reason.name(),
        record.epochs,
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

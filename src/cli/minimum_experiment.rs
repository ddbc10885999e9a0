//! Experiments around one saved minimum: the arguments and the steps that all of them share.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::Value;

use super::exit::UsageError;
use super::minimum_args::{Minimum, MinimumArgs};
use super::output_files::{Draw, OutputFiles};
use super::output_folder::OutputFolder;
use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// The saved minimum of an experiment.
#[derive(Debug, Args)]
pub struct SavedMinimumArgs {
    /// Saved minimum: minimum.safetensors of a run, or weights from PyTorch with --config
    minimum: PathBuf,
    #[command(flatten)]
    settings: MinimumArgs,
}

/// Seed and output folder of an experiment.
#[derive(Debug, Args)]
pub struct ExperimentArgs {
    /// Seed of all random draws
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Folder for the CSV and its figure [default: named like the command, next to the minimum]
    #[arg(long, short)]
    out: Option<PathBuf>,
}

/// An experiment around a saved minimum. Its results are written as a CSV and a figure and printed as
/// text or JSON. Implement this trait to add one; [`run`] performs it.
pub trait MinimumExperiment {
    /// Name of the output folder, the CSV and the figure.
    const NAME: &'static str;
    /// Draws the figure from the CSV.
    const DRAW: Draw;
    /// What was prepared and checked before the output folder is created.
    type Plan<'m>;
    type Results;

    fn saved_minimum(&self) -> &SavedMinimumArgs;

    fn args(&self) -> &ExperimentArgs;

    /// Checks the values of the arguments.
    fn check(&self) -> Result<(), UsageError>;

    /// Prepares everything that takes little time, and refuses what cannot be measured at `minimum`.
    fn plan<'m>(&self, minimum: &'m Minimum) -> anyhow::Result<Self::Plan<'m>>;

    /// Performs the experiment.
    fn measure(
        &self,
        plan: &Self::Plan<'_>,
        output: OutputOptions,
    ) -> anyhow::Result<Self::Results>;

    /// The content of the CSV.
    fn to_csv(&self, results: &Self::Results) -> anyhow::Result<Vec<u8>>;

    /// The results as a JSON object. [`run`] adds the keys `csv` and `figure`.
    fn to_json(&self, results: &Self::Results) -> Value;

    /// The results as text. [`run`] adds the paths of the files.
    fn to_text(&self, results: &Self::Results) -> String;
}

/// Performs an experiment, writes its files and prints its results.
pub fn run<E: MinimumExperiment>(
    experiment: &E,
    output: OutputOptions,
) -> anyhow::Result<ExitCode> {
    experiment.check()?;
    let SavedMinimumArgs { minimum: path, settings } = experiment.saved_minimum();
    let context = || format!("cannot use {}", path.display());
    let minimum = settings.load(path).with_context(context)?;
    let plan = experiment.plan(&minimum).with_context(context)?;
    let folder = OutputFolder::create(path, experiment.args().out.as_deref(), E::NAME)?;
    let results = experiment.measure(&plan, output).with_context(context)?;
    let table = experiment.to_csv(&results)?;
    let files = OutputFiles::write(E::NAME, folder, &table, E::DRAW);
    let printed = print(experiment, &results, &files, output);
    files.finish(printed, output)?;
    Ok(ExitCode::SUCCESS)
}

fn print<E: MinimumExperiment>(
    experiment: &E,
    results: &E::Results,
    files: &OutputFiles,
    output: OutputOptions,
) -> anyhow::Result<()> {
    let mut stdout = stdout();
    if output.json {
        let mut answer = experiment.to_json(results);
        answer["csv"] = files.csv();
        answer["figure"] = files.figure();
        writeln!(stdout, "{answer:#}")?;
    } else {
        writeln!(stdout, "{}", experiment.to_text(results))?;
        files.print(&mut stdout)?;
    }
    Ok(())
}

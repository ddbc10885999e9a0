//! The command line: one file per subcommand.

mod accelerator;
mod almost_sure;
mod analyze;
mod beside;
mod compare;
mod completions;
mod devices;
mod exit;
mod folder;
mod format;
mod kept;
mod man;
mod minimum;
mod plot;
mod probe;
mod quadratic;
mod report;
mod show;
mod shuffled;
mod slurm;
mod source;
mod stationary;
mod status;
mod sweep;
mod thresholds;
mod train;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use exit::{report as report_error, report_panic};

/// Is SGD stable at the minimum that it found?
///
/// Exit codes: 0 success; 1 a run failed, or the single run of `train` diverged; 2 wrong usage,
/// configuration or data; 130 interrupted, with everything finished kept.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print the answer as JSON on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Print no progress
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Train, analyse and record every run of a grid; resumes where it stopped
    Sweep(sweep::Sweep),
    /// Train, analyse and record one run: the configuration's own values
    Train(train::Train),
    /// Curvature and thresholds of saved minima
    Analyze(analyze::Analyze),
    /// Every threshold of a Gram matrix that any framework wrote; no network needed
    Thresholds(thresholds::Thresholds),
    /// Perturb a saved minimum and see at which step sizes the true SGD stays there
    Probe(probe::Probe),
    /// Let SGD hover around a minimum that does not interpolate, beside the theory of it
    Stationary(stationary::Stationary),
    /// Simulate linearised SGD on synthetic quadratics beside every theory
    Quadratic(quadratic::Quadratic),
    /// Draw the figures of a results folder from its summary.csv
    Plot(plot::Plot),
    /// What this build and this machine can train on
    Devices(devices::Devices),
    /// Our minima beside the published curves of the paper
    Compare(compare::Compare),
    /// One HTML page of a results folder: progress, figures, every run
    Report(report::Report),
    /// What is done, running, failed and left in a results folder
    Status(status::Status),
    /// Completions for a shell, on standard output
    Completions(completions::Completions),
    /// Manual pages
    Man(man::Manual),
}

/// Parts into which linear algebra is cut, on any number of cores: sums are then added up in the same
/// order on every machine of a cluster, and a record's last digits do not tell where it was made.
const PARTS: usize = 8;

/// Linear algebra, logging and the handling of panics.
pub fn set_up(arguments: &Arguments) {
    faer::set_global_parallelism(faer::Par::rayon(PARTS));
    let default = if arguments.quiet { "error" } else { "etastar=warn" };
    let filter = tracing_subscriber::EnvFilter::try_from_env("ETASTAR_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
        .with_target(false)
        .without_time()
        .log_internal_errors(false)
        .init();
    // A panic is caught where a run or a device can fail and becomes that run's error, and at last
    // in `main`; here it would only be told twice.
    std::panic::set_hook(Box::new(|panic| tracing::debug!("{panic}")));
}

/// Runs the chosen subcommand.
///
/// # Errors
/// Whatever went wrong, with its context.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let style = show::Style { json: arguments.json, quiet: arguments.quiet };
    match &arguments.command {
        Command::Sweep(command) => command.run(style),
        Command::Train(command) => command.run(style),
        Command::Analyze(command) => command.run(style),
        Command::Thresholds(command) => command.run(style),
        Command::Probe(command) => command.run(style),
        Command::Stationary(command) => command.run(style),
        Command::Quadratic(command) => command.run(style),
        Command::Plot(command) => command.run(style),
        Command::Devices(command) => command.run(style),
        Command::Compare(command) => command.run(style),
        Command::Report(command) => command.run(style),
        Command::Status(command) => command.run(style),
        Command::Completions(command) => command.run(Arguments::command(), style),
        Command::Man(command) => command.run(Arguments::command(), style),
    }
}

//! The command line: one file or folder per subcommand, listed in [`Command`]; the arguments that several
//! share are in `*_args`.

mod accelerator_args;
mod analysis_text;
mod analyze;
mod compare;
mod completions;
mod config_args;
mod devices;
mod exit;
mod init;
mod list_args;
mod logging;
mod man;
mod minimum_args;
mod minimum_experiment;
mod optimizer_args;
mod output_files;
mod output_folder;
mod output_options;
mod plan_table;
mod plot;
mod probe;
mod quadratic;
mod report;
mod results_args;
mod run_progress;
mod slurm;
mod standard_output;
mod stationary;
mod status;
mod sweep;
mod text_table;
mod thresholds;
mod train;

use std::io::Write;
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

pub use exit::{report_error, report_panic};
use output_options::OutputOptions;

/// Is SGD stable at the minimum that it found?
///
/// Exit codes: 0 success; 1 a run failed, or the single run of `train` diverged; 2 wrong usage,
/// configuration or data; 130 interrupted, with everything finished kept.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 80)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Print results as JSON on standard output
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
    /// Compute curvature and thresholds of saved minima
    Analyze(analyze::Analyze),
    /// Compute every threshold of a Gram matrix from any framework; no network needed
    Thresholds(thresholds::Thresholds),
    /// Perturb a saved minimum and find the step sizes at which the true SGD stays there
    Probe(probe::Probe),
    /// Run SGD around a minimum that does not interpolate and compare it with the theory
    Stationary(stationary::Stationary),
    /// Simulate linearised SGD on synthetic quadratics and compare it with every theory
    Quadratic(quadratic::Quadratic),
    /// Print a configuration to start from, every key, or a JSON Schema for editors
    Init(init::Init),
    /// Draw the figures of a results folder, or one figure of any columns
    Plot(plot::Plot),
    /// List the devices that this build can train on
    Devices(devices::Devices),
    /// Compare our minima with the published curves of the paper
    Compare(compare::Compare),
    /// Write one HTML page of a results folder: progress, figures, every run
    Report(report::Report),
    /// Show what is done, running, failed and left in a results folder
    Status(status::Status),
    /// Print completions for a shell
    Completions(completions::Completions),
    /// Print or write manual pages
    Man(man::Manual),
}

impl Arguments {
    /// The arguments of this process, or the exit code if they are wrong or only ask for help, which is
    /// then printed.
    pub fn of_process() -> Result<Self, ExitCode> {
        let words = list_args::join_lists(&Self::command(), std::env::args_os());
        Self::try_parse_from(words).map_err(|answer| match answer.print() {
            Err(error) if !answer.use_stderr() => {
                report_error(&standard_output::named(error).into())
            }
            _ => ExitCode::from(answer.exit_code() as u8),
        })
    }
}

/// Number of parts into which linear algebra splits its work, independent of the number of cores: every
/// machine then adds up in the same order and computes the same last digits.
const LINALG_PARTS: usize = 8;

/// Sets up linear algebra, logging and the panic hook.
pub fn set_up(arguments: &Arguments) {
    faer::set_global_parallelism(faer::Par::rayon(LINALG_PARTS));
    logging::start(arguments.quiet);
    // Panics are caught where a run or a device can fail, and otherwise in `main`, and reported there:
    // the default hook would print them a second time.
    std::panic::set_hook(Box::new(|panic| tracing::debug!("{panic}")));
}

/// Runs the chosen subcommand.
///
/// # Errors
/// The error of the subcommand, with its context.
pub fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let code = run_command(arguments)?;
    // The code of the finished work stands, whoever has closed our output.
    exit::ignore_broken_pipe(standard_output::stdout().flush().map_err(Into::into))?;
    Ok(code)
}

fn run_command(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let output = OutputOptions { json: arguments.json, quiet: arguments.quiet };
    match &arguments.command {
        Command::Sweep(command) => command.run(output),
        Command::Train(command) => command.run(output),
        Command::Analyze(command) => command.run(output),
        Command::Thresholds(command) => command.run(output),
        Command::Probe(command) => command.run(output),
        Command::Stationary(command) => command.run(output),
        Command::Quadratic(command) => command.run(output),
        Command::Init(command) => command.run(output),
        Command::Plot(command) => command.run(output),
        Command::Devices(command) => command.run(output),
        Command::Compare(command) => command.run(output),
        Command::Report(command) => command.run(output),
        Command::Status(command) => command.run(output),
        Command::Completions(command) => command.run(Arguments::command(), output),
        Command::Man(command) => command.run(Arguments::command(), output),
    }
}

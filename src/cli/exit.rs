//! Errors and exit codes.

use std::any::Any;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use etastar::compare::CompareError;
use etastar::config::{ConfigError, MissingKey, OverrideError};
use etastar::data::DataError;
use etastar::figures::{ColumnsError, FiguresError};
use etastar::gram::npy::NpyError;
use etastar::launch::LaunchError;
use etastar::measurement::AnalysisError;
use etastar::memory::NotEnoughMemory;
use etastar::probe::ProbeError;
use etastar::quadratic::{FolderError, QuadraticError};
use etastar::record::{PlanError, SavedMinimumError};
use etastar::report::DestinationError;
use etastar::stability::thresholds::ThresholdsError;
use etastar::stationary::StationaryError;
use etastar::store::StoreError;
use etastar::sweep::{Outcome, SweepError};
use etastar::table::TableError;
use etastar::text::panic_text;

use super::output_options::{TERMINAL_WIDTH, print_error_line};

/// A run failed.
pub const FAILED: u8 = 1;
/// Wrong usage, configuration or data.
pub const USAGE: u8 = 2;
/// Stopped by a signal.
pub const INTERRUPTED: u8 = 130;

/// Treats a closed standard output as success: the exit code is then that of the finished work.
pub fn ignore_broken_pipe(printed: anyhow::Result<()>) -> anyhow::Result<()> {
    printed.or_else(|error| if is_broken_pipe(&error) { Ok(()) } else { Err(error) })
}

/// Wrong usage that the argument parser cannot detect.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// Prints `error` with its causes and returns the exit code.
pub fn report_error(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::SUCCESS;
    }
    let message = match error.downcast_ref::<ConfigError>() {
        Some(error) if io::stderr().is_terminal() => error.with_source_lines(TERMINAL_WIDTH),
        _ => error_chain(error),
    };
    print_error_line(&format!("error: {message}"));
    ExitCode::from(exit_code(error))
}

/// Prints the message of a panic that reached `main`.
pub fn report_panic(panic: &(dyn Any + Send)) -> ExitCode {
    print_error_line(&format!(
        "error: internal error: {}; finished results are kept. Please report it with the command and \
         its output with ETASTAR_LOG=debug set",
        panic_text(panic)
    ));
    ExitCode::from(FAILED)
}

/// The error and its causes, without those whose text an earlier one includes.
fn error_chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if !text.contains(&cause) {
            text += if text.is_empty() { "" } else { ": " };
            text += &cause;
        }
    }
    text
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let usage = error.chain().any(|cause| {
        cause.is::<UsageError>()
            || cause.is::<ConfigError>()
            || cause.is::<MissingKey>()
            || cause.is::<OverrideError>()
            || cause.is::<DataError>()
            || cause.is::<CompareError>()
            || cause.is::<NpyError>()
            || cause.is::<SavedMinimumError>()
            || cause.is::<ThresholdsError>()
            || cause.is::<TableError>()
            || cause.is::<NotEnoughMemory>()
            || cause.downcast_ref::<FiguresError>().is_some_and(has_nothing_to_draw)
            || cause.downcast_ref::<ColumnsError>().is_some_and(must_be_asked_otherwise)
            || cause.downcast_ref::<AnalysisError>().is_some_and(is_misfit)
            || cause.is::<ProbeError>()
            || cause.downcast_ref::<FolderError>().is_some_and(is_taken)
            || matches!(
                cause.downcast_ref(),
                Some(StoreError::OfQuadratic { .. } | StoreError::Foreign { .. })
            )
            || cause
                .downcast_ref::<QuadraticError>()
                .is_some_and(QuadraticError::is_of_the_settings)
            || cause.downcast_ref::<DestinationError>().is_some_and(is_protected)
            || cause.downcast_ref::<StationaryError>().is_some_and(is_unsuitable)
            || cause.downcast_ref::<PlanError>().is_some_and(is_of_the_plan)
            || is_usage(cause.downcast_ref::<SweepError>())
            || cause.downcast_ref::<LaunchError>().is_some_and(is_launch_usage)
    });
    if usage { USAGE } else { FAILED }
}

/// A missing device is wrong usage, a device that failed is not.
fn is_usage(error: Option<&SweepError>) -> bool {
    matches!(
        error,
        Some(SweepError::Experiment(_) | SweepError::NoDevice(_) | SweepError::Memory(_))
    )
}

/// Other data or axes must be chosen; an error of the disk is not wrong usage.
fn is_of_the_plan(error: &PlanError) -> bool {
    !matches!(error, PlanError::Store(_))
}

/// Another minimum or batch size must be chosen.
fn is_unsuitable(error: &StationaryError) -> bool {
    !matches!(error, StationaryError::Engine(_))
}

/// Another table must be chosen.
fn has_nothing_to_draw(error: &FiguresError) -> bool {
    matches!(error, FiguresError::Table(_) | FiguresError::NothingConverged { .. })
}

/// Other columns or rows must be chosen; an error of the disk is not wrong usage.
fn must_be_asked_otherwise(error: &ColumnsError) -> bool {
    !matches!(error, ColumnsError::Draw(_))
}

/// Data and network do not fit together or into memory.
fn is_misfit(error: &AnalysisError) -> bool {
    matches!(error, AnalysisError::Shape { .. } | AnalysisError::Memory(_))
}

/// The folder belongs to another experiment; an error of the disk is not wrong usage.
fn is_taken(error: &FolderError) -> bool {
    !matches!(error, FolderError::Store(_))
}

/// The destination must not be overwritten.
fn is_protected(error: &DestinationError) -> bool {
    !matches!(error, DestinationError::Unreadable { .. })
}

/// All errors but those of Slurm and of the disk.
fn is_launch_usage(error: &LaunchError) -> bool {
    use LaunchError::{QueueLimit, Slurm, Store};
    !matches!(error, Slurm(_) | QueueLimit { .. } | Store(_))
}

/// The reader of standard output has closed it, as in `etastar status results/x | head`.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &io::Error| cause.kind() == io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| cause.downcast_ref::<io::Error>().is_some_and(is_pipe))
}

/// The exit code of a finished or interrupted sweep. Some runs of a grid may diverge; if all of them did,
/// there is nothing to show, which counts as a failure.
pub fn of_outcome(outcome: &Outcome) -> ExitCode {
    let has_minimum = outcome.records.iter().any(|record| record.stop_reason.has_minimum());
    if outcome.interrupted {
        ExitCode::from(INTERRUPTED)
    } else if outcome.failures.is_empty() && (has_minimum || outcome.records.is_empty()) {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    }
}

#[cfg(test)]
mod tests {
    use super::error_chain;
    use anyhow::anyhow;

    #[test]
    fn a_cause_is_printed_once() {
        let full = "cannot write x: No space left on device";
        let error = anyhow!("No space left on device").context(full).context("cannot sweep");
        assert_eq!(error_chain(&error), format!("cannot sweep: {full}"));
    }
}

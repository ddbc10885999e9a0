//! The options `--json` and `--quiet`, and lines on standard error.

use std::io::Write;

use indicatif::ProgressBar;

/// How a command prints its results and its progress.
#[derive(Debug, Clone, Copy)]
pub struct OutputOptions {
    /// Print results as JSON.
    pub json: bool,
    /// Print no progress and no notes.
    pub quiet: bool,
}

impl OutputOptions {
    /// Prints a note on standard error, unless quiet.
    pub fn note(self, text: &str) {
        if !self.quiet {
            print_error_line(text);
        }
    }

    /// Calls `work` with a progress bar of `length` steps, which is removed afterwards and hidden if
    /// quiet.
    pub fn with_progress_bar<T>(self, length: u64, work: impl FnOnce(&ProgressBar) -> T) -> T {
        let bar = if self.quiet { ProgressBar::hidden() } else { ProgressBar::new(length) };
        let result = work(&bar);
        bar.finish_and_clear();
        result
    }
}

/// Prints a line on standard error. A failure is ignored: there is no other place to report it.
pub fn print_error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

//! The options `--json` and `--quiet`, and lines on standard error.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};

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
        let is_shown = !self.quiet && can_redraw();
        let bar = if is_shown { ProgressBar::new(length) } else { ProgressBar::hidden() };
        let result = work(&bar);
        bar.finish_and_clear();
        result
    }
}

/// Columns of the lines that are printed.
pub const TERMINAL_WIDTH: usize = 80;

/// Whether standard error is a terminal on which lines can be drawn again.
pub fn can_redraw() -> bool {
    has_cursor(std::io::stderr().is_terminal(), std::env::var_os("TERM").as_deref())
}

/// `TERM=dumb` stands for a terminal that shows escape codes as they are.
fn has_cursor(is_terminal: bool, name: Option<&OsStr>) -> bool {
    is_terminal && name.is_none_or(|name| name != "dumb")
}

/// Prints a line on standard error. A failure is ignored: there is no other place to report it.
pub fn print_error_line(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::has_cursor;

    #[test]
    fn dumb_terminals_and_files_get_plain_lines() {
        assert!(has_cursor(true, None) && has_cursor(true, Some("xterm-256color".as_ref())));
        assert!(!has_cursor(true, Some("dumb".as_ref())));
        assert!(!has_cursor(false, Some("xterm".as_ref())) && !has_cursor(false, None));
    }
}

//! The text of a batch script.

use std::fmt::Write;

use super::quoting::quote_option;
use super::sbatch_option::SbatchOption;

/// A batch script: options for Slurm, then lines for the shell.
#[derive(Debug, Clone, Default)]
pub struct Script {
    options: Vec<String>,
    lines: Vec<String>,
}

impl Script {
    /// Adds `--name=value`.
    pub fn option(&mut self, name: &str, value: impl std::fmt::Display) {
        self.options.push(format!("--{name}={}", quote_option(&value.to_string())));
    }

    /// Adds `--name=value`, if `value` is `Some`.
    pub fn optional(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.option(name, value);
        }
    }

    /// Adds `--name`.
    pub fn flag(&mut self, name: &str) {
        self.options.push(format!("--{name}"));
    }

    /// Adds an option of the user.
    pub fn user_option(&mut self, option: &SbatchOption) {
        self.options.push(option.line());
    }

    /// Adds a line of shell code.
    pub fn line(&mut self, line: impl Into<String>) {
        self.lines.push(line.into());
    }

    /// The whole script.
    pub fn text(&self) -> String {
        let mut text = "#!/bin/bash\n".to_owned();
        for option in &self.options {
            let _ = writeln!(text, "#SBATCH {option}");
        }
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        text
    }
}

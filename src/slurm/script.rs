//! The text of a batch script.

use std::fmt::Write;

/// A batch script: options for Slurm, then lines for the shell.
#[derive(Debug, Clone, Default)]
pub struct Script {
    options: Vec<String>,
    lines: Vec<String>,
}

impl Script {
    /// Adds `--name=value`.
    pub fn option(&mut self, name: &str, value: impl std::fmt::Display) {
        let value = value.to_string();
        // sbatch splits options at spaces, except within double quotes.
        let plain = !value.contains(char::is_whitespace);
        self.options.push(if plain {
            format!("--{name}={value}")
        } else {
            format!("--{name}=\"{value}\"")
        });
    }

    /// Adds `--name=value`, if `value` is `Some`.
    pub fn optional(&mut self, name: &str, value: Option<impl std::fmt::Display>) {
        if let Some(value) = value {
            self.option(name, value);
        }
    }

    /// Adds an option without changes.
    pub fn raw_option(&mut self, option: &str) {
        self.options.push(option.to_owned());
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

/// `word`, quoted for the shell if necessary.
///
/// ```
/// use etastar::slurm::quote;
/// assert_eq!(quote("results/x"), "results/x");
/// assert_eq!(quote("it's here"), r"'it'\''s here'");
/// ```
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

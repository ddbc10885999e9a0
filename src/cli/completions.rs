//! `etastar completions`: what the shell offers after Tab.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::show::Style;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell that is to read them
    shell: Shell,
}

impl Completions {
    /// Prints the completions of `program`.
    pub fn run(&self, mut program: Command, style: Style) -> anyhow::Result<ExitCode> {
        let name = program.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut program, name, &mut script);
        let mut out = std::io::stdout().lock();
        if style.json {
            let script = String::from_utf8_lossy(&script);
            let answer = serde_json::json!({ "shell": self.shell.to_string(), "script": script });
            writeln!(out, "{answer:#}")?;
        } else {
            out.write_all(&script)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

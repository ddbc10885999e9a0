//! `etastar completions`: the completion script of a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, Command};
use clap_complete::{Shell, generate};

use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct Completions {
    /// The shell that reads the script
    shell: Shell,
}

impl Completions {
    /// Prints the completion script of `program`.
    pub fn run(&self, mut program: Command, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let name = program.get_name().to_owned();
        let mut script = Vec::new();
        generate(self.shell, &mut program, name, &mut script);
        let mut stdout = stdout();
        if output.json {
            let script = String::from_utf8_lossy(&script);
            let answer = serde_json::json!({ "shell": self.shell.to_string(), "script": script });
            writeln!(stdout, "{answer:#}")?;
        } else {
            stdout.write_all(&script)?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

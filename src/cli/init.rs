//! `etastar init`: a configuration to start from, and the schema of all of them.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::config::reference::{EXAMPLES, example, json_schema, template};
use serde_json::json;

use super::exit::UsageError;
use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// Arguments of `init`.
#[derive(Debug, Args)]
#[command(after_help = "\
A copy of configs/quick.toml:
  etastar init quick --out my.toml
Every key with its default and meaning:
  etastar init > all.toml

Editors with Taplo, such as VS Code with Even Better TOML, check and complete
the keys of a file that begins with the line
  #:schema ./etastar.schema.json
after
  etastar init --schema --out etastar.schema.json")]
pub struct Init {
    /// A configuration by name, see --list; without it every key with its default
    #[arg(conflicts_with_all = ["list", "schema"])]
    name: Option<String>,
    /// List the configurations
    #[arg(long)]
    list: bool,
    /// Print the JSON Schema of the configurations of `sweep` and `train`
    #[arg(long, conflicts_with = "list")]
    schema: bool,
    /// A new file to write [default: standard output]
    #[arg(long, short, value_name = "FILE", conflicts_with = "list")]
    out: Option<PathBuf>,
}

impl Init {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let mut stdout = stdout();
        if self.list {
            if output.json {
                let list = EXAMPLES.iter().map(|e| json!({ "name": e.name, "about": e.about() }));
                writeln!(stdout, "{:#}", json!(list.collect::<Vec<_>>()))?;
            } else {
                for example in EXAMPLES {
                    writeln!(stdout, "{:<24} {}", example.name, example.about())?;
                }
            }
            return Ok(ExitCode::SUCCESS);
        }
        let text = self.text()?;
        match &self.out {
            Some(path) => {
                create(path, &text)?;
                if output.json {
                    writeln!(stdout, "{:#}", json!({ "file": path }))?;
                } else {
                    writeln!(stdout, "{}", path.display())?;
                }
            }
            None if output.json && !self.schema => {
                writeln!(stdout, "{:#}", json!({ "name": self.name, "text": text }))?;
            }
            None => stdout.write_all(text.as_bytes())?,
        }
        Ok(ExitCode::SUCCESS)
    }

    fn text(&self) -> anyhow::Result<String> {
        if self.schema {
            return Ok(format!("{:#}\n", json_schema()));
        }
        match &self.name {
            None => Ok(template()),
            Some(name) => {
                let found = example(name).map_err(|error| UsageError(error.to_string()))?;
                Ok(found.text.to_owned())
            }
        }
    }
}

/// Writes a new file.
fn create(path: &Path, text: &str) -> anyhow::Result<()> {
    let name = path.display();
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(UsageError(format!("{name} exists and is not overwritten")).into());
        }
        Err(error) => return Err(error).with_context(|| format!("cannot create {name}")),
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.with_context(|| format!("cannot write {name}"))
}

//! `etastar plot`: the figures of a results folder.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::figures::{self, Outcome};
use serde_json::json;

use super::folder::Folder;
use super::show::Style;

/// Arguments of `plot`.
#[derive(Debug, Args)]
pub struct Plot {
    #[command(flatten)]
    folder: Folder,
}

impl Plot {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let folder = self.folder.with("summary.csv")?;
        let outcomes = figures::draw_all(&folder.join("summary.csv"), &folder.join("figures"))?;
        let mut out = std::io::stdout().lock();
        if style.json {
            let answers: Vec<_> = outcomes.iter().map(answer).collect();
            writeln!(out, "{:#}", json!(answers))?;
            return Ok(ExitCode::SUCCESS);
        }
        for outcome in &outcomes {
            match outcome {
                Outcome::Drawn { svg, png, .. } => {
                    writeln!(out, "{}\n{}", svg.display(), png.display())?;
                }
                Outcome::Skipped { name, reason } => {
                    style.note(&format!("{name} is not drawn: {reason}"));
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn answer(outcome: &Outcome) -> serde_json::Value {
    match outcome {
        Outcome::Drawn { name, svg, png } => json!({ "name": name, "svg": svg, "png": png }),
        Outcome::Skipped { name, reason } => json!({ "name": name, "skipped": reason }),
    }
}

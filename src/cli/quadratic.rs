//! `etastar quadratic`: simulates linearised SGD on synthetic problems beside every theory.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use etastar::figures::Outcome;
use etastar::figures::quadratic::draw_quadratic;
use etastar::quadratic::{CsvTable, Progress, run};
use etastar::sweep::write_file;
use indicatif::ProgressBar;
use serde_json::json;

use super::show::Style;
use super::source::Source;

/// Arguments of `quadratic`.
#[derive(Debug, Args)]
pub struct Quadratic {
    #[command(flatten)]
    source: Source,
}

impl Quadratic {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let config = self.source.load_quadratic()?;
        let folder = &config.results;
        // Before the long work, so that a folder that cannot be written costs none of it.
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        let bar = if style.quiet { ProgressBar::hidden() } else { ProgressBar::new(0) };
        let listener = |done: usize, total: usize| {
            bar.set_length(total as u64);
            bar.set_position(done as u64);
        };
        let tables = run(&config, &Progress::new(&listener))?;
        bar.finish_and_clear();
        let mut files = Vec::new();
        for table in &tables {
            files.push(write_table(folder, table)?);
        }
        for outcome in draw_quadratic(folder, &folder.join("figures"))? {
            match outcome {
                Outcome::Drawn { svg, png, .. } => files.extend([svg, png]),
                Outcome::Skipped { name, reason } => {
                    style.note(&format!("{name} is not drawn: {reason}"));
                }
            }
        }
        let mut out = std::io::stdout().lock();
        if style.json {
            writeln!(out, "{:#}", json!({ "results": folder, "files": files }))?;
        } else {
            for file in &files {
                writeln!(out, "{}", file.display())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn write_table(folder: &Path, table: &CsvTable) -> anyhow::Result<std::path::PathBuf> {
    let path = folder.join(format!("{}.csv", table.name));
    let mut bytes = Vec::new();
    table.write(&mut bytes)?;
    write_file(&path, &bytes)?;
    Ok(path)
}

//! `etastar man`: manual pages, one for the program and one for each subcommand.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Command};
use clap_mangen::Man;
use etastar::store::write_file;
use serde_json::json;

use super::output_files::print_paths;
use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// Arguments of `man`.
#[derive(Debug, Args)]
pub struct Manual {
    /// Folder for all pages, for example ~/.local/share/man/man1; without it the program's own
    /// page is printed
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// A manual page and the name of its file.
struct Page {
    file: String,
    text: Vec<u8>,
}

impl Manual {
    /// Prints or writes the pages of `program`.
    pub fn run(&self, program: Command, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        let mut stdout = stdout();
        let Some(folder) = &self.out else {
            let page = page(&program)?;
            if output.json {
                let text = String::from_utf8_lossy(&page.text);
                writeln!(stdout, "{:#}", json!({ "page": page.file, "text": text }))?;
            } else {
                stdout.write_all(&page.text)?;
            }
            return Ok(ExitCode::SUCCESS);
        };
        let files = write_all(&program, folder)?;
        if output.json {
            writeln!(stdout, "{:#}", json!({ "files": files }))?;
            return Ok(ExitCode::SUCCESS);
        }
        print_paths(&files, &mut stdout)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn write_all(program: &Command, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    let mut files = Vec::new();
    for command in std::iter::once(program).chain(program.get_subcommands()) {
        let page = page(command)?;
        let path = folder.join(page.file);
        write_file(&path, &page.text)?;
        files.push(path);
    }
    Ok(files)
}

fn page(command: &Command) -> std::io::Result<Page> {
    // After `build`, the display name of a subcommand is the name of its page: `etastar-sweep`.
    let name = command.get_display_name().unwrap_or(command.get_name()).to_owned();
    let command = command.clone().version(env!("CARGO_PKG_VERSION"));
    let source = concat!("etastar ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command).title(name.to_uppercase()).source(source);
    let mut text = Vec::new();
    man.render(&mut text)?;
    Ok(Page { file: format!("{name}.1"), text })
}

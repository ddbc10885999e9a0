//! Files that a command writes, and their paths on standard output.

use std::io::Write;
use std::path::{Path, PathBuf};

use etastar::figures::{FigureOutcome, FiguresError};
use etastar::store::write_file;
use serde_json::{Value, json};

use super::output_folder::OutputFolder;
use super::output_options::OutputOptions;

/// Draws a CSV into a folder; also returns a sentence on the data that the figure leaves out.
pub type Draw = fn(&Path, &Path) -> Result<(FigureOutcome, Option<String>), FiguresError>;

/// The CSV and the figure of an experiment. Its results are printed even if a file cannot be written:
/// the computation may have taken hours.
#[derive(Default)]
pub struct OutputFiles {
    csv: Option<PathBuf>,
    figure: Option<FigureOutcome>,
    /// The data that the figure leaves out.
    left_out: Option<String>,
    /// Why a file could not be written.
    error: Option<anyhow::Error>,
}

impl OutputFiles {
    /// Writes `table` as the CSV of `folder` and draws it as the figure `name`. Errors are returned
    /// later, by [`OutputFiles::finish`].
    pub fn write(name: &str, folder: OutputFolder, table: &[u8], draw: Draw) -> Self {
        let OutputFolder { path, csv } = folder;
        if let Err(error) = write_file(&csv, table) {
            return Self { error: Some(error.into()), ..Self::default() };
        }
        let drawn = draw(&csv, &path);
        let written = Self { csv: Some(csv), ..Self::default() };
        match drawn {
            Ok((figure, left_out)) => Self { figure: Some(figure), left_out, ..written },
            Err(error @ FiguresError::Write { .. }) => {
                Self { error: Some(error.into()), ..written }
            }
            Err(error) => {
                let (name, reason) = (name.to_owned(), error.to_string());
                Self { figure: Some(FigureOutcome::Skipped { name, reason }), ..written }
            }
        }
    }

    /// The path of the CSV for the JSON result, null if there is none.
    pub fn csv(&self) -> Value {
        json!(self.csv)
    }

    /// The figure for the JSON result: its files, or why it is not drawn.
    pub fn figure(&self) -> Value {
        match &self.figure {
            Some(FigureOutcome::Drawn { svg, png, .. }) => {
                json!({ "svg": svg, "png": png, "left_out": self.left_out })
            }
            Some(FigureOutcome::Skipped { reason, .. }) => json!({ "skipped": reason }),
            None => Value::Null,
        }
    }

    /// Prints the path of every file, one per line.
    pub fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        print_paths(&self.csv, out)?;
        print_paths(self.figure.iter().flat_map(FigureOutcome::files), out)
    }

    /// Reports what the figure lacks once the results are printed. Returns the error of a file that
    /// could not be written, or else `print_result`.
    pub fn finish(
        self,
        print_result: anyhow::Result<()>,
        output: OutputOptions,
    ) -> anyhow::Result<()> {
        self.figure.iter().for_each(|figure| note_if_skipped(figure, output));
        if let Some(left_out) = &self.left_out {
            output.note(left_out);
        }
        self.error.map_or(print_result, Err)
    }
}

/// Prints paths, one per line.
pub fn print_paths(
    paths: impl IntoIterator<Item = impl AsRef<Path>>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    paths.into_iter().try_for_each(|path| writeln!(out, "{}", path.as_ref().display()))
}

/// Prints a note on a figure that is not drawn.
pub fn note_if_skipped(figure: &FigureOutcome, output: OutputOptions) {
    if let FigureOutcome::Skipped { name, reason } = figure {
        output.note(&format!("{name} is not drawn: {reason}"));
    }
}

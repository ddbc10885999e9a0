//! The table and the figure of an answer, on disk. An answer that took long is told whatever becomes
//! of them.

use std::io::Write;
use std::path::{Path, PathBuf};

use etastar::figures::{FiguresError, Outcome};
use etastar::store::write_file;
use serde_json::{Value, json};

use super::show::Style;

/// Draws a CSV into a folder, and says what the figure leaves out.
pub type Draw = fn(&Path, &Path) -> Result<(Outcome, Option<String>), FiguresError>;

/// What could be kept of an answer.
#[derive(Default)]
pub struct Kept {
    csv: Option<PathBuf>,
    figure: Option<Outcome>,
    /// What the figure does not show.
    left_out: Option<String>,
    /// What the disk refused.
    fault: Option<anyhow::Error>,
}

impl Kept {
    /// Writes `table` to `csv` and draws it as `name` into `folder`. A fault is told by
    /// [`Kept::settle`].
    pub fn write(name: &str, csv: PathBuf, folder: &Path, table: &[u8], draw: Draw) -> Self {
        if let Err(error) = write_file(&csv, table) {
            return Self { fault: Some(error.into()), ..Self::default() };
        }
        let drawn = draw(&csv, folder);
        let kept = Self { csv: Some(csv), ..Self::default() };
        match drawn {
            Ok((figure, left_out)) => Self { figure: Some(figure), left_out, ..kept },
            Err(error @ FiguresError::Write { .. }) => Self { fault: Some(error.into()), ..kept },
            Err(error) => {
                let (name, reason) = (name.to_owned(), error.to_string());
                Self { figure: Some(Outcome::Skipped { name, reason }), ..kept }
            }
        }
    }

    /// The path of the CSV for a JSON answer, null if there is none.
    pub fn csv(&self) -> Value {
        json!(self.csv)
    }

    /// The figure for a JSON answer: its files, or why it is not drawn.
    pub fn figure(&self) -> Value {
        match &self.figure {
            Some(Outcome::Drawn { svg, png, .. }) => {
                json!({ "svg": svg, "png": png, "left_out": self.left_out })
            }
            Some(Outcome::Skipped { reason, .. }) => json!({ "skipped": reason }),
            None => Value::Null,
        }
    }

    /// The paths of all files, one a line.
    pub fn print(&self, out: &mut dyn Write) -> std::io::Result<()> {
        if let Some(csv) = &self.csv {
            writeln!(out, "{}", csv.display())?;
        }
        if let Some(Outcome::Drawn { svg, png, .. }) = &self.figure {
            writeln!(out, "{}\n{}", svg.display(), png.display())?;
        }
        Ok(())
    }

    /// To be called once the answer is `told`: notes what is not shown, and fails if the disk refused
    /// a file or the answer could not be told.
    pub fn settle(self, told: anyhow::Result<()>, style: Style) -> anyhow::Result<()> {
        if let Some(Outcome::Skipped { name, reason }) = &self.figure {
            style.note(&format!("{name} is not drawn: {reason}"));
        }
        if let Some(left_out) = &self.left_out {
            style.note(left_out);
        }
        self.fault.map_or(told, Err)
    }
}

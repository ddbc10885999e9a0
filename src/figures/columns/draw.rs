//! From the tables of a folder to the files of a figure.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::ColumnsError;
use super::figure::Figure;
use super::request::Request;
use super::tables;
use crate::figures::error::FiguresError;
use crate::figures::plotting::{layout, png};
use crate::store::{StoreError, write_file};

/// A figure that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnColumns {
    pub files: Vec<PathBuf>,
    /// The table that it shows.
    pub table: String,
    /// Number of rows of the table that meet the conditions.
    pub rows: usize,
    pub curves: usize,
    /// Settings that differ within a curve.
    pub mixed: Vec<String>,
    /// What the figure leaves out or mixes.
    pub notes: Vec<String>,
}

/// Draws `request` from the tables of `folder` into the file `out`, whose extension `svg` or `png` is
/// the format, or by default as both into `figures/`.
///
/// # Errors
/// [`ColumnsError`].
pub fn draw_columns(
    folder: &Path,
    request: &Request,
    out: Option<&Path>,
) -> Result<DrawnColumns, ColumnsError> {
    let files = match out {
        Some(path) => vec![path.to_owned()],
        None => ["svg", "png"]
            .map(|extension| folder.join("figures").join(format!("{}.{extension}", name(request))))
            .to_vec(),
    };
    if let Some(path) = files.iter().find(|path| Format::of(path).is_none()) {
        return Err(ColumnsError::Format { path: path.clone() });
    }
    let data = tables::load(folder, request.table.as_deref(), request.columns())?;
    let Figure { chart, caption, notes, rows, curves, mixed } = Figure::new(&data, request)?;
    let never = || ColumnsError::NeverTogether { x: request.x.clone(), y: request.y.clone() };
    let svg = layout::to_svg(&chart, &caption).ok_or_else(never)?;
    for path in &files {
        write(path, &svg)?;
    }
    Ok(DrawnColumns { files, table: data.name, rows, curves, mixed, notes })
}

/// The format of a file.
#[derive(Clone, Copy)]
enum Format {
    Svg,
    Png,
}

impl Format {
    fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "png" => Some(Self::Png),
            _ => None,
        }
    }
}

fn write(path: &Path, svg: &str) -> Result<(), FiguresError> {
    let content = match Format::of(path) {
        Some(Format::Png) => png::rasterise(svg).map_err(|reason| FiguresError::Rasterise {
            figure: path.display().to_string(),
            reason,
        })?,
        _ => svg.as_bytes().to_vec(),
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|source| {
            let path = folder.to_owned();
            StoreError::Io { action: "create", path, source }
        })?;
    }
    Ok(write_file(path, &content)?)
}

/// The name of a figure's files without their extension.
fn name(request: &Request) -> String {
    let joined = |columns: &[String]| columns.join("_");
    let mut name = format!("{}_against_{}", joined(&request.y), request.x);
    if !request.by.is_empty() {
        name += &format!("_by_{}", joined(&request.by));
    }
    if !request.facet.is_empty() {
        name += &format!("_per_{}", joined(&request.facet));
    }
    for condition in &request.conditions {
        name += &format!("_where_{condition}");
    }
    let safe = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' };
    // File names have at most 255 bytes.
    name.chars().map(safe).take(200).collect()
}

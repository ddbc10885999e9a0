//! Writes figures as SVG and PNG files.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::FiguresError;
use super::plotting::chart::Chart;
use super::plotting::{layout, png};
use crate::store::{StoreError, write_file};

/// What became of one figure.
#[derive(Debug, Clone, PartialEq)]
pub enum FigureOutcome {
    /// Both files are written.
    Drawn { name: String, svg: PathBuf, png: PathBuf },
    /// The CSV lacks the data of the figure.
    Skipped { name: String, reason: String },
}

impl FigureOutcome {
    /// The files of a figure that is drawn.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let files = match self {
            Self::Drawn { svg, png, .. } => Some([svg.as_path(), png.as_path()]),
            Self::Skipped { .. } => None,
        };
        files.into_iter().flatten()
    }
}

/// Draws `chart` as `name`.svg and `name`.png into `folder`. A chart without points is skipped with the
/// reason `if_empty`.
pub fn draw(
    name: &str,
    chart: &Chart,
    caption: &str,
    folder: &Path,
    if_empty: &str,
) -> Result<FigureOutcome, FiguresError> {
    let name = name.to_owned();
    let Some(svg) = layout::to_svg(chart, caption) else {
        return Ok(FigureOutcome::Skipped { name, reason: if_empty.to_owned() });
    };
    let png = png::rasterise(&svg)
        .map_err(|reason| FiguresError::Rasterise { figure: name.clone(), reason })?;
    fs::create_dir_all(folder).map_err(|source| {
        let path = folder.to_owned();
        StoreError::Io { action: "create", path, source }
    })?;
    let [svg_path, png_path] = paths(&name, folder);
    write_file(&svg_path, svg.as_bytes())?;
    write_file(&png_path, &png)?;
    Ok(FigureOutcome::Drawn { name, svg: svg_path, png: png_path })
}

/// Removes the files of an earlier drawing.
pub fn remove(name: &str, folder: &Path) -> Result<(), FiguresError> {
    for path in paths(name, folder) {
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(StoreError::Io { action: "remove", path, source }.into());
            }
            _ => {}
        }
    }
    Ok(())
}

fn paths(name: &str, folder: &Path) -> [PathBuf; 2] {
    ["svg", "png"].map(|extension| folder.join(format!("{name}.{extension}")))
}

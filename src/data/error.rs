//! Errors of data files and of the choice of samples.

use std::path::PathBuf;

/// Data that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Neither the plain nor the gzipped file exists.
    #[error("the data folder {folder} has neither {name} nor {name}.gz; set data.folder to a folder of IDX files", folder = .folder.display())]
    Missing { folder: PathBuf, name: String },
    /// A file cannot be opened, read or unpacked.
    #[error("cannot read the data file {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// A file has the wrong content.
    #[error("the data file {path} is invalid: {reason}", path = .path.display())]
    Malformed { path: PathBuf, reason: String },
    /// The two files of a split have different lengths.
    #[error("{folder} has {images} images but {labels} labels", folder = .folder.display())]
    Mismatch { folder: PathBuf, images: usize, labels: usize },
    /// The files are other ones than when the sweep was planned.
    #[error("the images or labels in {folder} changed while the sweep was at work", folder = .folder.display())]
    Changed { folder: PathBuf },
    /// The squares of pixels do not tile the images.
    #[error("data.pool = {side} does not divide the images' {rows} × {columns} pixels")]
    Pool { side: usize, rows: usize, columns: usize },
    /// A class has too few samples.
    #[error("{folder} has only {available} samples of class {class}; data.samples_per_class is {wanted}", folder = .folder.display())]
    TooFew { class: u8, available: usize, wanted: usize, folder: PathBuf },
}

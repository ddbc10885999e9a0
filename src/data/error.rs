//! What can be wrong with the data.

use std::path::PathBuf;

/// Data that cannot be used, with the file and the fault.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Neither the plain nor the gzipped file is there.
    #[error("the data folder {folder} has neither {name} nor {name}.gz; set data.folder to a folder of IDX files", folder = .folder.display())]
    Missing { folder: PathBuf, name: String },
    /// The operating system or gzip refused.
    #[error("cannot read the data file {path}: {source}", path = .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// The content is not what it should be.
    #[error("the data file {path} is unusable: {fault}", path = .path.display())]
    Malformed { path: PathBuf, fault: String },
    /// Labels and images do not belong together.
    #[error("{folder} has {images} images but {labels} labels", folder = .folder.display())]
    Mismatch { folder: PathBuf, images: usize, labels: usize },
    /// Squares that do not tile the images.
    #[error("data.pool = {side} does not divide the images' {rows} × {columns} pixels")]
    Pool { side: usize, rows: usize, columns: usize },
    /// A class is too small.
    #[error("{folder} has only {available} samples of class {class}, data.samples_per_class asks for {wanted}", folder = .folder.display())]
    TooFew { class: u8, available: usize, wanted: usize, folder: PathBuf },
}

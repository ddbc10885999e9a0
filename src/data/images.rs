//! The two files of a folder.

use std::path::Path;

use super::error::DataError;
use super::idx;
use super::settings::Split;

/// All images of a folder and their labels.
#[derive(Debug)]
pub struct LabelledImages {
    /// Pixels, image after image, row by row.
    pub images: Vec<u8>,
    pub labels: Vec<u8>,
    /// Rows and columns of an image.
    pub shape: (usize, usize),
}

impl LabelledImages {
    /// Reads and checks the files of `split` in `folder`.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn read(folder: &Path, split: Split) -> Result<Self, DataError> {
        let prefix = split.file_prefix();
        let labels = idx::read(folder, &format!("{prefix}-labels-idx1-ubyte"), 1)?;
        let images = idx::read(folder, &format!("{prefix}-images-idx3-ubyte"), 3)?;
        if images.dimensions[0] != labels.dimensions[0] {
            return Err(DataError::Mismatch {
                folder: folder.to_owned(),
                images: images.dimensions[0],
                labels: labels.dimensions[0],
            });
        }
        let shape = (images.dimensions[1], images.dimensions[2]);
        Ok(Self { images: images.bytes, labels: labels.bytes, shape })
    }
}

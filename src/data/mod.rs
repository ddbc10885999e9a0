//! Labelled images: the chosen subset of an IDX folder as network inputs and one-hot targets.

mod checksums;
mod error;
mod idx;
mod noise;
mod pool;
mod subset;

pub use error::DataError;

use crate::config::{DataConfig, Scaling, Split};

/// Mean and deviation of MNIST's pixels, the values that PyTorch's examples use.
const STANDARD: (f32, f32) = (0.1307, 0.3081);

/// n samples as the network sees them.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// n × features, row by row.
    pub inputs: Vec<f32>,
    /// n × outputs one-hot rows.
    pub targets: Vec<f32>,
    pub samples: usize,
    pub features: usize,
    pub outputs: usize,
    /// BLAKE3 of the pixels and labels that are trained on, before scaling: of the smaller images if
    /// they were made smaller, and of the wrong labels if some were made wrong.
    pub digest: String,
}

impl Dataset {
    /// Reads and checks the files of `config`, keeps its subset and scales it.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn load(config: &DataConfig) -> Result<Self, DataError> {
        let prefix = match config.split {
            Split::Train => "train",
            Split::T10k => "t10k",
        };
        let labels = idx::read(&config.folder, &format!("{prefix}-labels-idx1-ubyte"), 1)?;
        let images = idx::read(&config.folder, &format!("{prefix}-images-idx3-ubyte"), 3)?;
        if images.dimensions[0] != labels.dimensions[0] {
            return Err(DataError::Mismatch {
                folder: config.folder.clone(),
                images: images.dimensions[0],
                labels: labels.dimensions[0],
            });
        }
        let shape = (images.dimensions[1], images.dimensions[2]);
        let chosen: Vec<usize> = subset::choose(&labels.bytes, config)?
            .into_iter()
            .flat_map(|sample| std::iter::repeat_n(sample, config.copies))
            .collect();
        let pixels: Vec<u8> = chosen
            .iter()
            .flat_map(|&i| &images.bytes[i * shape.0 * shape.1..][..shape.0 * shape.1])
            .copied()
            .collect();
        let pixels = pool::pool(&pixels, shape, config.pool)?;
        let mut kept: Vec<u8> = chosen.iter().map(|&i| labels.bytes[i]).collect();
        noise::add(&mut kept, config);
        Ok(Self {
            inputs: pixels.iter().map(|&pixel| scale(pixel, config.scaling)).collect(),
            targets: one_hot(&kept, &config.classes),
            samples: chosen.len(),
            features: pixels.len() / chosen.len(),
            outputs: config.classes.len(),
            digest: digest(&pixels, &kept),
        })
    }
}

fn scale(pixel: u8, scaling: Scaling) -> f32 {
    let unit = f32::from(pixel) / 255.0;
    match scaling {
        Scaling::Unit => unit,
        Scaling::Standard => (unit - STANDARD.0) / STANDARD.1,
        Scaling::Symmetric => 2.0 * unit - 1.0,
    }
}

fn one_hot(labels: &[u8], classes: &[u8]) -> Vec<f32> {
    let row = |label| classes.iter().map(move |&class| f32::from(u8::from(class == label)));
    labels.iter().flat_map(|&label| row(label)).collect()
}

fn digest(pixels: &[u8], labels: &[u8]) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(labels.len() as u64).to_le_bytes()).update(pixels).update(labels);
    hasher.finalize().to_hex().to_string()
}

//! The samples of a run as the network sees them.

use super::error::DataError;
use super::settings::DataConfig;
use super::{idx, label_noise, pool, subset};

/// n labelled samples.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// n × features, row by row.
    pub inputs: Vec<f32>,
    /// n × outputs one-hot rows.
    pub targets: Vec<f32>,
    pub samples: usize,
    pub features: usize,
    pub outputs: usize,
    /// BLAKE3 of the pixels and labels before scaling, after pooling and label noise.
    pub digest: String,
}

impl Dataset {
    /// Reads and checks the files of `config`, selects its subset and scales it.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn load(config: &DataConfig) -> Result<Self, DataError> {
        let prefix = config.split.file_prefix();
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
        let indices: Vec<usize> = subset::choose(&labels.bytes, config)?
            .into_iter()
            .flat_map(|index| std::iter::repeat_n(index, config.copies))
            .collect();
        let pixels: Vec<u8> = indices
            .iter()
            .flat_map(|&i| &images.bytes[i * shape.0 * shape.1..][..shape.0 * shape.1])
            .copied()
            .collect();
        let pixels = pool::average(&pixels, shape, config.pool)?;
        let mut labels: Vec<u8> = indices.iter().map(|&i| labels.bytes[i]).collect();
        label_noise::add(&mut labels, config);
        Ok(Self {
            inputs: pixels.iter().map(|&pixel| config.scaling.scale(pixel)).collect(),
            targets: one_hot(&labels, &config.classes),
            samples: indices.len(),
            features: pixels.len() / indices.len(),
            outputs: config.classes.len(),
            digest: digest(&pixels, &labels),
        })
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

//! The samples of a run as the network sees them.

use super::error::DataError;
use super::images::LabelledImages;
use super::settings::DataConfig;
use super::{label_noise, pool, subset};

/// The size of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataShape {
    /// n.
    pub samples: usize,
    /// Inputs of the network.
    pub features: usize,
    /// Outputs of the network.
    pub outputs: usize,
}

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
        Self::select(config, &LabelledImages::read(&config.folder, config.split)?)
    }

    /// Selects the subset of `config` from the files of its folder and scales it.
    pub(super) fn select(config: &DataConfig, files: &LabelledImages) -> Result<Self, DataError> {
        let LabelledImages { images, labels, shape } = files;
        let shape = *shape;
        let indices: Vec<usize> = subset::choose(labels, config)?
            .into_iter()
            .flat_map(|index| std::iter::repeat_n(index, config.copies))
            .collect();
        let pixels: Vec<u8> = indices
            .iter()
            .flat_map(|&i| &images[i * shape.0 * shape.1..][..shape.0 * shape.1])
            .copied()
            .collect();
        let pixels = pool::average(&pixels, shape, config.pool)?;
        let mut labels: Vec<u8> = indices.iter().map(|&i| labels[i]).collect();
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

    /// Its size.
    pub fn shape(&self) -> DataShape {
        let Self { samples, features, outputs, .. } = *self;
        DataShape { samples, features, outputs }
    }

    /// Bytes of its arrays.
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&self.inputs[..]) + size_of_val(&self.targets[..])
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

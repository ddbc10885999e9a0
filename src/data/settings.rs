//! Which data a run is trained on: the settings of `[data]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

const MNIST_MEAN: f32 = 0.1307;
const MNIST_DEVIATION: f32 = 0.3081;

/// `[data]`: which images, and how their pixels are scaled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataConfig {
    /// Folder of the four IDX files, plain or gzipped.
    pub folder: PathBuf,
    /// Which pair of files: `train` or `t10k`.
    pub split: Split,
    /// Labels to keep; the network has one output for each.
    pub classes: Vec<u8>,
    /// m, so that n = m · classes · copies.
    pub samples_per_class: usize,
    /// How the m are chosen.
    pub draw: Draw,
    /// Seed of a random draw.
    pub draw_seed: u64,
    /// How often each chosen image occurs. `label_noise` acts on every copy on its own: with several
    /// copies no network can fit all labels, and the best outputs are their means.
    #[serde(default = "one")]
    pub copies: usize,
    /// Side in pixels of the squares whose means replace the pixels; 1 keeps the images. A mean is
    /// rounded to a whole grey level, halves up, before `scaling`, whose constants do not depend on it.
    #[serde(default = "one")]
    pub pool: usize,
    /// Fraction of the labels that are replaced by another class.
    #[serde(default)]
    pub label_noise: f64,
    /// Seed of this replacement.
    #[serde(default)]
    pub label_seed: u64,
    pub scaling: Scaling,
}

impl DataConfig {
    /// n = m · classes · copies.
    pub fn samples(&self) -> usize {
        self.samples_per_class.saturating_mul(self.classes.len()).saturating_mul(self.copies)
    }
}

/// The value of `copies` and `pool` in records older than these keys.
fn one() -> usize {
    1
}

/// The two pairs of files in an MNIST folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    Train,
    T10k,
}

impl Split {
    /// The words of `data.split`, the default first.
    pub const WORDS: [(&str, Self); 2] = [("train", Self::Train), ("t10k", Self::T10k)];

    /// The start of the names of both files.
    pub(super) fn file_prefix(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::T10k => "t10k",
        }
    }
}

/// Which samples of a class are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Draw {
    /// The first m in file order.
    First,
    /// m drawn without replacement, in file order.
    Random,
}

impl Draw {
    /// The words of `data.draw`, the default first.
    pub const WORDS: [(&str, Self); 2] = [("first", Self::First), ("random", Self::Random)];
}

/// How a pixel 0..=255 becomes an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scaling {
    /// x/255.
    Unit,
    /// (x/255 − 0.1307)/0.3081: MNIST's mean and standard deviation, as PyTorch's examples have them.
    Standard,
    /// 2x/255 − 1: black is −1, white is 1.
    Symmetric,
}

impl Scaling {
    /// The words of `data.scaling`, the default first.
    pub const WORDS: [(&str, Self); 3] =
        [("unit", Self::Unit), ("standard", Self::Standard), ("symmetric", Self::Symmetric)];

    pub(super) fn scale(self, pixel: u8) -> f32 {
        let unit = f32::from(pixel) / 255.0;
        match self {
            Self::Unit => unit,
            Self::Standard => (unit - MNIST_MEAN) / MNIST_DEVIATION,
            Self::Symmetric => 2.0 * unit - 1.0,
        }
    }
}

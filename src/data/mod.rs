//! Labelled images: the chosen subset of an IDX folder as network inputs and one-hot targets.

mod checksums;
mod dataset;
mod error;
mod idx;
mod label_noise;
mod pool;
mod settings;
mod subset;

pub use dataset::Dataset;
pub use error::DataError;
pub use settings::{DataConfig, Draw, Scaling, Split};

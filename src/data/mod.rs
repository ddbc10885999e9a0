//! Labelled images: the chosen subset of an IDX folder as network inputs and one-hot targets.

mod checksums;
mod dataset;
mod error;
mod idx;
mod images;
mod label_noise;
mod pool;
mod settings;
mod sources;
mod subset;

pub use dataset::{DataShape, Dataset};
pub use error::DataError;
pub use settings::{DataConfig, Draw, Scaling, Split};
pub use sources::{DataSource, DataSources};

//! The settings of `etastar quadratic`: their types, how a file is read, how they are stored.

mod experiment;
mod ranges;
mod read;
mod stored;
mod types;

pub use experiment::{
    Experiment, ExperimentKind, GrowthConfig, MomentumConfig, PhaseConfig, StationaryConfig,
};
pub(super) use stored::{differences, stored_settings};
pub use types::{GradientsConfig, ProblemConfig, ProblemKind, QuadraticConfig, SgdConfig};

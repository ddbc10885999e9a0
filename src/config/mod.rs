//! Configuration: a TOML file and `--set` overrides, checked as a whole before anything starts.

mod axis;
mod condition;
mod config_file;
mod contradiction;
mod contradictions;
mod document;
mod error;
mod evenly_spaced;
mod from_node;
mod grid;
mod optimizer_keys;
mod origin;
mod overrides;
mod plan;
pub(crate) mod ranges;
pub(crate) mod reader;
pub mod reference;
mod schema;
pub(crate) mod section;
mod sections;
mod slurm;
mod suggestion;
mod value;

pub use axis::{Axis, logspace};
pub use config_file::ConfigFile;
pub use error::{ConfigError, Problem};
pub use grid::{Grid, GridRun};
pub use optimizer_keys::OptimizerKeys;
pub use origin::Origin;
pub use plan::{MissingKey, OverrideError, RunSpec, Schedule, setting_text, single_run};
pub use schema::*;

pub(crate) use contradiction::Contradiction;
pub(crate) use from_node::{FromNode, elements};
pub(crate) use overrides::OverrideKeys;
pub(crate) use suggestion::suggest;
pub(crate) use value::Node;

#[cfg(test)]
mod tests;

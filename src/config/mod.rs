//! Configuration: a TOML file and `--set` overrides, checked as a whole before anything starts.

mod contradictions;
mod document;
mod error;
mod from_node;
mod origin;
mod overrides;
mod plan;
pub(crate) mod ranges;
pub(crate) mod reader;
mod schema;
pub(crate) mod section;
mod sections;
mod slurm;
mod suggestion;
mod sweep_axes;
mod value;

pub use error::{ConfigError, Problem};
pub use origin::Origin;
pub use plan::{MissingKey, OverrideError, RunSpec, Schedule, grid_runs, single_run};
pub use schema::*;
pub use sweep_axes::logspace;

pub(crate) use from_node::FromNode;
pub(crate) use overrides::OverrideKeys;
pub(crate) use value::{Node, Value};

#[cfg(test)]
mod tests;

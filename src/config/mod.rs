//! Configuration: a TOML file and `--set` overrides, checked as a whole before anything starts.

mod contradictions;
mod document;
mod error;
mod from_node;
mod grid;
mod origin;
mod overrides;
mod plan;
pub(crate) mod reader;
mod schema;
pub(crate) mod section;
mod sections;
mod slurm;
mod suggestion;
mod value;

pub use error::{ConfigError, Problem};
pub use grid::logspace;
pub use origin::Origin;
pub use plan::{MissingKey, OverrideError, RunSpec, Schedule, grid, single};
pub use schema::*;

pub(crate) use from_node::FromNode;
pub(crate) use overrides::OverrideKeys;
pub(crate) use value::{Node, Value};

#[cfg(test)]
mod tests;

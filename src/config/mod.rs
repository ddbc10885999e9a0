//! Configuration: a TOML file and `--set` overrides, checked as a whole before anything happens.

pub(crate) mod document;
mod grid;
mod origin;
mod parse;
mod plan;
mod schema;
pub(crate) mod section;
mod slurm;
mod validate;

use std::path::{Path, PathBuf};

pub use grid::logspace;
pub use origin::{ConfigError, Origin, Problem};
pub use plan::{MissingKey, OverrideError, RunSpec, Schedule, grid, single};
pub use schema::*;

/// What `--set` can name: every key is in a section.
const KEYS: document::Keys = document::Keys { free: &[], example: "train.batch_size=8" };

impl Config {
    /// Reads the file at `path` and applies `overrides` (`key.path=value`, the last one wins).
    ///
    /// # Errors
    /// An unreadable file, or everything that is wrong in it.
    pub fn load(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let source = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: name.clone(), source })?;
        let stem = path.file_stem().unwrap_or_default();
        Self::parse(&source, &name, Path::new("results").join(stem), overrides)
    }

    /// Like [`Config::load`], from text; `name` stands for the file in complaints and `results` is
    /// the folder used where `[run]` names none.
    ///
    /// # Errors
    /// Everything that is wrong in the text.
    pub fn parse(
        source: &str,
        name: &str,
        results: PathBuf,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        let (root, problems) = document::open(source, name, overrides, KEYS)?;
        let config = parse::config(root, results, &problems);
        let mut problems = problems.into_inner();
        if problems.is_empty() {
            problems = validate::contradictions(&config);
        }
        if problems.is_empty() { Ok(config) } else { Err(ConfigError::invalid(name, problems)) }
    }
}

#[cfg(test)]
mod tests;

//! A configuration file, parsed once and read as often as needed: TOML → overrides → sections →
//! contradictions.

use std::path::{Path, PathBuf};

use super::contradiction::Contradiction;
use super::document;
use super::error::{ConfigError, Problem};
use super::overrides;
use super::reader::{FromDocument, read_table};
use super::value::Table;
use crate::input;

/// A configuration file with its overrides.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    name: String,
    text: String,
    pub(super) table: Table,
    /// The results folder if the file names none.
    pub(super) results: PathBuf,
    /// Overrides that could not be applied.
    pub(super) problems: Vec<Problem>,
}

impl ConfigFile {
    /// Parses the file at `path` of settings `T` and applies `overrides` (`key.path=value`, the last one
    /// wins). The default results folder is `results/` and the file's name without its extension.
    ///
    /// # Errors
    /// An unreadable file, or every syntax error.
    pub fn load<T: FromDocument>(path: &Path, overrides: &[String]) -> Result<Self, ConfigError> {
        let name = path.display().to_string();
        let source = input::read_configuration(path)
            .map_err(|source| ConfigError::Unreadable { path: name.clone(), source })?;
        let stem = path.file_stem().unwrap_or_default();
        Self::parse::<T>(&source, &name, Path::new("results").join(stem), overrides)
    }

    /// Like [`ConfigFile::load`], from text; error messages call the file `name`.
    ///
    /// # Errors
    /// Every syntax error.
    pub fn parse<T: FromDocument>(
        source: &str,
        name: &str,
        results: PathBuf,
        overrides: &[String],
    ) -> Result<Self, ConfigError> {
        let mut table = document::parse(source)
            .map_err(|problems| ConfigError::invalid(name, source, problems))?;
        let problems = overrides
            .iter()
            .filter_map(|text| overrides::apply(&mut table, text, T::OVERRIDE_KEYS).err())
            .collect();
        Ok(Self { name: name.to_owned(), text: source.to_owned(), table, results, problems })
    }

    /// The settings of the file.
    ///
    /// # Errors
    /// Every problem of the file and of the overrides.
    pub fn read<T: FromDocument>(&self) -> Result<T, ConfigError> {
        let (settings, mut problems) = read_table::<T>(&self.table, &self.results);
        problems.extend(self.problems.iter().cloned());
        // The default that replaces an invalid value may contradict values that are valid.
        if problems.is_empty() {
            let problem = |contradiction: Contradiction| contradiction.into_problem(&self.table);
            problems = settings.contradictions().into_iter().map(problem).collect();
        }
        if problems.is_empty() { Ok(settings) } else { Err(self.invalid(problems)) }
    }

    /// The error that lists `problems`.
    pub(super) fn invalid(&self, problems: Vec<Problem>) -> ConfigError {
        ConfigError::invalid(&self.name, &self.text, problems)
    }
}

//! From a configuration file to settings: TOML → overrides → sections → contradictions.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::config_file::ConfigFile;
use super::error::{ConfigError, Problem};
use super::overrides::OverrideKeys;
use super::section::Section;
use super::value::Table;

/// Settings that are read from a configuration file.
pub trait FromDocument: Sized {
    /// The keys that `--set` accepts.
    const OVERRIDE_KEYS: OverrideKeys;

    /// Reads every section. A key without a valid value adds a problem and gets its default.
    /// `results` is the results folder if the document names none.
    fn from_document(root: &mut Section<'_>, results: PathBuf) -> Self;

    /// Settings that are valid one by one but contradict each other.
    fn contradictions(&self) -> Vec<String>;
}

/// Reads the file at `path` and applies `overrides` (`key.path=value`, the last one wins). The
/// default results folder is `results/` and the file's name without its extension.
///
/// # Errors
/// An unreadable file, or every problem of its content and of the overrides.
pub fn load<T: FromDocument>(path: &Path, overrides: &[String]) -> Result<T, ConfigError> {
    ConfigFile::load::<T>(path, overrides)?.read()
}

/// Like [`load`], from text; error messages call the file `name`.
///
/// # Errors
/// Every syntax error, or every other problem of the text and the overrides.
pub fn parse<T: FromDocument>(
    source: &str,
    name: &str,
    results: PathBuf,
    overrides: &[String],
) -> Result<T, ConfigError> {
    ConfigFile::parse::<T>(source, name, results, overrides)?.read()
}

/// The settings in `table`, with defaults for keys without a valid value, and their problems.
pub fn read_table<T: FromDocument>(table: &Table, results: &Path) -> (T, Vec<Problem>) {
    let problems = RefCell::default();
    let mut root = Section::root(table, &problems);
    let settings = T::from_document(&mut root, results.to_owned());
    root.deny_unknown_keys();
    (settings, problems.into_inner())
}

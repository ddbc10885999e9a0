//! From a configuration file to settings: TOML → overrides → sections → contradictions.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::document;
use super::error::{ConfigError, Problem};
use super::origin::Origin;
use super::overrides::{self, OverrideKeys};
use super::section::Section;

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
    let name = path.display().to_string();
    let source = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Unreadable { path: name.clone(), source })?;
    let stem = path.file_stem().unwrap_or_default();
    parse(&source, &name, Path::new("results").join(stem), overrides)
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
    let invalid = |problems| ConfigError::invalid(name, source, problems);
    let mut table = document::parse(source).map_err(invalid)?;
    let problems = overrides
        .iter()
        .filter_map(|text| overrides::apply(&mut table, text, T::OVERRIDE_KEYS).err())
        .collect();
    let problems = RefCell::new(problems);
    let mut root = Section::root(table, &problems);
    let settings = T::from_document(&mut root, results);
    root.deny_unknown_keys();
    let mut problems = problems.into_inner();
    // The default that replaces an invalid value may contradict values that are valid.
    if problems.is_empty() {
        let problem = |message| Problem { origin: Origin::Unknown, message };
        problems = settings.contradictions().into_iter().map(problem).collect();
    }
    if problems.is_empty() { Ok(settings) } else { Err(invalid(problems)) }
}

//! Settings from the table of a configuration file.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use super::contradiction::Contradiction;
use super::error::Problem;
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
    fn contradictions(&self) -> Vec<Contradiction>;
}

/// The settings in `table`, with defaults for keys without a valid value, and their problems.
pub fn read_table<T: FromDocument>(table: &Table, results: &Path) -> (T, Vec<Problem>) {
    let problems = RefCell::default();
    let mut root = Section::root(table, &problems);
    let settings = T::from_document(&mut root, results.to_owned());
    root.deny_unknown_keys();
    (settings, problems.into_inner())
}

//! Problems of a configuration, and the error that lists them.

use std::fmt;

use super::origin::Origin;

/// One problem of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub origin: Origin,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.message)
    }
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    /// Every problem found, in the order of the file.
    #[error("{}", list_problems(.path, .problems))]
    Invalid { path: String, problems: Vec<Problem> },
}

impl ConfigError {
    /// All `problems` of the file `path`, sorted by place.
    pub fn invalid(path: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.origin.sort_key());
        Self::Invalid { path: path.to_owned(), problems }
    }
}

fn list_problems(path: &str, problems: &[Problem]) -> String {
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    problems
        .iter()
        .fold(format!("{path} has {count}"), |text, problem| text + &format!("\n  {problem}"))
}

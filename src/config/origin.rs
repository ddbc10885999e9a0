//! Where a setting came from, so that every complaint can point at it.

use std::fmt;

/// The place a key or a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Line and column (from 1) of the configuration file.
    File { line: usize, column: usize },
    /// A `--set` flag, as typed.
    Flag(String),
    /// Nowhere: the key is missing.
    Absent,
}

impl Origin {
    /// Line and column of a byte offset; columns count characters.
    pub fn at(source: &str, offset: usize) -> Self {
        let before = &source[..source.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self::File {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }

    fn rank(&self) -> (usize, usize) {
        match self {
            Self::File { line, column } => (*line, *column),
            Self::Flag(_) => (usize::MAX - 1, 0),
            Self::Absent => (usize::MAX, 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line, column } => write!(f, "line {line}, column {column}: "),
            Self::Flag(flag) => write!(f, "--set {flag}: "),
            Self::Absent => Ok(()),
        }
    }
}

/// One complaint about a configuration.
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

/// A configuration that cannot be used, with everything that is wrong with it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file could not be read.
    #[error("cannot read the configuration {path}: {source}")]
    Unreadable { path: String, source: std::io::Error },
    /// Every problem found, in the order of the file.
    #[error("{}", listing(.path, .problems))]
    Invalid { path: String, problems: Vec<Problem> },
}

impl ConfigError {
    /// All `problems` of the file `path`, sorted by place.
    pub fn invalid(path: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.origin.rank());
        Self::Invalid { path: path.to_owned(), problems }
    }
}

fn listing(path: &str, problems: &[Problem]) -> String {
    let count = match problems.len() {
        1 => "1 problem".to_owned(),
        n => format!("{n} problems"),
    };
    problems
        .iter()
        .fold(format!("{path} has {count}"), |text, problem| text + &format!("\n  {problem}"))
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn offsets_become_lines_and_columns_in_characters() {
        let source = "a = 1\nη = 2\nb = 3";
        assert_eq!(Origin::at(source, 0), Origin::File { line: 1, column: 1 });
        assert_eq!(Origin::at(source, 6), Origin::File { line: 2, column: 1 });
        assert_eq!(Origin::at(source, 9), Origin::File { line: 2, column: 3 });
        assert_eq!(Origin::at(source, 999), Origin::File { line: 3, column: 6 });
    }
}

//! Where a setting came from, for error messages.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// The place a key or a value was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Line and column (from 1) of the configuration file.
    File { line: usize, column: usize },
    /// The text of a `--set` override.
    Override(String),
    /// The element `index` of the sweep's axis `axis`, written at `place`.
    Element { place: Box<Self>, axis: Arc<str>, index: usize },
    /// No single place: a missing key, or several settings together.
    Unknown,
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

    /// The byte range of the character at this place of the file `source`; empty at its end.
    pub(super) fn range_in(&self, source: &str) -> Option<Range<usize>> {
        let (line, column) = match self {
            Self::File { line, column } => (*line, *column),
            Self::Element { place, .. } => return place.range_in(source),
            Self::Override(_) | Self::Unknown => return None,
        };
        let line_start: usize =
            source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
        let rest = &source[line_start..];
        let start = line_start
            + rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(i, _)| i);
        let length = source[start..].chars().next().map_or(0, char::len_utf8);
        Some(start..start + length)
    }

    /// Sorts places of the file first, then overrides.
    pub(super) fn sort_key(&self) -> (usize, usize) {
        match self {
            Self::File { line, column } => (*line, *column),
            Self::Override(_) => (usize::MAX - 1, 0),
            Self::Element { place, .. } => place.sort_key(),
            Self::Unknown => (usize::MAX, 0),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { line, column } => write!(f, "line {line}, column {column}: "),
            Self::Override(text) => write!(f, "--set {text}: "),
            Self::Element { place, axis, index } => write!(f, "{place}`{axis}[{index}]`: "),
            Self::Unknown => Ok(()),
        }
    }
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

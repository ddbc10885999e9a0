//! Where a setting came from, for error messages.

use std::cell::Cell;
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

/// Finds lines and columns of a file; it counts on from the last place, so that a list of any length is
/// read once.
pub struct Places<'s> {
    source: &'s str,
    /// Offset, line and column of the last place.
    last: Cell<(usize, usize, usize)>,
}

impl<'s> Places<'s> {
    /// The places of `source`.
    pub fn of(source: &'s str) -> Self {
        Self { source, last: Cell::new((0, 1, 1)) }
    }

    /// Line and column of a byte offset; columns count characters.
    pub fn at(&self, offset: usize) -> Origin {
        let offset = self.source.floor_char_boundary(offset);
        let (mut start, mut line, mut column) = self.last.get();
        if offset < start {
            (start, line, column) = (0, 1, 1);
        }
        let between = &self.source[start..offset];
        if let Some(newline) = between.rfind('\n') {
            line += between.matches('\n').count();
            column = 1 + between[newline + 1..].chars().count();
        } else {
            column += between.chars().count();
        }
        self.last.set((offset, line, column));
        Origin::File { line, column }
    }
}

impl Origin {
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
    use super::{Origin, Places};

    #[test]
    fn offsets_become_lines_and_columns_in_characters() {
        let source = "a = 1\nη = 2\nb = 3";
        let places = Places::of(source);
        for (offset, line, column) in [
            (0, 1, 1),
            (6, 2, 1),
            (9, 2, 3),
            (999, 3, 6),
            (9, 2, 3),
            (9, 2, 3),
            (6, 2, 1),
            (7, 2, 1),
        ] {
            assert_eq!(places.at(offset), Origin::File { line, column }, "{offset}");
        }
    }
}

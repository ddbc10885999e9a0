//! A CSV whose cells are asked for by column name, with errors that name line and column.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};

/// Why a CSV cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file can't be read.
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    /// The file is not well-formed CSV.
    #[error("{} is not a readable CSV file: {source}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    /// A column that has to be there is not in the header.
    #[error("{} has no column `{column}`: is it {what}?", path.display())]
    MissingColumn { path: PathBuf, column: &'static str, what: &'static str },
    /// A cell doesn't hold what its column promises.
    #[error("{}, line {line}, column `{column}`: `{value}` is not {expected}", path.display())]
    Cell { path: PathBuf, line: u64, column: &'static str, value: String, expected: &'static str },
}

/// What a [`Table`] of runs is, for complaints.
pub const SUMMARY: &str = "the summary.csv of a sweep";

/// An open CSV file behind its header.
pub struct Table {
    path: PathBuf,
    columns: HashMap<String, usize>,
    reader: csv::Reader<Cursor<Vec<u8>>>,
}

/// One line of a [`Table`].
pub struct Row<'t> {
    path: &'t Path,
    columns: &'t HashMap<String, usize>,
    record: StringRecord,
    line: u64,
}

impl Table {
    /// Opens a CSV and reads its header.
    ///
    /// # Errors
    /// A file that can't be read, or whose first line isn't text.
    pub fn open(path: &Path) -> Result<Self, TableError> {
        let content = std::fs::read(path)
            .map_err(|source| TableError::Open { path: path.to_owned(), source })?;
        Self::new(path, content)
    }

    /// Reads the header of a CSV that is called `path` in complaints.
    ///
    /// # Errors
    /// A first line that isn't text.
    pub fn new(path: &Path, content: impl Into<Vec<u8>>) -> Result<Self, TableError> {
        let mut reader =
            ReaderBuilder::new().trim(Trim::All).from_reader(Cursor::new(content.into()));
        let header = reader.headers().map_err(|source| malformed(path, source))?;
        let names = header.iter().map(str::to_owned);
        let columns = names.enumerate().map(|(i, name)| (name, i)).collect();
        Ok(Self { path: path.to_owned(), columns, reader })
    }

    /// What the file is called in complaints.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Refuses a header without one of `columns`; `what` is what the file should be.
    ///
    /// # Errors
    /// [`TableError::MissingColumn`].
    pub fn require(&self, columns: &[&'static str], what: &'static str) -> Result<(), TableError> {
        match columns.iter().find(|column| !self.columns.contains_key(**column)) {
            Some(column) => {
                Err(TableError::MissingColumn { path: self.path.clone(), column, what })
            }
            None => Ok(()),
        }
    }

    /// The next line, or `None` behind the last.
    ///
    /// # Errors
    /// A line that isn't text or has another number of cells than the header.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TableError> {
        let mut record = StringRecord::new();
        let found = self.reader.read_record(&mut record);
        let found = found.map_err(|source| malformed(&self.path, source))?;
        let line = record.position().map_or(0, |position| self.line_of(position));
        Ok(found.then_some(Row { path: &self.path, columns: &self.columns, record, line }))
    }

    /// The line of a record. The reader places it where the one before ended, which may be before
    /// the LF of CR LF, and before empty lines.
    fn line_of(&self, position: &csv::Position) -> u64 {
        let content = self.reader.get_ref().get_ref();
        let rest = content.get(position.byte() as usize..).unwrap_or_default();
        let between = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + between.filter(|&&byte| byte == b'\n').count() as u64
    }
}

impl Row<'_> {
    /// The cell as it stands; empty if the file has no such column.
    pub fn text(&self, column: &str) -> &str {
        let index = self.columns.get(column);
        index.and_then(|&i| self.record.get(i)).unwrap_or("")
    }

    /// A positive finite number, or `None` if the cell is empty or the column missing.
    ///
    /// # Errors
    /// [`TableError::Cell`].
    pub fn optional(&self, column: &'static str) -> Result<Option<f64>, TableError> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        self.positive(column).map(Some)
    }

    /// A positive finite number.
    ///
    /// # Errors
    /// [`TableError::Cell`], also for an empty cell.
    pub fn positive(&self, column: &'static str) -> Result<f64, TableError> {
        let value = self.text(column).parse().ok();
        value
            .filter(|v: &f64| v.is_finite() && *v > 0.0)
            .ok_or_else(|| self.bad(column, "a positive number"))
    }

    /// A finite number of either sign, or `None` if the cell is empty or infinite (the exponent of
    /// what dies out at once, which no axis can show) or the column missing.
    ///
    /// # Errors
    /// [`TableError::Cell`].
    pub fn signed(&self, column: &'static str) -> Result<Option<f64>, TableError> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        let value = self.text(column).parse().ok().filter(|value: &f64| !value.is_nan());
        let value = value.ok_or_else(|| self.bad(column, "a number"))?;
        Ok(value.is_finite().then_some(value))
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// [`TableError::Cell`], also for an empty cell.
    pub fn count(&self, column: &'static str) -> Result<u64, TableError> {
        let value = self.text(column).parse().ok();
        value.filter(|&v| v > 0).ok_or_else(|| self.bad(column, "a positive whole number"))
    }

    /// The error for a cell that is not what was `expected`.
    pub fn bad(&self, column: &'static str, expected: &'static str) -> TableError {
        TableError::Cell {
            path: self.path.to_owned(),
            line: self.line,
            column,
            value: self.text(column).to_owned(),
            expected,
        }
    }
}

fn malformed(path: &Path, source: csv::Error) -> TableError {
    let path = path.to_owned();
    TableError::Csv { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_name_the_line_whatever_ends_it() {
        for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}")] {
            let content = [&format!("{mark}a,b"), "1,2", "", "3,x", ""].join(end);
            let mut table = Table::new(Path::new("t.csv"), content.as_bytes()).unwrap();
            table.require(&["a", "b"], "a test").unwrap();
            assert_eq!(table.next_row().unwrap().unwrap().count("b").unwrap(), 2);
            let row = table.next_row().unwrap().unwrap();
            let complaint = row.count("b").unwrap_err().to_string();
            assert!(complaint.starts_with("t.csv, line 4, column `b`"), "{complaint}");
        }
    }
}

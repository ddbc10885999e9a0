//! Reads CSV cells by column name, with errors that state line and column.

use std::collections::HashMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, Trim};

/// Why a CSV cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file can't be read.
    #[error("cannot open {}: {source}", path.display())]
    Open { path: PathBuf, source: std::io::Error },
    /// The file is not well-formed CSV.
    #[error("{} is not a readable CSV file: {source}", path.display())]
    Csv { path: PathBuf, source: csv::Error },
    /// The header lacks a required column.
    #[error("{} has no column `{column}`: is it {what}?", path.display())]
    MissingColumn { path: PathBuf, column: &'static str, what: &'static str },
    /// A cell has the wrong type or range.
    #[error("{}, line {line}, column `{column}`: `{value}` is not {expected}", path.display())]
    Cell { path: PathBuf, line: u64, column: &'static str, value: String, expected: &'static str },
}

/// A CSV file whose header has been read.
pub struct Table {
    path: PathBuf,
    columns: HashMap<String, usize>,
    reader: csv::Reader<Cursor<Vec<u8>>>,
}

/// One row of a [`Table`].
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

    /// Reads the header of `content`; `path` names the CSV in errors.
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

    /// The path that names the CSV in errors.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the columns, in their order.
    pub fn columns(&self) -> Vec<&str> {
        let mut columns: Vec<(&str, usize)> =
            self.columns.iter().map(|(name, &index)| (name.as_str(), index)).collect();
        columns.sort_by_key(|(_, index)| *index);
        columns.into_iter().map(|(name, _)| name).collect()
    }

    /// Checks that the header has all `columns`; `what` says what the file should be.
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

    /// Reads all remaining rows.
    ///
    /// # Errors
    /// Those of [`Table::next_row`] and of `read`.
    pub fn rows<T, E: From<TableError>>(
        &mut self,
        read: impl Fn(&Row<'_>) -> Result<T, E>,
    ) -> Result<Vec<T>, E> {
        let mut rows = Vec::new();
        while let Some(row) = self.next_row()? {
            rows.push(read(&row)?);
        }
        Ok(rows)
    }

    /// The next row, or `None` after the last.
    ///
    /// # Errors
    /// A line that isn't text or has a different number of cells from the header.
    pub fn next_row(&mut self) -> Result<Option<Row<'_>>, TableError> {
        let mut record = StringRecord::new();
        let found = self.reader.read_record(&mut record);
        let found = found.map_err(|source| malformed(&self.path, source))?;
        let line = record.position().map_or(0, |position| self.line_of(position));
        Ok(found.then_some(Row { path: &self.path, columns: &self.columns, record, line }))
    }

    /// The line number of a record. The reader's position is the end of the previous record, which may be
    /// before the LF of CR LF and before empty lines.
    fn line_of(&self, position: &csv::Position) -> u64 {
        let content = self.reader.get_ref().get_ref();
        let rest = content.get(position.byte() as usize..).unwrap_or_default();
        let between = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
        position.line() + between.filter(|&&byte| byte == b'\n').count() as u64
    }
}

impl Row<'_> {
    /// The line of the file, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The text of the cell; empty if the file has no such column.
    pub fn text(&self, column: &str) -> &str {
        let index = self.columns.get(column);
        index.and_then(|&i| self.record.get(i)).unwrap_or("")
    }

    /// The cells of the columns with a dotted name, in the order of the columns: the settings of axes
    /// that have no column of their own.
    pub fn further_axes(&self) -> Vec<(String, String)> {
        let mut columns: Vec<(&String, usize)> =
            self.columns.iter().map(|(name, &index)| (name, index)).collect();
        columns.retain(|(name, _)| name.contains('.'));
        columns.sort_by_key(|(_, index)| *index);
        columns.into_iter().map(|(name, _)| (name.clone(), self.text(name).to_owned())).collect()
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
            .ok_or_else(|| self.cell_error(column, "a positive number"))
    }

    /// A finite number of either sign, or `None` if the cell is empty or infinite (the exponent of a path
    /// that ends in 0, which no axis can show) or the column missing.
    ///
    /// # Errors
    /// [`TableError::Cell`].
    pub fn signed(&self, column: &'static str) -> Result<Option<f64>, TableError> {
        if self.text(column).is_empty() {
            return Ok(None);
        }
        let value = self.text(column).parse().ok().filter(|value: &f64| !value.is_nan());
        let value = value.ok_or_else(|| self.cell_error(column, "a number"))?;
        Ok(value.is_finite().then_some(value))
    }

    /// A positive whole number.
    ///
    /// # Errors
    /// [`TableError::Cell`], also for an empty cell.
    pub fn count(&self, column: &'static str) -> Result<u64, TableError> {
        let value = self.text(column).parse().ok();
        value.filter(|&v| v > 0).ok_or_else(|| self.cell_error(column, "a positive whole number"))
    }

    /// The error of a cell that is not `expected`.
    pub fn cell_error(&self, column: &'static str, expected: &'static str) -> TableError {
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
    fn errors_name_the_line_with_every_line_ending() {
        for (end, mark) in [("\n", ""), ("\r\n", ""), ("\r\n", "\u{feff}")] {
            let content = [&format!("{mark}a,b"), "1,2", "", "3,x", ""].join(end);
            let mut table = Table::new(Path::new("t.csv"), content.as_bytes()).unwrap();
            table.require(&["a", "b"], "a test").unwrap();
            assert_eq!(table.next_row().unwrap().unwrap().count("b").unwrap(), 2);
            let row = table.next_row().unwrap().unwrap();
            let error = row.count("b").unwrap_err().to_string();
            assert!(error.starts_with("t.csv, line 4, column `b`"), "{error}");
        }
    }
}

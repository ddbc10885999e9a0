//! What an experiment hands over: a named table of numbers.

use std::io::Write;

/// A CSV file in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct CsvTable {
    /// File name without `.csv`.
    pub name: &'static str,
    /// Names of the columns.
    pub columns: &'static [&'static str],
    /// One cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

/// One cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell {
    /// Written so that reading gives the same number. A value that is not finite is written as an empty
    /// cell: few CSV readers parse −∞.
    Number(f64),
    /// A count.
    Count(u64),
    /// 1 or 0.
    Flag(bool),
    /// Not applicable, or not found.
    Empty,
}

impl CsvTable {
    /// Header and rows.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, to: impl Write) -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_writer(to);
        writer.write_record(self.columns)?;
        for row in &self.rows {
            writer.write_record(row.iter().map(|cell| cell.text()))?;
        }
        writer.flush()?;
        Ok(())
    }

    /// The numbers of a column, counts and flags included; `None` for an unknown one.
    pub fn column(&self, name: &str) -> Option<Vec<Option<f64>>> {
        let index = self.columns.iter().position(|column| *column == name)?;
        Some(self.rows.iter().map(|row| row[index].number()).collect())
    }
}

impl Cell {
    fn number(self) -> Option<f64> {
        match self {
            Self::Number(value) => Some(value),
            Self::Count(count) => Some(count as f64),
            Self::Flag(flag) => Some(f64::from(u8::from(flag))),
            Self::Empty => None,
        }
    }

    fn text(self) -> String {
        match self {
            Self::Number(value) if !value.is_finite() => String::new(),
            Self::Number(value) => value.to_string(),
            Self::Count(count) => count.to_string(),
            Self::Flag(flag) => u8::from(flag).to_string(),
            Self::Empty => String::new(),
        }
    }
}

impl From<f64> for Cell {
    fn from(value: f64) -> Self {
        Self::Number(value)
    }
}

impl From<usize> for Cell {
    fn from(count: usize) -> Self {
        Self::Count(count as u64)
    }
}

impl From<u64> for Cell {
    fn from(count: u64) -> Self {
        Self::Count(count)
    }
}

impl From<bool> for Cell {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<Option<f64>> for Cell {
    fn from(value: Option<f64>) -> Self {
        value.map_or(Self::Empty, Self::Number)
    }
}

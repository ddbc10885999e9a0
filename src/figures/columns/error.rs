//! Why a figure of columns cannot be drawn.

use std::path::PathBuf;

use thiserror::Error;

use crate::figures::error::FiguresError;
use crate::table::TableError;
use crate::text::wrap;

/// The columns of one table, for messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub table: String,
    pub columns: Vec<String>,
}

/// Why no figure of columns could be drawn.
#[derive(Debug, Error)]
pub enum ColumnsError {
    #[error("{} has no CSV table", folder.display())]
    NoTable { folder: PathBuf },
    #[error(
        "there is no table `{name}`{} Tables: {}",
        hint(suggestion.as_deref(), "."),
        known.join(", ")
    )]
    UnknownTable { name: String, suggestion: Option<String>, known: Vec<String> },
    #[error("there is no column `{column}`{}{}", hint(suggestion.as_deref(), ""), list(tables))]
    UnknownColumn { column: String, suggestion: Option<String>, tables: Vec<Listing> },
    /// Every column exists, but in different tables.
    #[error("no table has all of the columns {}{}", quoted(columns), list(tables))]
    NotTogether { columns: Vec<String>, tables: Vec<Listing> },
    #[error("{table} has no rows")]
    NoRows { table: String },
    #[error(
        "no row of {table} is left: `{condition}` removed the last {before} of {all}; in them {column} \
         is {values}"
    )]
    NothingLeft {
        condition: String,
        before: usize,
        all: usize,
        table: String,
        column: String,
        values: String,
    },
    #[error(
        "the column `{column}` is not numeric\n  {place}\n  numeric columns:{}",
        wrapped(numeric)
    )]
    NotNumeric { column: String, place: String, numeric: Vec<String> },
    /// A run would count once for each of its rows.
    #[error(
        "`{column}` is one number for a run, and a run has many rows in {table}: draw it against \
         other columns of summary.csv, without those of {table}"
    )]
    OncePerRun { column: String, table: String },
    /// Neither a number nor anything else.
    #[error("the column `{column}` is empty in all {rows} selected rows")]
    Empty { column: String, rows: usize },
    /// There are numbers in every column, but never in one row.
    #[error("no selected row has both `{x}` and {}", quoted(y))]
    NeverTogether { x: String, y: Vec<String> },
    #[error("`{column}` has no positive value, and a logarithmic axis shows no others: see --log")]
    NotPositive { column: String },
    #[error(
        "{columns} has {count} values, and a figure at most {most} {what}; choose some with --where"
    )]
    TooMany { columns: String, count: usize, most: usize, what: &'static str },
    #[error(
        "cannot tell the format of {}: name it .svg or .png (a PDF: inkscape f.svg -o f.pdf)",
        path.display()
    )]
    Format { path: PathBuf },
    #[error(transparent)]
    Table(#[from] TableError),
    #[error(transparent)]
    Draw(#[from] FiguresError),
}

fn hint(suggestion: Option<&str>, otherwise: &str) -> String {
    suggestion.map_or_else(|| otherwise.to_owned(), |known| format!("; did you mean `{known}`?"))
}

fn quoted(columns: &[String]) -> String {
    columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ")
}

fn list(tables: &[Listing]) -> String {
    let table = |known: &Listing| format!("\n  {}:{}", known.table, wrapped(&known.columns));
    tables.iter().map(table).collect()
}

/// Names in indented lines of at most 80 columns.
fn wrapped(names: &[String]) -> String {
    const INDENT: &str = "\n    ";
    if names.is_empty() {
        return String::new();
    }
    let lines = wrap(&names.join(", "), 76, 0);
    format!("{INDENT}{}", lines.replace('\n', INDENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_are_wrapped_at_80_columns_and_keep_every_name() {
        let names: Vec<String> = (0..60).map(|i| format!("column_{i}")).collect();
        let text = wrapped(&names);
        assert!(text.lines().skip(1).all(|line| line.chars().count() <= 80), "{text}");
        assert_eq!(text.split_whitespace().collect::<Vec<_>>().join(" "), names.join(", "));
    }
}

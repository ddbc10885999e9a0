//! The rows that meet every condition, and the numbers in them.

use super::condition::Condition;
use super::data::{DataSet, Place, Record};
use super::error::ColumnsError;
use crate::cell;
use crate::figures::labels;

/// The rows of `data` that meet all `conditions`.
///
/// # Errors
/// A cell that has to be a number and is not, or no row that is left.
pub fn select<'d>(
    data: &'d DataSet,
    conditions: &[Condition],
) -> Result<Vec<&'d Record>, ColumnsError> {
    let mut rows: Vec<&Record> = data.records.iter().collect();
    for condition in conditions {
        let Some(place) = data.columns.place(&condition.column) else { continue };
        let mut kept = Vec::with_capacity(rows.len());
        for &row in &rows {
            match condition.holds(row.cell(place)) {
                Some(true) => kept.push(row),
                Some(false) => {}
                None => return Err(not_numeric(data, &rows, &condition.column, place, row)),
            }
        }
        if kept.is_empty() {
            return Err(ColumnsError::NothingLeft {
                condition: condition.to_string(),
                before: rows.len(),
                all: data.records.len(),
                table: data.name.clone(),
                column: condition.column.clone(),
                values: labels::list(&values(&rows, place)),
            });
        }
        rows = kept;
    }
    Ok(rows)
}

/// The numbers of a column; `None` for an empty cell.
///
/// # Errors
/// A cell that is neither empty nor a number, or nothing but empty cells.
pub fn numbers(
    data: &DataSet,
    rows: &[&Record],
    column: &str,
) -> Result<Vec<Option<f64>>, ColumnsError> {
    let place = place(data, column);
    let mut numbers = Vec::with_capacity(rows.len());
    for &row in rows {
        let text = row.cell(place);
        let number = cell::number(text);
        if number.is_none() && !text.is_empty() {
            return Err(not_numeric(data, rows, column, place, row));
        }
        numbers.push(number);
    }
    if numbers.iter().all(Option::is_none) {
        return Err(ColumnsError::Empty { column: column.to_owned(), rows: rows.len() });
    }
    Ok(numbers)
}

/// Where a column of the request is; the table was chosen because it has all of them.
pub fn place(data: &DataSet, column: &str) -> Place {
    data.columns.place(column).unwrap_or(Place::Own(usize::MAX))
}

/// Every value of a column once, in order.
pub fn values(rows: &[&Record], place: Place) -> Vec<String> {
    cell::distinct(rows.iter().map(|row| row.cell(place)))
}

fn not_numeric(
    data: &DataSet,
    rows: &[&Record],
    column: &str,
    place: Place,
    row: &Record,
) -> ColumnsError {
    let is_numeric = |name: &&String| {
        let cells = || {
            let place = data.columns.place(name);
            rows.iter()
                .filter_map(move |row| Some(row.cell(place?)))
                .filter(|cell| !cell.is_empty())
        };
        cells().next().is_some() && cells().all(|cell| cell::number(cell).is_some())
    };
    // The cell of a run's setting is in its row of the summary, whose line is not kept.
    let file = data.files.get(row.file).cloned().unwrap_or_default();
    ColumnsError::NotNumeric {
        column: column.to_owned(),
        place: match place {
            Place::Own(_) => {
                format!("{}, line {}: `{}`", file.display(), row.line, row.cell(place))
            }
            Place::Run(_) => format!("a run has `{}`", row.cell(place)),
        },
        numeric: data.columns.listed.iter().filter(is_numeric).cloned().collect(),
    }
}

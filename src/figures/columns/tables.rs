//! The tables of a results folder: its CSVs, and those of its runs.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::data::{Columns, DataSet, Record};
use super::error::{ColumnsError, Listing};
use crate::config::suggest;
use crate::table::{Table, TableError};

/// The table that is looked at first.
const SUMMARY: &str = "summary";
/// Tables of runs that are looked at before others.
const FIRST_OF_RUNS: [&str; 2] = ["history", "trajectory"];

/// A table that has not been read.
struct Source {
    /// Its name without `.csv`.
    name: String,
    kind: Kind,
}

enum Kind {
    /// A CSV in the folder.
    Folder(PathBuf),
    /// A CSV in the folders of runs.
    Runs(Runs),
}

/// The folders of runs by the rows of `summary.csv`.
#[derive(Clone)]
struct Runs {
    summary: Rc<Vec<String>>,
    /// The cells of a run and its folder.
    rows: Rc<Vec<(Rc<Vec<String>>, PathBuf)>>,
}

/// Reads the table `name` of `folder`, by default the first one that has all the `wanted` columns:
/// `summary.csv`, other CSVs of the folder, `history.csv` of the runs, other CSVs of the runs.
///
/// # Errors
/// No such table or column, or a CSV that cannot be read.
pub fn load<'w>(
    folder: &Path,
    name: Option<&str>,
    wanted: impl Iterator<Item = &'w str> + Clone,
) -> Result<DataSet, ColumnsError> {
    let mut sources = sources(folder)?;
    if let Some(name) = name {
        let known: Vec<String> = sources.iter().map(|source| source.name.clone()).collect();
        sources.retain(|source| source.name == name.trim_end_matches(".csv"));
        if sources.is_empty() {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let suggestion = suggest(name, &names).map(str::to_owned);
            return Err(ColumnsError::UnknownTable { name: name.to_owned(), suggestion, known });
        }
    }
    let mut headers = Vec::new();
    for source in &sources {
        let own = source.header()?;
        let columns = source.columns(&own);
        if wanted.clone().all(|column| columns.place(column).is_some()) {
            return source.read(&own, columns);
        }
        headers.push((source.name.clone(), columns));
    }
    Err(nothing_with(wanted, headers))
}

/// Why no table has all `wanted` columns.
fn nothing_with<'w>(
    wanted: impl Iterator<Item = &'w str> + Clone,
    headers: Vec<(String, Columns)>,
) -> ColumnsError {
    let missing = wanted
        .clone()
        .find(|column| headers.iter().all(|(_, columns)| columns.place(column).is_none()));
    let all: BTreeSet<String> =
        headers.iter().flat_map(|(_, columns)| columns.listed.iter().cloned()).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let suggestion = missing.and_then(|column| suggest(column, &all)).map(str::to_owned);
    let tables = listings(headers);
    match missing {
        Some(column) => {
            ColumnsError::UnknownColumn { column: column.to_owned(), suggestion, tables }
        }
        None => ColumnsError::NotTogether { columns: wanted.map(str::to_owned).collect(), tables },
    }
}

/// Of the tables of runs those columns that are not in `summary.csv`.
fn listings(headers: Vec<(String, Columns)>) -> Vec<Listing> {
    let summary = headers.iter().find(|(name, _)| name == SUMMARY);
    let known: Vec<String> = summary.map_or_else(Vec::new, |(_, columns)| columns.listed.clone());
    let mut listings = Vec::new();
    for (table, columns) in headers {
        let Columns { listed, per_run, .. } = columns;
        let own = listed.into_iter().filter(|name| !per_run || !known.contains(name)).collect();
        let table = if per_run { format!("{table} (of every run)") } else { table };
        listings.push(Listing { table, columns: own });
    }
    listings
}

fn sources(folder: &Path) -> Result<Vec<Source>, ColumnsError> {
    let mut names = csv_names(folder);
    names.sort_by_key(|name| (name != SUMMARY, name.clone()));
    let path = |name: &str| folder.join(name).with_extension("csv");
    let source = |name: &String| Source { name: name.clone(), kind: Kind::Folder(path(name)) };
    let mut sources: Vec<Source> = names.iter().map(source).collect();
    if names.iter().any(|name| name == SUMMARY) {
        let runs = Runs::read(&path(SUMMARY), &folder.join("runs"))?;
        let mut tables: Vec<String> = runs.tables().into_iter().collect();
        let rank =
            |name: &String| FIRST_OF_RUNS.iter().position(|first| first == name).unwrap_or(9);
        tables.sort_by_key(rank);
        let source = |name| Source { name, kind: Kind::Runs(runs.clone()) };
        sources.extend(tables.into_iter().map(source));
    }
    if sources.is_empty() {
        return Err(ColumnsError::NoTable { folder: folder.to_owned() });
    }
    Ok(sources)
}

/// The names of the CSVs in a folder without their extension; none if it cannot be listed.
fn csv_names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.map(|entry| PathBuf::from(entry.file_name()));
    let tables = files.filter(|file| file.extension().is_some_and(|extension| extension == "csv"));
    tables.filter_map(|file| Some(file.file_stem()?.to_str()?.to_owned())).collect()
}

impl Runs {
    fn read(summary: &Path, folder: &Path) -> Result<Self, ColumnsError> {
        let mut table = Table::open(summary)?;
        let names: Vec<String> = table.columns().into_iter().map(str::to_owned).collect();
        let rows = table.rows(|row| {
            let cells: Vec<String> = names.iter().map(|name| row.text(name).to_owned()).collect();
            let id = row.text("run_id");
            // A name that is no identity could lead out of the folder.
            let is_identity = !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric());
            let path = if is_identity { folder.join(id) } else { PathBuf::new() };
            Ok::<_, TableError>((Rc::new(cells), path))
        })?;
        Ok(Self { summary: Rc::new(names), rows: Rc::new(rows) })
    }

    /// The names of the tables of the first and of the last run.
    fn tables(&self) -> BTreeSet<String> {
        let ends = [self.rows.first(), self.rows.last()];
        let folders = ends.into_iter().flatten().map(|(_, folder)| folder);
        folders.filter(|folder| folder.is_dir()).flat_map(|folder| csv_names(folder)).collect()
    }

    fn files<'r>(&'r self, name: &str) -> impl Iterator<Item = (Rc<Vec<String>>, PathBuf)> + 'r {
        let file = format!("{name}.csv");
        self.rows.iter().map(move |(cells, folder)| (cells.clone(), folder.join(&file)))
    }
}

impl Source {
    /// The columns of the CSV, of a table of runs those of the first run that has it.
    fn header(&self) -> Result<Vec<String>, ColumnsError> {
        let path = match &self.kind {
            Kind::Folder(path) => Some(path.clone()),
            Kind::Runs(runs) => runs.files(&self.name).map(|(_, path)| path).find(|p| p.is_file()),
        };
        let Some(path) = path else { return Ok(Vec::new()) };
        Ok(Table::open(&path)?.columns().into_iter().map(str::to_owned).collect())
    }

    fn columns(&self, own: &[String]) -> Columns {
        match &self.kind {
            Kind::Folder(_) => Columns::of_table(own),
            Kind::Runs(runs) => Columns::of_runs(&self.name, own, &runs.summary),
        }
    }

    fn read(&self, own: &[String], columns: Columns) -> Result<DataSet, ColumnsError> {
        let mut data = DataSet {
            name: format!("{}.csv", self.name),
            columns,
            files: Vec::new(),
            records: Vec::new(),
            runs_without: 0,
        };
        match &self.kind {
            Kind::Folder(path) => data.append(path, own, &Rc::default())?,
            Kind::Runs(runs) => {
                data.name += " of the runs";
                for (cells, path) in runs.files(&self.name) {
                    if path.is_file() {
                        data.append(&path, own, &cells)?;
                    } else {
                        data.runs_without += 1;
                    }
                }
            }
        }
        if data.records.is_empty() {
            return Err(ColumnsError::NoRows { table: data.name });
        }
        Ok(data)
    }
}

impl DataSet {
    /// Adds the rows of a file, whose columns may have another order; those that it lacks are empty.
    fn append(
        &mut self,
        path: &Path,
        own: &[String],
        run: &Rc<Vec<String>>,
    ) -> Result<(), TableError> {
        let file = self.files.len();
        let rows = Table::open(path)?.rows(|row| {
            let cells = own.iter().map(|name| row.text(name).to_owned()).collect();
            let record = Record { run: run.clone(), own: cells, file, line: row.line() };
            Ok::<_, TableError>(record)
        })?;
        self.records.extend(rows);
        self.files.push(path.to_owned());
        Ok(())
    }
}

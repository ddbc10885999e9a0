//! The rows of one table, those of a run with what `summary.csv` says of that run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

/// Columns of `summary.csv` that are settings of a run, apart from those with a dotted name.
const SETTINGS: [&str; 6] =
    ["learning_rate", "batch_size", "sampling", "algorithm", "init_seed", "seed"];

/// Whether a column of `summary.csv` is a setting, which runs may differ in. A dotted name is the key of
/// an axis without a column of its own.
pub fn is_setting(column: &str) -> bool {
    SETTINGS.contains(&column) || column.contains('.')
}

/// Where the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// In the run's row of `summary.csv`.
    Run(usize),
    /// In the row itself.
    Own(usize),
}

/// One row.
#[derive(Debug, Clone)]
pub struct Record {
    pub run: Rc<Vec<String>>,
    pub own: Vec<String>,
    /// Index of its file in [`DataSet::files`].
    pub file: usize,
    pub line: u64,
}

impl Record {
    /// The text of a cell; empty if the row has none.
    pub fn cell(&self, place: Place) -> &str {
        let cell = match place {
            Place::Run(index) => self.run.get(index),
            Place::Own(index) => self.own.get(index),
        };
        cell.map_or("", String::as_str)
    }
}

/// A table.
#[derive(Debug, Clone)]
pub struct DataSet {
    /// `summary.csv`, or `history.csv of the runs`.
    pub name: String,
    pub columns: Columns,
    pub files: Vec<PathBuf>,
    pub records: Vec<Record>,
    /// Number of runs that lack the table.
    pub runs_without: usize,
}

/// The columns of a table by name.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    places: BTreeMap<String, Place>,
    /// Without aliases, in order.
    pub listed: Vec<String>,
    /// Settings of the runs.
    pub settings: Vec<(String, Place)>,
    /// Whether every run has several rows.
    pub per_run: bool,
}

impl Columns {
    /// The columns of a table by itself.
    pub fn of_table(names: &[String]) -> Self {
        let places = names.iter().enumerate().map(|(i, name)| (name.clone(), Place::Own(i)));
        let places: BTreeMap<String, Place> = places.collect();
        let settings = places.iter().filter(|(name, _)| is_setting(name));
        let settings = settings.map(|(name, &place)| (name.clone(), place)).collect();
        Self { places, listed: names.to_vec(), settings, per_run: false }
    }

    /// The columns of the table `name` of every run, with those of its row in `summary.csv`. Where both
    /// have a name, it means the run's setting, or else the table's column; `summary.NAME` and
    /// `TABLE.NAME` tell them apart.
    pub fn of_runs(name: &str, own: &[String], summary: &[String]) -> Self {
        let mut places = BTreeMap::new();
        let mut listed = Vec::new();
        for (i, column) in own.iter().enumerate() {
            let alias = format!("{name}.{column}");
            places.insert(alias.clone(), Place::Own(i));
            if is_setting(column) && summary.contains(column) {
                listed.push(alias);
            } else {
                places.insert(column.clone(), Place::Own(i));
                listed.push(column.clone());
            }
        }
        let mut settings = Vec::new();
        for (i, column) in summary.iter().enumerate() {
            let alias = format!("summary.{column}");
            places.insert(alias.clone(), Place::Run(i));
            if is_setting(column) {
                settings.push((column.clone(), Place::Run(i)));
            }
            if is_setting(column) || !own.contains(column) {
                places.insert(column.clone(), Place::Run(i));
                listed.push(column.clone());
            } else {
                listed.push(alias);
            }
        }
        Self { places, listed, settings, per_run: true }
    }

    /// Where a column is, if there is one of this name.
    pub fn place(&self, column: &str) -> Option<Place> {
        self.places.get(column).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_both_tables_means_the_runs_setting_or_else_the_tables_column() {
        let names = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let columns = Columns::of_runs(
            "history",
            &names("epoch learning_rate trace"),
            &names("run_id learning_rate trace model.hidden"),
        );
        for (name, place) in [
            ("epoch", Place::Own(0)),
            ("learning_rate", Place::Run(1)),
            ("history.learning_rate", Place::Own(1)),
            ("trace", Place::Own(2)),
            ("summary.trace", Place::Run(2)),
            ("model.hidden", Place::Run(3)),
        ] {
            assert_eq!(columns.place(name), Some(place), "{name}");
        }
        let settings: Vec<&str> = columns.settings.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(settings, ["learning_rate", "model.hidden"]);
        assert_eq!(
            columns.listed.join(" "),
            "epoch history.learning_rate trace run_id learning_rate summary.trace model.hidden"
        );
    }
}

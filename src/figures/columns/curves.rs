//! Rows divided into panels and curves.

use std::collections::{BTreeMap, HashMap};

use super::data::{DataSet, Place, Record};
use super::selection::place;
use crate::cell;

/// The rows divided by the values of some columns.
pub struct Division {
    pub columns: Vec<String>,
    places: Vec<Place>,
    /// Every combination of values that occurs, in order.
    pub combinations: Vec<Vec<String>>,
    index: HashMap<Vec<String>, usize>,
}

impl Division {
    /// Divides `rows` by `columns`; without any there is one part.
    pub fn new(data: &DataSet, rows: &[&Record], columns: &[String]) -> Self {
        let places: Vec<Place> = columns.iter().map(|column| place(data, column)).collect();
        let mut index: HashMap<Vec<String>, usize> = HashMap::new();
        for row in rows {
            index.entry(combination(row, &places)).or_default();
        }
        let mut combinations: Vec<Vec<String>> = index.keys().cloned().collect();
        combinations.sort_by(|a, b| {
            let pairs = a.iter().zip(b).map(|(a, b)| cell::order(a, b));
            pairs.into_iter().find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        for (i, combination) in combinations.iter().enumerate() {
            index.insert(combination.clone(), i);
        }
        Self { columns: columns.to_vec(), places, combinations, index }
    }

    /// The part that a row is in.
    pub fn of(&self, row: &Record) -> usize {
        self.index.get(&combination(row, &self.places)).copied().unwrap_or(0)
    }

    /// The number of parts.
    pub fn len(&self) -> usize {
        self.combinations.len()
    }

    /// The values of the `k`-th column, one for each part.
    pub fn values(&self, k: usize) -> Vec<String> {
        self.combinations.iter().filter_map(|values| values.get(k).cloned()).collect()
    }
}

fn combination(row: &Record, places: &[Place]) -> Vec<String> {
    places.iter().map(|&place| row.cell(place).to_owned()).collect()
}

/// Which curve a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    pub panel: usize,
    pub colour: usize,
    pub variant: usize,
}

/// One value of one row.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    pub x: f64,
    pub y: f64,
    pub row: &'d Record,
}

/// The values of every curve.
pub type Curves<'d> = BTreeMap<Key, Vec<Value<'d>>>;

//! What a figure is asked to show.

use super::condition::Condition;

/// The columns of a figure and how they are drawn.
#[derive(Debug, Clone, Default)]
pub struct Request {
    pub x: String,
    /// At least one.
    pub y: Vec<String>,
    /// Every combination of values of these columns has a curve; the first one chooses its colour.
    pub by: Vec<String>,
    /// Every combination of values of these columns has a panel.
    pub facet: Vec<String>,
    /// Rows must meet all of them.
    pub conditions: Vec<Condition>,
    /// The name of a table without `.csv`; by default the first one that has every column.
    pub table: Option<String>,
    /// Chosen by the values if `None`.
    pub log: Option<LogAxes>,
    /// Chosen by the abscissa if `None`.
    pub marks: Option<Marks>,
}

/// Which axes are logarithmic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogAxes {
    pub x: bool,
    pub y: bool,
}

/// How the rows of a curve are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// The median of the rows with one abscissa, joined by a line.
    Lines,
    /// A marker for every row.
    Points,
}

impl Request {
    /// Every column that the request names, with those of its conditions.
    pub fn columns(&self) -> impl Iterator<Item = &str> + Clone {
        let named = std::iter::once(&self.x).chain(&self.y).chain(&self.by).chain(&self.facet);
        let conditions = self.conditions.iter().map(|condition| &condition.column);
        named.chain(conditions).map(String::as_str)
    }
}

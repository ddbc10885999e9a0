//! Settings that are valid one by one but contradict each other.

use super::error::Problem;
use super::origin::Origin;
use super::overrides;
use super::value::Table;

/// One contradiction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The dotted key whose place is shown; `None` if no single key is to blame.
    pub key: Option<&'static str>,
    pub message: String,
}

impl From<String> for Contradiction {
    fn from(message: String) -> Self {
        Self { key: None, message }
    }
}

impl Contradiction {
    /// The problem, at the place of its key in the document `table`.
    pub fn into_problem(self, table: &Table) -> Problem {
        let node = self.key.and_then(|key| overrides::get(table, key));
        let origin = node.map_or(Origin::Unknown, |node| node.origin.clone());
        Problem { origin, message: self.message }
    }
}

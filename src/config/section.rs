//! Reads the keys of one table, collecting every problem instead of stopping at the first.

use std::cell::RefCell;
use std::path::PathBuf;

use super::document::{Node, Table, Value};
use super::origin::{Origin, Problem};

/// Problems found so far, shared by all sections of a document.
pub type Problems = RefCell<Vec<Problem>>;

/// A value that a key may hold.
pub trait FromNode: Sized {
    /// What a complaint says was expected, for example "a whole number".
    const EXPECTED: &'static str;
    /// The value, or `None` for a wrong type.
    fn from_node(node: &Node) -> Option<Self>;
}

impl FromNode for f64 {
    const EXPECTED: &'static str = "a number";
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Float(number) => Some(number),
            Value::Integer(number) => Some(number as f64),
            _ => None,
        }
    }
}

impl FromNode for u64 {
    const EXPECTED: &'static str = "a whole number, 0 or more";
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(number) => number.try_into().ok(),
            _ => None,
        }
    }
}

impl FromNode for usize {
    const EXPECTED: &'static str = "a whole number, 0 or more";
    fn from_node(node: &Node) -> Option<Self> {
        u64::from_node(node)?.try_into().ok()
    }
}

impl FromNode for bool {
    const EXPECTED: &'static str = "true or false";
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Bool(truth) => Some(truth),
            _ => None,
        }
    }
}

impl FromNode for String {
    const EXPECTED: &'static str = "a string";
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(text.clone()),
            _ => None,
        }
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    const EXPECTED: &'static str = "a list";
    fn from_node(node: &Node) -> Option<Self> {
        match &node.value {
            Value::Array(items) => items.iter().map(T::from_node).collect(),
            _ => None,
        }
    }
}

/// One table being read: every key taken is removed, what is left at the end is unknown.
pub struct Section<'p> {
    name: String,
    entries: Table,
    asked: Vec<&'static str>,
    problems: &'p Problems,
}

impl<'p> Section<'p> {
    /// Reads `entries` under the dotted `name` (empty for the document itself).
    pub fn new(name: &str, entries: Table, problems: &'p Problems) -> Self {
        Self { name: name.to_owned(), entries, asked: Vec::new(), problems }
    }

    /// The table under `key`; an absent one reads as empty.
    pub fn section(&mut self, key: &'static str) -> Section<'p> {
        let name = self.path(key);
        let entries = match self.node(key) {
            None => Table::new(),
            Some(Node { value: Value::Table(entries), .. }) => entries,
            Some(node) => {
                self.wrong_type(&name, &node, "a table");
                Table::new()
            }
        };
        Section::new(&name, entries, self.problems)
    }

    /// The raw value under `key`.
    pub fn node(&mut self, key: &'static str) -> Option<Node> {
        self.asked.push(key);
        self.entries.remove(key).map(|(_, node)| node)
    }

    /// The value under `key` if it is there, of the right type and passes `check`, which otherwise
    /// says what the value must be.
    pub fn optional<T: FromNode>(
        &mut self,
        key: &'static str,
        check: impl Fn(&T) -> Result<(), &'static str>,
    ) -> Option<T> {
        let node = self.node(key)?;
        let path = self.path(key);
        let Some(value) = T::from_node(&node) else {
            self.wrong_type(&path, &node, T::EXPECTED);
            return None;
        };
        match check(&value) {
            Ok(()) => Some(value),
            Err(expected) => {
                self.wrong_type(&path, &node, expected);
                None
            }
        }
    }

    /// The folder named under `key`.
    pub fn folder(&mut self, key: &'static str) -> Option<PathBuf> {
        let named = |name: &String| {
            if name.trim().is_empty() { Err("a folder's name") } else { Ok(()) }
        };
        self.optional(key, named).map(PathBuf::from)
    }

    /// Like [`Section::optional`], but an absent key is a problem.
    pub fn required<T: FromNode>(
        &mut self,
        key: &'static str,
        check: impl Fn(&T) -> Result<(), &'static str>,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            let path = self.path(key);
            self.complain(Origin::Absent, format!("`{path}` is missing"));
        }
        self.optional(key, check)
    }

    /// Like [`Section::optional`], with a value for an absent key.
    pub fn or<T: FromNode>(
        &mut self,
        key: &'static str,
        default: T,
        check: impl Fn(&T) -> Result<(), &'static str>,
    ) -> T {
        self.optional(key, check).unwrap_or(default)
    }

    /// One of several words; the first is the default.
    pub fn choice<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> T {
        let default = words[0].1;
        let Some(node) = self.node(key) else {
            return default;
        };
        if let Value::String(text) = &node.value
            && let Some((_, value)) = words.iter().find(|(word, _)| word == text)
        {
            return *value;
        }
        let list = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
        self.wrong_type(&self.path(key), &node, &list.join(" or "));
        default
    }

    /// Adds a complaint about `key` as a whole.
    pub fn complain(&self, origin: Origin, message: String) {
        self.problems.borrow_mut().push(Problem { origin, message });
    }

    /// Complains about a value that is not `expected`.
    pub fn wrong_type(&self, path: &str, node: &Node, expected: &str) {
        let found = node.value.describe();
        self.complain(node.origin.clone(), format!("`{path}` must be {expected}, found {found}"));
    }

    /// `section.key`.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Every key that nothing asked for is unknown.
    pub fn finish(self) {
        for (key, (origin, _)) in &self.entries {
            let place = if self.name.is_empty() {
                "here".to_owned()
            } else {
                format!("in [{}]", self.name)
            };
            let hint = nearest(key, &self.asked)
                .map_or(format!("; known: {}", self.asked.join(", ")), |near| {
                    format!("; did you mean `{near}`?")
                });
            self.complain(origin.clone(), format!("unknown key `{key}` {place}{hint}"));
        }
    }
}

fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(key, candidate), *candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

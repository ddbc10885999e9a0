//! Reads the keys of one table and collects every problem instead of stopping at the first.

use std::cell::RefCell;
use std::path::PathBuf;

use super::error::Problem;
use super::from_node::FromNode;
use super::origin::Origin;
use super::suggestion::suggest;
use super::value::{Node, Table, Value};

/// The table of an absent section.
static EMPTY: Table = Table::new();

/// A table being read: it notes every key that was read, and the others are unknown.
pub struct Section<'p> {
    name: String,
    entries: &'p Table,
    known_keys: Vec<&'static str>,
    /// Shared by all sections of the document.
    problems: &'p RefCell<Vec<Problem>>,
}

impl<'p> Section<'p> {
    /// The document itself, without a name.
    pub fn root(entries: &'p Table, problems: &'p RefCell<Vec<Problem>>) -> Self {
        Self { name: String::new(), entries, known_keys: Vec::new(), problems }
    }

    /// A table of the same document with the dotted `name`.
    pub fn sibling(&self, name: &str, entries: &'p Table) -> Self {
        Self { name: name.to_owned(), ..Self::root(entries, self.problems) }
    }

    /// The table under `key`; empty if it is absent.
    pub fn subsection(&mut self, key: &'static str) -> Self {
        let name = self.key_path(key);
        let entries = match self.take(key) {
            None => &EMPTY,
            Some(Node { value: Value::Table(entries), .. }) => entries,
            Some(node) => {
                self.add_mismatch(&name, node, "a table");
                &EMPTY
            }
        };
        self.sibling(&name, entries)
    }

    /// The value under `key` as it is.
    pub fn take(&mut self, key: &'static str) -> Option<&'p Node> {
        self.known_keys.push(key);
        self.entries.get(key).map(|(_, node)| node)
    }

    /// The dotted name of the section.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All keys of the table with their places and values.
    pub fn entries(&self) -> &'p Table {
        self.entries
    }

    /// The value under `key` if it exists, has the right type and passes `check`, whose error says
    /// what the value must be.
    pub fn optional<T: FromNode>(
        &mut self,
        key: &'static str,
        check: impl Fn(&T) -> Result<(), &'static str>,
    ) -> Option<T> {
        let node = self.take(key)?;
        let Some(value) = T::from_node(node) else {
            self.add_mismatch(&self.key_path(key), node, &T::expected(node));
            return None;
        };
        match check(&value) {
            Ok(()) => Some(value),
            Err(expected) => {
                self.add_mismatch(&self.key_path(key), node, expected);
                None
            }
        }
    }

    /// The folder named under `key`.
    pub fn folder(&mut self, key: &'static str) -> Option<PathBuf> {
        let check = |name: &String| {
            if name.trim().is_empty() { Err("a folder's name") } else { Ok(()) }
        };
        self.optional(key, check).map(PathBuf::from)
    }

    /// Like [`Section::optional`], but an absent key is a problem.
    pub fn required<T: FromNode>(
        &mut self,
        key: &'static str,
        check: impl Fn(&T) -> Result<(), &'static str>,
    ) -> Option<T> {
        if !self.entries.contains_key(key) {
            let path = self.key_path(key);
            self.add_problem(Origin::Unknown, format!("`{path}` is missing"));
        }
        self.optional(key, check)
    }

    /// Like [`Section::optional`], with a value for an absent or invalid key.
    pub fn or_default<T: FromNode>(
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
        let Some(node) = self.take(key) else {
            return default;
        };
        if let Value::String(text) = &node.value
            && let Some((_, value)) = words.iter().find(|(word, _)| word == text)
        {
            return *value;
        }
        let list = words.iter().map(|(word, _)| format!("\"{word}\"")).collect::<Vec<_>>();
        self.add_mismatch(&self.key_path(key), node, &list.join(" or "));
        default
    }

    /// Adds a problem of this document.
    pub fn add_problem(&self, origin: Origin, message: String) {
        self.problems.borrow_mut().push(Problem { origin, message });
    }

    /// Adds the problem that the value of `path` is not `expected`.
    pub fn add_mismatch(&self, path: &str, node: &Node, expected: &str) {
        let found = node.value.describe();
        self.add_problem(
            node.origin.clone(),
            format!("`{path}` must be {expected}, found {found}"),
        );
    }

    /// `section.key`.
    pub fn key_path(&self, key: &str) -> String {
        if self.name.is_empty() { key.to_owned() } else { format!("{}.{key}", self.name) }
    }

    /// Adds a problem for every key that was not read.
    pub fn deny_unknown_keys(self) {
        for (key, (origin, _)) in self.entries {
            if self.known_keys.contains(&key.as_str()) {
                continue;
            }
            self.add_unknown_key(key, origin);
        }
    }

    /// Adds the problem that `key` is not among the known ones.
    pub fn add_unknown_key(&self, key: &str, origin: &Origin) {
        let section = match &*self.name {
            "" => "here".to_owned(),
            name => format!("in [{name}]"),
        };
        let hint = match suggest(key, &self.known_keys) {
            Some(known) => format!("did you mean `{known}`?"),
            None => format!("known: {}", self.known_keys.join(", ")),
        };
        self.add_problem(origin.clone(), format!("unknown key `{key}` {section}; {hint}"));
    }
}

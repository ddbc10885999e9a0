//! The values of a TOML document, each with the place where it was written.

use std::collections::BTreeMap;

use super::origin::Origin;

/// A value and where it was written.
#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub origin: Origin,
}

/// A TOML value, as far as configurations use them.
#[derive(Debug, Clone)]
pub enum Value {
    String(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Array(Vec<Node>),
    Table(Table),
    Datetime,
}

/// The keys of a table, each with the place of the key itself.
pub type Table = BTreeMap<String, (Origin, Node)>;

impl Value {
    /// The value as error messages show it.
    pub fn describe(&self) -> String {
        match self {
            Self::String(text) => format!("the string {text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Bool(value) => value.to_string(),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.describe()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(_) => "a table".to_owned(),
            Self::Datetime => "a date".to_owned(),
        }
    }
}

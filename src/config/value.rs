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
    /// A whole number beyond 64 bits, as it is written.
    HugeInteger(String),
    Float(f64),
    Bool(bool),
    Array(Vec<Node>),
    Table(Table),
    Datetime,
}

impl Node {
    /// The value as it was typed after `--set KEY=`, if it comes from there.
    pub fn override_text(&self) -> Option<&str> {
        let Origin::Override(text) = &self.origin else { return None };
        text.split_once('=').map(|(_, value)| value.trim())
    }

    /// Whether it is one of the values of an axis that comes from `--set`.
    pub fn is_element_of_override(&self) -> bool {
        let Origin::Element { place, .. } = &self.origin else { return false };
        matches!(**place, Origin::Override(_))
    }
}

/// The keys of a table, each with the place of the key itself.
pub type Table = BTreeMap<String, (Origin, Node)>;

impl Value {
    /// The value as JSON; `None` for tables and dates.
    pub fn to_json(&self) -> Option<serde_json::Value> {
        match self {
            Self::String(text) => Some(text.as_str().into()),
            Self::Integer(number) => Some((*number).into()),
            Self::HugeInteger(digits) => digits.parse::<f64>().ok().map(Into::into),
            Self::Float(number) => Some((*number).into()),
            Self::Bool(value) => Some((*value).into()),
            Self::Array(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Self::Table(_) | Self::Datetime => None,
        }
    }

    /// The value as error messages show it.
    pub fn describe(&self) -> String {
        match self {
            Self::String(text) => format!("the string {text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::HugeInteger(digits) => digits.clone(),
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

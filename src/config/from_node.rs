//! Rust values from TOML values.

use super::value::{Node, Value};

/// A value that a key may hold.
pub trait FromNode: Sized {
    /// What error messages say was expected, for example "a whole number".
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
            Value::Bool(value) => Some(value),
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

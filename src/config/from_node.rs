//! Rust values from TOML values.

use std::borrow::Cow;

use super::document::parse_list;
use super::value::{Node, Value};

/// A value that a key may hold.
pub trait FromNode: Sized {
    /// What error messages say was expected, for example "a whole number".
    const EXPECTED: &'static str;
    /// The value, or `None` for a wrong type.
    fn from_node(node: &Node) -> Option<Self>;

    /// What error messages say was expected instead of `node`.
    fn expected(_node: &Node) -> Cow<'static, str> {
        Self::EXPECTED.into()
    }
}

impl FromNode for f64 {
    const EXPECTED: &'static str = "a number";
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Float(number) => Some(number),
            Value::Integer(number) => Some(number as f64),
            Value::HugeInteger(ref digits) => digits.parse().ok(),
            _ => None,
        }
    }
}

/// Doubles from here on are whole numbers only because they have no digits left for a fraction.
const EXACT_INTEGERS: f64 = (1_u64 << 53) as f64;

impl FromNode for u64 {
    const EXPECTED: &'static str = "a whole number, 0 or more";
    fn from_node(node: &Node) -> Option<Self> {
        match node.value {
            Value::Integer(number) => number.try_into().ok(),
            // `1e4`, or a point of a range.
            Value::Float(number) if number.fract() == 0.0 => {
                (0.0..=EXACT_INTEGERS).contains(&number).then_some(number as Self)
            }
            _ => None,
        }
    }

    fn expected(node: &Node) -> Cow<'static, str> {
        match node.value {
            Value::HugeInteger(_) => format!("a whole number from 0 to {}", i64::MAX).into(),
            _ => Self::EXPECTED.into(),
        }
    }
}

impl FromNode for usize {
    const EXPECTED: &'static str = "a whole number, 0 or more";
    fn from_node(node: &Node) -> Option<Self> {
        u64::from_node(node)?.try_into().ok()
    }

    fn expected(node: &Node) -> Cow<'static, str> {
        u64::expected(node)
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
            Value::Array(_) | Value::Table(_) => None,
            // `--set run.results=2024`: whoever types it there need not quote it.
            _ => node.override_text().map(str::to_owned),
        }
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    const EXPECTED: &'static str = "a list";
    fn from_node(node: &Node) -> Option<Self> {
        elements(node)?.iter().map(T::from_node).collect()
    }

    fn expected(node: &Node) -> Cow<'static, str> {
        match elements(node)
            .and_then(|items| items.iter().find(|x| T::from_node(x).is_none()).cloned())
        {
            Some(item) => format!("a list with every entry {}", T::expected(&item)).into(),
            None => Self::EXPECTED.into(),
        }
    }
}

/// The elements of a list; after `--set` a list may also be one value, or several without brackets.
pub fn elements(node: &Node) -> Option<Cow<'_, [Node]>> {
    match (&node.value, node.override_text()) {
        (Value::Array(items), _) => Some(Cow::Borrowed(items)),
        (Value::Table(_), _) => None,
        (_, None) if node.is_element_of_override() => {
            Some(Cow::Borrowed(std::slice::from_ref(node)))
        }
        (_, None) => None,
        (_, Some(text)) => Some(Cow::Owned(parse_list(text, &node.origin))),
    }
}

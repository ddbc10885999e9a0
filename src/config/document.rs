//! Parses TOML into a [`Table`] in which every key and value keeps its place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::origin::{Origin, Places};
use super::value::{Node, Table, Value};

/// Parses `source`.
///
/// # Errors
/// Every syntax error.
pub fn parse(source: &str) -> Result<Table, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    let places = Places::of(source);
    if errors.is_empty() {
        return Ok(convert_table(table.get_ref(), &|offset| places.at(offset)));
    }
    Err(errors
        .iter()
        .map(|error| Problem {
            origin: error.span().map_or(Origin::Unknown, |span| places.at(span.start)),
            message: error.message().to_owned(),
        })
        .collect())
}

/// Parses a single value. Text that is not TOML is a number if it can be read as one (`.03`), and
/// otherwise a string.
pub fn parse_value(text: &str, origin: &Origin) -> Value {
    match DeValue::parse(text) {
        Ok(value) => convert(value.get_ref(), &|_| origin.clone()),
        Err(_) => number(text).unwrap_or_else(|| Value::String(text.to_owned())),
    }
}

/// A number as people type it and TOML does not know it: `.03`, `5.`, `1.e-3`.
fn number(text: &str) -> Option<Value> {
    let number = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    text.parse().ok().filter(|_| number).map(Value::Float)
}

/// The values of a list that is typed without brackets: `0.1,0.2` or `[64],[128]`.
pub fn parse_list(text: &str, origin: &Origin) -> Vec<Node> {
    let node = |value| Node { value, origin: origin.clone() };
    if let Value::Array(items) = parse_value(&format!("[{text}]"), origin) {
        return items;
    }
    text.split(',').map(|item| node(parse_value(item.trim(), origin))).collect()
}

fn convert_table(table: &DeTable<'_>, origin_at: &dyn Fn(usize) -> Origin) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            let key_origin = origin_at(key.span().start);
            (key.get_ref().to_string(), (key_origin, convert_node(value, origin_at)))
        })
        .collect()
}

fn convert_node(value: &Spanned<DeValue<'_>>, origin_at: &dyn Fn(usize) -> Origin) -> Node {
    Node { value: convert(value.get_ref(), origin_at), origin: origin_at(value.span().start) }
}

fn convert(value: &DeValue<'_>, origin_at: &dyn Fn(usize) -> Origin) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let (digits, radix) = (number.as_str(), number.radix());
            i64::from_str_radix(digits, radix).map_or_else(|_| huge(digits, radix), Value::Integer)
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| convert_node(item, origin_at)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, origin_at)),
    }
}

fn huge(digits: &str, radix: u32) -> Value {
    match radix {
        10 => Value::HugeInteger(digits.to_owned()),
        // Every range check rejects it.
        _ => Value::Float(f64::INFINITY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_syntax_errors_are_reported_at_once() {
        let problems = parse("a = \n[train\nb = 2\nc = = 3\n").unwrap_err();
        assert!(problems.len() >= 2, "{problems:?}");
    }
}

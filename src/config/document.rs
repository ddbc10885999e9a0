//! Parses TOML into a [`Table`] in which every key and value keeps its place.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::Problem;
use super::origin::Origin;
use super::value::{Node, Table, Value};

/// Parses `source`.
///
/// # Errors
/// Every syntax error.
pub fn parse(source: &str) -> Result<Table, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    if errors.is_empty() {
        return Ok(convert_table(table.get_ref(), &|offset| Origin::at(source, offset)));
    }
    Err(errors
        .iter()
        .map(|error| Problem {
            origin: error.span().map_or(Origin::Unknown, |span| Origin::at(source, span.start)),
            message: error.message().to_owned(),
        })
        .collect())
}

/// Parses a single value; text that is not TOML is a string.
pub fn parse_value(text: &str, origin: &Origin) -> Value {
    match DeValue::parse(text) {
        Ok(value) => convert(value.get_ref(), &|_| origin.clone()),
        Err(_) => Value::String(text.to_owned()),
    }
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
        // An integer beyond 64 bits becomes an infinite float, which every range check rejects.
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Float(f64::INFINITY), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(value) => Value::Bool(*value),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| convert_node(item, origin_at)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, origin_at)),
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

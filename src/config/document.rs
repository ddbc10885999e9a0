//! A TOML document whose every key and value remembers its place, plus `--set` overrides.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::origin::{ConfigError, Origin, Problem};
use super::section::Problems;

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

/// Keys of a table; each with the place of the key itself.
pub type Table = BTreeMap<String, (Origin, Node)>;

impl Value {
    /// The value as a complaint shows it.
    pub fn describe(&self) -> String {
        match self {
            Self::String(text) => format!("the string {text:?}"),
            Self::Integer(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Bool(truth) => truth.to_string(),
            Self::Array(items) => {
                let items: Vec<String> = items.iter().map(|item| item.value.describe()).collect();
                format!("[{}]", items.join(", "))
            }
            Self::Table(_) => "a table".to_owned(),
            Self::Datetime => "a date".to_owned(),
        }
    }
}

/// What is peculiar to the overrides of one kind of document.
#[derive(Debug, Clone, Copy)]
pub struct Keys {
    /// Keys that belong to no section.
    pub free: &'static [&'static str],
    /// A key with its section and a value, for complaints.
    pub example: &'static str,
}

/// Parses `source` and applies `overrides`; `name` stands for the file in complaints. Overrides that
/// cannot be applied are the first of the problems to be reported.
///
/// # Errors
/// Every syntax error of `source`.
pub fn open(
    source: &str,
    name: &str,
    overrides: &[String],
    keys: Keys,
) -> Result<(Table, Problems), ConfigError> {
    let mut root = parse(source).map_err(|problems| ConfigError::invalid(name, problems))?;
    let problems = overrides.iter().filter_map(|flag| set(&mut root, flag, keys).err()).collect();
    Ok((root, Problems::new(problems)))
}

/// Parses `source`, or lists every syntax error.
pub fn parse(source: &str) -> Result<Table, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(source);
    if errors.is_empty() {
        return Ok(convert_table(table.get_ref(), &|offset| Origin::at(source, offset)));
    }
    Err(errors
        .iter()
        .map(|error| Problem {
            origin: error.span().map_or(Origin::Absent, |span| Origin::at(source, span.start)),
            message: error.message().to_owned(),
        })
        .collect())
}

/// Applies one `--set key.path=value`; the value is TOML, or a bare word taken as a string.
pub fn set(root: &mut Table, flag: &str, keys: Keys) -> Result<(), Problem> {
    let origin = Origin::Flag(flag.to_owned());
    let problem = |message: String| Problem { origin: origin.clone(), message };
    let (path, text) = flag.split_once('=').ok_or_else(|| {
        problem(format!("write it as section.key=value, for example {}", keys.example))
    })?;
    let node = Node { value: parse_value(text.trim(), &origin), origin: origin.clone() };
    let path = path.trim();
    if keys.free.contains(&path) {
        root.insert(path.to_owned(), (origin, node));
        return Ok(());
    }
    let (section, key) = path.rsplit_once('.').ok_or_else(|| problem(keys.unsectioned()))?;
    let mut table = root;
    for part in section.split('.') {
        let empty = Node { value: Value::Table(Table::new()), origin: origin.clone() };
        let (_, child) = table.entry(part.to_owned()).or_insert((origin.clone(), empty));
        let Value::Table(inner) = &mut child.value else {
            return Err(problem(format!("`{part}` is not a section")));
        };
        table = inner;
    }
    table.insert(key.to_owned(), (origin, node));
    Ok(())
}

impl Keys {
    /// The complaint about a key without a section.
    fn unsectioned(self) -> String {
        let advice = format!("name the section too, for example {}", self.example);
        match self.free {
            [] => advice,
            free => format!("{advice}; only {} are in none", free.join(", ")),
        }
    }
}

fn parse_value(text: &str, origin: &Origin) -> Value {
    match DeValue::parse(text) {
        Ok(value) => convert(value.get_ref(), &|_| origin.clone()),
        Err(_) => Value::String(text.to_owned()),
    }
}

fn convert_table(table: &DeTable<'_>, place: &dyn Fn(usize) -> Origin) -> Table {
    table
        .iter()
        .map(|(key, value)| {
            (key.get_ref().to_string(), (place(key.span().start), convert_node(value, place)))
        })
        .collect()
}

fn convert_node(value: &Spanned<DeValue<'_>>, place: &dyn Fn(usize) -> Origin) -> Node {
    Node { value: convert(value.get_ref(), place), origin: place(value.span().start) }
}

fn convert(value: &DeValue<'_>, place: &dyn Fn(usize) -> Origin) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        // Beyond 64 bits an integer is as good as the float it rounds to: every check refuses it.
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Float(f64::INFINITY), Value::Integer),
        DeValue::Float(number) => Value::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(truth) => Value::Bool(*truth),
        DeValue::Datetime(_) => Value::Datetime,
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| convert_node(item, place)).collect())
        }
        DeValue::Table(table) => Value::Table(convert_table(table, place)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: Keys = Keys { free: &["seed"], example: "train.batch_size=8" };

    #[test]
    fn all_syntax_errors_are_reported_at_once() {
        let problems = parse("a = \n[train\nb = 2\nc = = 3\n").unwrap_err();
        assert!(problems.len() >= 2, "{problems:?}");
    }

    #[test]
    fn overrides_are_typed_and_may_create_sections() {
        let mut root = parse("[train]\nbatch_size = 1\n").unwrap();
        set(&mut root, "train.batch_size=8", KEYS).unwrap();
        set(&mut root, "train.warmup.shape=linear", KEYS).unwrap();
        let Value::Table(train) = &root["train"].1.value else { panic!("not a table") };
        assert!(matches!(train["batch_size"].1.value, Value::Integer(8)));
        let Value::Table(warmup) = &train["warmup"].1.value else { panic!("not a table") };
        assert!(matches!(&warmup["shape"].1.value, Value::String(s) if s == "linear"));
    }

    #[test]
    fn a_malformed_override_says_how_to_write_it() {
        let mut root = Table::new();
        let mut refusal = |flag| set(&mut root, flag, KEYS).unwrap_err().message;
        assert!(refusal("batch_size").contains("section.key=value"));
        let bare = refusal("batch_size=8");
        assert!(bare.contains("section") && bare.contains("only seed"), "{bare}");
        set(&mut root, "seed=7", KEYS).unwrap();
        assert!(matches!(root["seed"].1.value, Value::Integer(7)));
    }
}

//! Values given on the command line: `--set key.path=value`.

use super::document::parse_value;
use super::error::Problem;
use super::origin::Origin;
use super::value::{Node, Table, Value};

/// The keys that overrides of one kind of configuration file may set.
#[derive(Debug, Clone, Copy)]
pub struct OverrideKeys {
    /// Keys outside every section.
    pub top_level: &'static [&'static str],
    /// A key with its section and a value, for error messages.
    pub example: &'static str,
}

/// Applies one `key.path=value`; the value is TOML, or a bare word taken as a string.
///
/// # Errors
/// An override without `=` or without a section.
pub fn apply(root: &mut Table, text: &str, keys: OverrideKeys) -> Result<(), Problem> {
    let origin = Origin::Override(text.to_owned());
    let problem = |message: String| Problem { origin: origin.clone(), message };
    let (path, value) = text.split_once('=').ok_or_else(|| {
        problem(format!("write it as section.key=value, for example {}", keys.example))
    })?;
    let node = Node { value: parse_value(value.trim(), &origin), origin: origin.clone() };
    let path = path.trim();
    if keys.top_level.contains(&path) {
        root.insert(path.to_owned(), (origin, node));
        return Ok(());
    }
    let (section, key) = path.rsplit_once('.').ok_or_else(|| problem(keys.missing_section()))?;
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

impl OverrideKeys {
    fn missing_section(self) -> String {
        let advice = format!("name the section too, for example {}", self.example);
        match self.top_level {
            [] => advice,
            keys => format!("{advice}; only {} are in none", keys.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::document;
    use super::*;

    const KEYS: OverrideKeys = OverrideKeys { top_level: &["seed"], example: "train.batch_size=8" };

    #[test]
    fn overrides_are_typed_and_may_create_sections() {
        let mut root = document::parse("[train]\nbatch_size = 1\n").unwrap();
        apply(&mut root, "train.batch_size=8", KEYS).unwrap();
        apply(&mut root, "train.warmup.shape=linear", KEYS).unwrap();
        let Value::Table(train) = &root["train"].1.value else { panic!("not a table") };
        assert!(matches!(train["batch_size"].1.value, Value::Integer(8)));
        let Value::Table(warmup) = &train["warmup"].1.value else { panic!("not a table") };
        assert!(matches!(&warmup["shape"].1.value, Value::String(s) if s == "linear"));
    }

    #[test]
    fn a_malformed_override_says_how_to_write_it() {
        let mut root = Table::new();
        let mut refusal = |text| apply(&mut root, text, KEYS).unwrap_err().message;
        assert!(refusal("batch_size").contains("section.key=value"));
        let bare = refusal("batch_size=8");
        assert!(bare.contains("section") && bare.contains("only seed"), "{bare}");
        apply(&mut root, "seed=7", KEYS).unwrap();
        assert!(matches!(root["seed"].1.value, Value::Integer(7)));
    }
}

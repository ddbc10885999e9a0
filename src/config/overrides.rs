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
    // A sweep's axis may be written as in the file: sweep."model.hidden".
    let path = path.trim().replace('"', "");
    if keys.top_level.contains(&path.as_str()) {
        root.insert(path, (origin, node));
        return Ok(());
    }
    if !path.contains('.') {
        return Err(problem(keys.missing_section()));
    }
    insert(root, &path, origin.clone(), node)
        .map_err(|part| problem(format!("`{part}` is not a section")))
}

/// Puts `node` under the dotted key `path`, written at `origin`; missing sections are added.
///
/// # Errors
/// The part of the path that has a value and is no section.
pub fn insert(root: &mut Table, path: &str, origin: Origin, node: Node) -> Result<(), String> {
    let mut table = root;
    let mut parts = path.split('.').peekable();
    while let Some(part) = parts.next() {
        if parts.peek().is_none() {
            if let Some(entry) = table.get_mut(part) {
                *entry = (origin, node);
            } else {
                table.insert(part.to_owned(), (origin, node));
            }
            return Ok(());
        }
        if !table.contains_key(part) {
            let empty = Node { value: Value::Table(Table::new()), origin: origin.clone() };
            table.insert(part.to_owned(), (origin.clone(), empty));
        }
        match table.get_mut(part) {
            Some((_, Node { value: Value::Table(inner), .. })) => table = inner,
            _ => return Err(part.to_owned()),
        }
    }
    Ok(())
}

/// The value under the dotted key `path`.
pub fn get<'t>(root: &'t Table, path: &str) -> Option<&'t Node> {
    let (first, rest) = path.split_once('.').map_or((path, None), |(a, b)| (a, Some(b)));
    let (_, node) = root.get(first)?;
    match (rest, &node.value) {
        (None, _) => Some(node),
        (Some(rest), Value::Table(inner)) => get(inner, rest),
        (Some(_), _) => None,
    }
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

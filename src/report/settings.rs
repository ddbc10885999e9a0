//! The configuration as lines of dotted keys.

use serde_json::{Value, json};

use super::content::Content;
use crate::process::Algorithm;
use crate::text::number;

/// A key and its value, as a configuration file would have them.
pub type Line = (String, String);

/// The settings of all runs, the measurements, and the axes of the sweep.
pub fn settings(content: &Content) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(record) = content.records().next() {
        flatten("data", &json!(record.spec.data), &mut lines);
    }
    for (section, value) in content.settings.iter().flat_map(Value::as_object).flatten() {
        // What identifies the data and the format belongs to the provenance.
        if !["data", "format"].contains(&section.as_str()) {
            flatten(section, value, &mut lines);
        }
    }
    if let Some(record) = content.records().next() {
        flatten("analysis", &json!(record.spec.analysis), &mut lines);
    }
    lines.push(("sweep.learning_rate".to_owned(), axis(&content.learning_rates())));
    lines.push(("sweep.batch_size".to_owned(), list(&content.batch_sizes())));
    let algorithms: Vec<_> = content.algorithms().into_iter().map(Algorithm::name).collect();
    lines.push(("sweep.algorithm".to_owned(), list(&algorithms)));
    lines.push(("sweep.seed".to_owned(), list(&content.seeds())));
    lines
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<Line>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(&format!("{path}.{key}"), value, lines);
            }
        }
        // Lists as a configuration file has them, with spaces.
        Value::Array(items) => lines.push((path.to_owned(), list(items))),
        _ => lines.push((path.to_owned(), value.to_string())),
    }
}

/// A long axis by its length and its ends.
fn axis(values: &[f64]) -> String {
    match values {
        [first, .., last] if values.len() > 8 => {
            format!("{} values from {} to {}", values.len(), number(*first), number(*last))
        }
        _ => list(values),
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    format!("[{}]", items.join(", "))
}

//! The configuration as lines of dotted keys.

use serde_json::{Value, json};

use super::data::ReportData;
use crate::process::Algorithm;
use crate::text::number;

/// A key and its value, as in a configuration file.
pub type Line = (String, String);

/// The settings of all runs, the measurements, and the axes of the sweep.
pub fn settings(data: &ReportData) -> Vec<Line> {
    let mut lines = Vec::new();
    if let Some(record) = data.records().next() {
        flatten("data", &json!(record.spec.data), &mut lines);
    }
    for (section, value) in data.settings.iter().flat_map(Value::as_object).flatten() {
        // The identity of the data and the format are part of the provenance.
        if !["data", "format"].contains(&section.as_str()) {
            flatten(section, value, &mut lines);
        }
    }
    if let Some(record) = data.records().next() {
        flatten("analysis", &json!(record.spec.analysis), &mut lines);
    }
    lines.retain(|(key, _)| !data.further_axes.contains(key));
    for key in &data.further_axes {
        lines.push((format!("sweep.\"{key}\""), list(&data.values(key))));
    }
    lines.push(("sweep.learning_rate".to_owned(), axis(&data.learning_rates())));
    lines.push(("sweep.batch_size".to_owned(), list(&data.batch_sizes())));
    let algorithms: Vec<_> = data.algorithms().into_iter().map(Algorithm::name).collect();
    lines.push(("sweep.algorithm".to_owned(), list(&algorithms)));
    lines.push(("sweep.seed".to_owned(), list(&data.seeds())));
    lines
}

fn flatten(path: &str, value: &Value, lines: &mut Vec<Line>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                flatten(&format!("{path}.{key}"), value, lines);
            }
        }
        // As in a configuration file, with spaces.
        Value::Array(items) => lines.push((path.to_owned(), list(items))),
        _ => lines.push((path.to_owned(), value.to_string())),
    }
}

/// The values of an axis; a long one as its length and ends.
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

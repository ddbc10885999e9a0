//! Differences between two sets of settings.

use std::collections::BTreeSet;

use serde_json::Value;

/// Every dotted key at which the values of `found` and `wanted` differ, with both values, in order; null
/// for a missing key.
pub(crate) fn differences<'v>(
    found: &'v Value,
    wanted: &'v Value,
) -> Vec<(String, &'v Value, &'v Value)> {
    let mut all = Vec::new();
    collect("", found, wanted, &mut all);
    all
}

fn collect<'v>(
    path: &str,
    found: &'v Value,
    wanted: &'v Value,
    all: &mut Vec<(String, &'v Value, &'v Value)>,
) {
    if let (Value::Object(a), Value::Object(b)) = (found, wanted) {
        for key in a.keys().chain(b.keys()).collect::<BTreeSet<_>>() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            collect(&path, &found[key], &wanted[key], all);
        }
    } else if found != wanted {
        all.push((path.to_owned(), found, wanted));
    }
}

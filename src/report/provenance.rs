//! Where the results come from.

use std::collections::BTreeMap;

use super::content::Content;
use crate::record::{GIT_COMMIT, Record, VERSION};
use crate::text::duration;

/// A heading and what is told below it.
pub type Line = (&'static str, Vec<String>);

/// Who computed the results, with what and when, and who wrote the report.
pub fn provenance(content: &Content, written: &str) -> Vec<Line> {
    let distinct = |of: fn(&Record) -> String| distinct(content, of);
    let train: f64 = content.records().map(|record| record.train_seconds).sum();
    let analysis: f64 = content.records().map(|record| record.analysis_seconds).sum();
    let mut lines = vec![
        ("program", distinct(|r| version(&r.provenance.version, &r.provenance.git_commit))),
        (
            "engine",
            distinct(|r| format!("{}, backend {}", r.spec.engine.name(), r.spec.backend.name())),
        ),
        ("host", distinct(|r| r.provenance.host.clone())),
        ("device", distinct(|r| r.provenance.device.clone())),
        ("data (BLAKE3)", distinct(|r| r.provenance.data_digest.clone())),
        ("finished", finished(content)),
        ("time", vec![format!("training {}, measuring {}", duration(train), duration(analysis))]),
    ];
    if content.records().next().is_none() {
        lines.clear();
    }
    let report = format!("{written} by {}", version(VERSION, GIT_COMMIT));
    lines.push(("this report", vec![report]));
    lines
}

fn version(version: &str, commit: &str) -> String {
    format!("etastar {version}, commit {commit}")
}

/// Every value once, with the number of its runs if there are several.
fn distinct(content: &Content, of: fn(&Record) -> String) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for record in content.records() {
        *counts.entry(of(record)).or_default() += 1;
    }
    let several = counts.len() > 1;
    let text = |(value, count)| if several { format!("{value} ({count} runs)") } else { value };
    counts.into_iter().map(text).collect()
}

/// RFC 3339 in UTC is ordered as text.
fn finished(content: &Content) -> Vec<String> {
    let times = || content.records().map(|record| record.provenance.finished.as_str());
    match (times().min(), times().max()) {
        (Some(first), Some(last)) if first != last => vec![format!("{first} to {last}")],
        (Some(only), _) => vec![only.to_owned()],
        _ => Vec::new(),
    }
}

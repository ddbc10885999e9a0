//! The provenance of the results.

use std::collections::BTreeMap;

use super::data::ReportData;
use crate::record::{GIT_COMMIT, Record, VERSION};
use crate::text::duration;

/// A heading and the lines below it.
pub type Line = (&'static str, Vec<String>);

/// The program, host, device, data and time of the results, and the program of the report.
pub fn provenance(data: &ReportData, written: &str) -> Vec<Line> {
    let distinct = |of: fn(&Record) -> String| distinct(data, of);
    let train: f64 = data.records().map(|record| record.train_seconds).sum();
    let analysis: f64 = data.records().map(|record| record.analysis_seconds).sum();
    let mut lines = vec![
        ("program", distinct(|r| version(&r.provenance.version, &r.provenance.git_commit))),
        (
            "engine",
            distinct(|r| format!("{}, backend {}", r.spec.engine.name(), r.spec.backend.name())),
        ),
        ("host", distinct(|r| r.provenance.host.clone())),
        ("device", distinct(|r| r.provenance.device.clone())),
        ("data (BLAKE3)", distinct(|r| r.provenance.data_digest.clone())),
        ("finished", finished(data)),
        ("time", vec![format!("training {}, measuring {}", duration(train), duration(analysis))]),
    ];
    if data.records().next().is_none() {
        lines.clear();
    }
    let report = format!("{written} by {}", version(VERSION, GIT_COMMIT));
    lines.push(("this report", vec![report]));
    lines
}

fn version(version: &str, commit: &str) -> String {
    format!("etastar {version}, commit {commit}")
}

/// Every value once, with the number of its runs if there are several values.
fn distinct(data: &ReportData, of: fn(&Record) -> String) -> Vec<String> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for record in data.records() {
        *counts.entry(of(record)).or_default() += 1;
    }
    let several = counts.len() > 1;
    let text = |(value, count)| if several { format!("{value} ({count} runs)") } else { value };
    counts.into_iter().map(text).collect()
}

/// The first and last time; RFC 3339 in UTC sorts as text.
fn finished(data: &ReportData) -> Vec<String> {
    let times = || data.records().map(|record| record.provenance.finished.as_str());
    match (times().min(), times().max()) {
        (Some(first), Some(last)) if first != last => vec![format!("{first} to {last}")],
        (Some(only), _) => vec![only.to_owned()],
        _ => Vec::new(),
    }
}

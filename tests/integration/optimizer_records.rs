//! Runs with momentum or weight decay in records, summaries, figures, reports and answers.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use crate::common::config::tiny_config;
use crate::common::program::{etastar, stderr, stdout};
use serde_json::{Value, json};

/// The tensor engine makes every step; simulations that no test here looks at are left out.
const SECTIONS: &str =
    "[run]\nengine = \"tensor\"\n[analysis]\nlyapunov = false\nlyapunov_epoch = false\n";
/// A step size at which momentum 0.9 converges.
const SMALL: &str = "train.learning_rate=0.005";

fn folder_with(sections: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config() + SECTIONS + sections).unwrap();
    folder
}

fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = etastar(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

fn json_of(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn rows(results: &Path) -> Vec<HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(results.join("summary.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn header(results: &Path) -> String {
    fs::read_to_string(results.join("summary.csv")).unwrap().lines().next().unwrap().to_owned()
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A plain run has the same identity and the same files beside runs with momentum as alone; one folder may begin
/// with it.
#[test]
fn momentum_is_an_axis_and_plain_runs_stay_what_they_are() {
    let folder = folder_with("[sweep]\nbatch_size = [1, 4]\n");
    let (root, results) = (folder.path(), folder.path().join("results/x"));
    let sweep = ["sweep", "x.toml", "--quiet", "--set", SMALL];
    succeed(root, &sweep);
    let plain = rows(&results);
    assert!(header(&results).ends_with(",finished"), "{}", header(&results));
    let experiment = fs::read_to_string(results.join("experiment.json")).unwrap();
    assert!(!experiment.contains("momentum"), "{experiment}");
    let record = |row: &HashMap<String, String>| {
        fs::read_to_string(results.join("runs").join(&row["run_id"]).join("record.json")).unwrap()
    };
    let records: Vec<String> = plain.iter().map(record).collect();
    let known = ["momentum", "nesterov", "weight_decay", "decoupled"];
    assert!(records.iter().all(|text| known.iter().all(|key| !text.contains(key))));

    // Runs with momentum do not belong there unless momentum is an axis.
    let other = etastar(root, &[&sweep[..], &["--set", "train.momentum=0.9"]].concat());
    assert_eq!(other.status.code(), Some(2));
    let fault = "train.momentum is 0.0 there and 0.9 here";
    assert!(words(&stderr(&other)).contains(fault), "{}", stderr(&other));
    succeed(root, &[&sweep[..], &["--set", "sweep.train.momentum=0,0.9"]].concat());
    assert!(header(&results).ends_with(",finished,train.momentum"), "{}", header(&results));
    let all = rows(&results);
    assert_eq!(all.len(), 4);
    for (row, text) in plain.iter().zip(&records) {
        let same = all.iter().find(|other| other["run_id"] == row["run_id"]).unwrap();
        assert_eq!((same["train.momentum"].as_str(), &record(same)), ("0.0", text));
    }
    let planned = json_of(&results.join("plan.json"));
    let momenta: Vec<&Value> =
        planned.as_array().unwrap().iter().map(|run| &run["settings"]["train.momentum"]).collect();
    assert_eq!(momenta, [&json!(0.0), &json!(0.0), &json!(0.9), &json!(0.9)]);

    for row in all.iter().filter(|row| row["train.momentum"] == "0.9") {
        let number = |column: &str| row[column].parse::<f64>().unwrap();
        assert_eq!(number("two_over_eta"), 2.0 / 0.005);
        let eta_mean = 2.0 * 1.9 / number("sharpness_gn");
        assert!((number("eta_mean") / eta_mean - 1.0).abs() < 1e-12);
        let exact = number("generalized_sharpness");
        assert!((number("eta_var") * exact / 2.0 - 1.0).abs() < 1e-12);
        // Between the bounds that λ_max alone and the whole spectrum give.
        assert!(exact * (1.0 + 1e-9) >= number("sharpness_gn") / 1.9);
        assert!(number("bound_17") <= number("bound_27") && number("bound_18") <= exact);
    }
    let html = {
        succeed(root, &["report", "results/x", "-o", "report.html"]);
        fs::read_to_string(root.join("report.html")).unwrap()
    };
    for text in ["heavy ball, m = 0.9", "plain SGD", "full-batch edge", "2(1 + m)/η"] {
        assert!(html.contains(text), "{text}");
    }
    let svg = fs::read_to_string(results.join("figures/figure1a_sharpness.svg"));
    // Few of these runs may have converged; a panel names its momentum.
    if let Ok(svg) = svg {
        assert!(svg.contains("0.9"), "{svg}");
    }
}

#[test]
fn every_answer_names_an_optimizer_that_is_not_plain_sgd() {
    let folder = folder_with("");
    let root = folder.path();
    let set = ["--set", SMALL, "--set", "train.momentum=0.9"];
    let plan = succeed(root, &[&["train", "x.toml", "--dry-run"], &set[..]].concat());
    assert!(plan.contains("\noptimizer: heavy ball, m = 0.9\n"), "{plan}");
    let answer = succeed(root, &[&["train", "x.toml"], &set[..]].concat());
    assert!(
        answer.starts_with("SGD (heavy ball, m = 0.9) with shuffled epochs at η = "),
        "{answer}"
    );
    for text in [
        "η = 0.005000, B = 2, heavy ball, m = 0.9",
        "2(1 + m)/η: edge of λ_max",
        "generalized sharpness at the edge",
        "760.0",
    ] {
        assert!(answer.contains(text), "{text} in {answer}");
    }
    let again = etastar(root, &[&["train", "x.toml"], &set[..]].concat());
    let status = succeed(root, &["status", "results/x"]);
    assert!(status.contains("\n  optimizer: heavy ball, m = 0.9\n"), "{status}");
    assert!(header(&root.join("results/x")).ends_with(",finished,train.momentum"));
    for text in [plan, answer, status, stderr(&again)] {
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    let plain = succeed(root, &["train", "x.toml", "--set", "run.results=plain"]);
    assert!(
        plain.starts_with("SGD with ") && plain.contains("λ_max at the edge of full-batch"),
        "{plain}"
    );
    assert!(!succeed(root, &["status", "plain"]).contains("optimizer"));
}

/// The loss stays above 0, so that the tolerance of plain SGD is not reached.
#[test]
fn with_weight_decay_the_answer_says_what_stable_means() {
    let folder = folder_with("");
    let set = ["--set", "train.weight_decay=0.01", "--set", "train.max_epochs=400"];
    let text = words(&succeed(folder.path(), &[&["train", "x.toml"], &set[..]].concat()));
    assert!(text.starts_with("SGD (weight decay 0.01) with shuffled epochs"), "{text}");
    assert!(text.contains("With weight decay the minimum does not interpolate"), "{text}");
    assert!(text.contains("train.tolerance has to be above the loss at which it stays"), "{text}");
    assert!(text.contains("2/η − w"), "{text}");
    let loose = [&set[..], &["--set", "train.tolerance=0.1"]].concat();
    let text = words(&succeed(
        folder.path(),
        &[&["train", "x.toml", "--set", "run.results=y"], &loose[..]].concat(),
    ));
    assert!(text.contains(" converged after ") && !text.contains("train.tolerance"), "{text}");
}

#[test]
fn a_record_with_settings_that_are_no_optimizer_is_damaged() {
    let folder = folder_with("");
    let root = folder.path();
    succeed(root, &["train", "x.toml", "--set", SMALL, "--set", "train.momentum=0.9"]);
    let run = fs::read_dir(root.join("results/x/runs")).unwrap().next().unwrap().unwrap().path();
    let path = run.join("record.json");
    let text = fs::read_to_string(&path).unwrap();
    let damaged = text.replace("\"momentum\": 0.9", "\"momentum\": 1.9");
    assert_ne!(text, damaged);
    fs::write(&path, damaged).unwrap();
    let status = words(&succeed(root, &["status", "results/x"]));
    assert!(status.contains("1 failed"), "{status}");
    assert!(status.contains("momentum must be at least 0 and less than 1, not 1.9"), "{status}");
}

//! Any key may be an axis of a sweep, and one results folder holds the runs of all axes.

use std::fs;
use std::path::Path;

use crate::common::config::{tiny_config, tiny_grid};
use crate::common::program::{etastar, stderr, stdout};
use etastar::record::RunPlan;
use etastar::store::Store;
use serde_json::Value;

/// Measurements that take long and that no test here looks at.
const QUICK: &str = "[analysis]\nlyapunov = false\nlyapunov_epoch = false\nthresholds = false\n";

fn folder_with(sections: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config() + QUICK + sections).unwrap();
    folder
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn rows(folder: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join("results/x/summary.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let output = etastar(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    stdout(&output)
}

#[test]
fn networks_data_and_step_sizes_are_swept_into_one_folder() {
    let folder = folder_with(
        "[sweep]\n\"model.hidden\" = [[8], [24]]\ndata.label_noise = { linear = [0, 0.5], points = 2 }\n\
         learning_rate = [0.04, 0.05]\n",
    );
    let root = folder.path();
    succeed(root, &["sweep", "x.toml", "--quiet"]);
    let results = root.join("results/x");
    let experiment = json(&results.join("experiment.json"));
    assert_eq!(experiment["axes"][0]["key"], "model.hidden");
    assert_eq!(experiment["axes"][1]["values"], serde_json::json!([0.0, 0.5]));
    assert!(experiment["model"].get("hidden").is_none(), "{experiment}");
    assert_eq!(experiment["data"]["samples_per_class"], 6);
    let rows = rows(root);
    assert_eq!(rows.len(), 8);
    let header = fs::read_to_string(results.join("summary.csv")).unwrap();
    assert!(header.lines().next().unwrap().ends_with(",finished,model.hidden,data.label_noise"));
    for row in &rows {
        let record = json(&results.join("runs").join(&row["run_id"]).join("record.json"));
        let spec = &record["spec"];
        let width = spec["model"]["hidden"][0].as_u64().unwrap();
        assert_eq!(row["model.hidden"], format!("[{width}]"));
        assert_eq!(
            row["data.label_noise"].parse::<f64>().ok(),
            spec["data"]["label_noise"].as_f64()
        );
        // Every run has the data of its settings.
        assert_eq!(record["provenance"]["data_digest"], row["data_digest"].as_str());
    }
    let digest = |noise: &str| {
        let of_noise = rows.iter().filter(|row| row["data.label_noise"] == noise);
        let mut digests: Vec<&str> = of_noise.map(|row| row["data_digest"].as_str()).collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 1);
        digests[0].to_owned()
    };
    assert_ne!(digest("0.0"), digest("0.5"));
    // The same run by itself, in a folder of its own, is the same.
    let alone =
        ["train", "x.toml", "--json", "--set", "run.results=alone", "--set", "model.hidden=8"];
    let set = ["--set", "data.label_noise=0.5", "--set", "train.learning_rate=0.04"];
    let record: Value = serde_json::from_str(&succeed(root, &[&alone[..], &set].concat())).unwrap();
    let same = rows.iter().find(|row| row["run_id"] == record["run_id"].as_str().unwrap()).unwrap();
    assert_eq!(same["final_loss"].parse::<f64>().ok(), record["final_loss"].as_f64());
    let plan = succeed(root, &["sweep", "x.toml", "--dry-run"]);
    assert!(plan.contains("8 runs, 8 finished") && plan.contains("784-8-2"), "{plan}");
    assert!(plan.contains("model.hidden  data.label_noise"), "{plan}");
}

#[test]
fn a_folder_gets_another_axis_without_training_again_and_keeps_other_experiments_out() {
    let folder = folder_with("[sweep]\nlearning_rate = [0.04, 0.05]\n");
    let root = folder.path();
    succeed(root, &["sweep", "x.toml", "--quiet"]);
    let narrow = fs::read(root.join("results/x/summary.csv")).unwrap();
    let wider = ["sweep", "x.toml", "--set", "sweep.model.hidden=24,8", "--json"];
    let plan: Value =
        serde_json::from_str(&succeed(root, &[&wider[..], &["--dry-run"]].concat())).unwrap();
    let finished = plan["runs"].as_array().unwrap().iter().filter(|run| run["finished"] == true);
    assert_eq!(finished.count(), 2);
    assert_eq!(fs::read(root.join("results/x/summary.csv")).unwrap(), narrow);
    succeed(root, &wider);
    let widths: Vec<String> =
        rows(root).into_iter().map(|row| row["model.hidden"].clone()).collect();
    assert_eq!(widths.iter().filter(|width| *width == "[24]").count(), 2);
    assert_eq!(widths.len(), 4);
    let planned = json(&root.join("results/x/plan.json"));
    assert_eq!(planned[0]["settings"]["model.hidden"], serde_json::json!([24]));
    // The width may differ in this folder now, the loss and the data may not.
    succeed(root, &["sweep", "x.toml", "--quiet", "--set", "model.hidden=8"]);
    for other in ["loss.factor=0.5", "sweep.data.label_noise=0.4,0.5", "data.classes=2,3"] {
        let output = etastar(root, &["sweep", "x.toml", "--set", other]);
        assert_eq!(output.status.code(), Some(2), "{other}");
        assert!(
            stderr(&output).contains("holds another experiment"),
            "{other}: {}",
            stderr(&output)
        );
    }
}

#[test]
fn equal_runs_of_two_values_are_refused_by_name() {
    let folder = folder_with("[sweep]\n\"data.draw_seed\" = [1, 2]\n");
    let output = etastar(folder.path(), &["sweep", "x.toml"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("data.draw_seed = 1 and with data.draw_seed = 2"), "{text}");
    assert!(!folder.path().join("results").exists());
}

#[test]
fn a_run_at_a_step_size_of_other_last_digits_keeps_its_identity() {
    let range = "[sweep]\nlearning_rate = { log10 = [-1.6, -1.2], points = 5 }\n";
    // The formula of earlier versions.
    let earlier: Vec<f64> = (0..5).map(|k| 10_f64.powf(-1.6 + 0.4 / 4.0 * f64::from(k))).collect();
    let grid = tiny_grid(range, &[]);
    let rates: Vec<f64> = grid.runs.iter().map(|run| run.spec.train.learning_rate).collect();
    let moved = rates.iter().zip(&earlier).filter(|(now, before)| now != before).count();
    assert!(moved > 0, "this range has the same points in both versions");
    let folder = folder_with(range);
    let root = folder.path();
    let list = format!("sweep.learning_rate={earlier:?}");
    succeed(root, &["sweep", "x.toml", "--quiet", "--set", &list]);
    let before = fs::read_to_string(root.join("results/x/plan.json")).unwrap();
    let again = succeed(root, &["sweep", "x.toml", "--dry-run"]);
    assert!(again.contains("5 runs, 5 finished"), "{again}");
    succeed(root, &["sweep", "x.toml", "--quiet"]);
    assert_eq!(fs::read_to_string(root.join("results/x/plan.json")).unwrap(), before);
    // A step size that is listed is taken as it is.
    let exact = format!("sweep.learning_rate={rates:?}");
    let listed = succeed(root, &["sweep", "x.toml", "--dry-run", "--set", &exact]);
    assert!(listed.contains(&format!("5 runs, {} finished", 5 - moved)), "{listed}");
}

#[test]
fn ranges_that_share_points_share_runs() {
    let store = Store::open(Path::new("nowhere"));
    let plan = |range: &str| {
        let grid = tiny_grid(&format!("[sweep]\nlearning_rate = {range}\n"), &[]);
        RunPlan::of_grid(&store, &grid).unwrap().runs
    };
    let few = plan("{ log10 = [-3, 0], points = 31 }");
    let many = plan("{ log10 = [-4, 0], points = 41 }");
    let shared = few.iter().filter(|run| many.iter().any(|other| other.id == run.id));
    assert_eq!((few.len(), many.len(), shared.count()), (31, 41, 31));
}

#[test]
fn a_run_by_itself_stays_out_of_the_sweeps_summary() {
    let folder = folder_with("[sweep]\nlearning_rate = [0.04, 0.05]\n");
    let root = folder.path();
    let dry = succeed(root, &["train", "x.toml", "--dry-run"]);
    assert!(dry.contains("1 run, 0 finished") && !root.join("results").exists(), "{dry}");
    succeed(root, &["train", "x.toml", "--quiet", "--set", "train.learning_rate=0.045"]);
    assert_eq!(rows(root).len(), 1);
    succeed(root, &["sweep", "x.toml", "--quiet"]);
    let rates = |rows: Vec<std::collections::HashMap<String, String>>| -> Vec<String> {
        rows.into_iter().map(|row| row["learning_rate"].clone()).collect()
    };
    assert_eq!(rates(rows(root)), ["0.04", "0.05"]);
    succeed(root, &["train", "x.toml", "--quiet", "--set", "train.learning_rate=0.046"]);
    let status = succeed(root, &["status", "results/x"]);
    assert!(status.contains("4 of 4 runs done"), "{status}");
    assert_eq!(rates(rows(root)), ["0.04", "0.05"]);
    // A sweep that asks for it makes it one of its own.
    succeed(root, &["sweep", "x.toml", "--quiet", "--set", "sweep.learning_rate=0.045"]);
    assert_eq!(rates(rows(root)), ["0.04", "0.045", "0.05"]);
}

#[test]
fn with_fail_fast_the_first_failure_ends_the_sweep_and_keeps_what_is_done() {
    let folder =
        folder_with("[sweep]\nlearning_rate = [0.03, 0.04, 0.05, 0.06]\n[run]\nworkers = 1\n");
    let root = folder.path();
    let plan = succeed(root, &["sweep", "x.toml", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_str(&plan).unwrap();
    let second = plan["runs"][1]["run_id"].as_str().unwrap();
    // A folder where the second run's history should go.
    let obstacle = root.join("results/x/runs").join(second).join("history.csv/in-the-way");
    fs::create_dir_all(&obstacle).unwrap();
    let output = etastar(root, &["sweep", "x.toml", "--fail-fast"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("stopped at the first failure") && text.contains("1 of 4 runs"),
        "{text}"
    );
    assert_eq!(rows(root).len(), 1);
    let output = etastar(root, &["sweep", "x.toml"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(rows(root).len(), 3);
}

#[test]
fn the_network_of_a_saved_minimum_cannot_be_overridden() {
    let folder = folder_with("");
    let root = folder.path();
    let record: Value =
        serde_json::from_str(&succeed(root, &["train", "x.toml", "--json"])).unwrap();
    let id = record["run_id"].as_str().unwrap();
    let minimum = format!("results/x/runs/{id}/minimum.safetensors");
    let output = etastar(root, &["analyze", &minimum, "--set", "model.hidden=[7]"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        stderr(&output).contains("--set model.hidden=[7] has no meaning"),
        "{}",
        stderr(&output)
    );
}

/// Rows of runs must not mix networks, losses or data sets.
#[test]
fn runs_trained_at_once_have_their_own_network_and_data() {
    let sections = "[sweep]\n\"model.hidden\" = [[8], [24]]\n\"data.label_noise\" = [0, 0.5]\n\
                    learning_rate = [0.04, 0.05]\n\"loss.factor\" = [1, 0.5]\n\
                    [run]\nengine = \"tensor\"\n";
    let folder = folder_with(sections);
    let root = folder.path();
    succeed(root, &["sweep", "x.toml", "--quiet", "--set", "run.batched_runs=4"]);
    let alone = ["--set", "run.batched_runs=1", "--set", "run.results=results/alone"];
    succeed(root, &[&["sweep", "x.toml", "--quiet"], &alone[..]].concat());
    let rows = rows(root);
    assert_eq!(rows.len(), 16);
    for row in rows {
        let read = |results: &str| {
            json(&root.join(results).join("runs").join(&row["run_id"]).join("record.json"))
        };
        let (together, alone) = (read("results/x"), read("results/alone"));
        let sharpness = |record: &Value| record["analysis"]["sharpness_gn"].as_f64().unwrap();
        let (a, b) = (sharpness(&together), sharpness(&alone));
        assert!((a - b).abs() < 1e-2 * b, "{}: {a} and {b}", row["run_id"]);
    }
}

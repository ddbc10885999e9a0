//! `etastar probe`: the true SGD around a minimum, against the thresholds of its linearisation.

mod common;

use std::fs;
use std::path::Path;

use common::config::tiny_config;
use common::program::{etastar, stderr, stdout};
use serde_json::Value;

fn minimum(folder: &Path, overrides: &[&str]) -> String {
    fs::write(folder.join("x.toml"), tiny_config()).unwrap();
    let sets = overrides.iter().flat_map(|set| ["--set", set]);
    let train =
        etastar(folder, &[&["train", "x.toml", "--json"][..], &sets.collect::<Vec<_>>()].concat());
    assert!(train.status.success(), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    format!("results/x/runs/{}/minimum.safetensors", record["run_id"].as_str().unwrap())
}

fn stays(run: &Value) -> bool {
    run["stays"].as_bool().unwrap()
}

#[test]
fn sgd_stays_below_the_mean_square_threshold_and_leaves_above_the_almost_sure_one() {
    // Two hidden layers: the tensor engine follows them.
    for (hidden, shuffle) in
        [("model.hidden=[12]", false), ("model.hidden=[10, 8]", false), ("model.hidden=[12]", true)]
    {
        let folder = tempfile::tempdir().unwrap();
        let minimum = minimum(folder.path(), &[hidden]);
        let options = [
            "--json",
            "--points",
            "6",
            "--repeats",
            "3",
            "--epochs",
            "60",
            "--perturbation",
            "1e-3",
        ];
        let shuffle = if shuffle { &["--shuffle"][..] } else { &[] };
        let probe = [&["probe", &minimum][..], &options, shuffle].concat();
        let probe = etastar(folder.path(), &probe);
        assert!(probe.status.success(), "{}", stderr(&probe));
        let answer: Value = serde_json::from_slice(&probe.stdout).unwrap();
        let (eta_var, eta_as) =
            (answer["eta_var"].as_f64().unwrap(), answer["eta_as"]["high"].as_f64().unwrap());
        let of_epochs = answer["eta_var_epoch"]["value"].as_f64();
        assert_eq!(of_epochs.is_some(), !shuffle.is_empty());
        assert!(of_epochs.is_none_or(|edge| edge < eta_as), "{of_epochs:?} {eta_as}");
        let runs = answer["runs"].as_array().unwrap();
        assert_eq!(runs.len(), 18);
        let rate = |run: &&Value| run["learning_rate"].as_f64().unwrap();
        let below: Vec<&Value> = runs.iter().filter(|run| rate(run) < 0.7 * eta_var).collect();
        let above: Vec<&Value> = runs.iter().filter(|run| rate(run) > 1.7 * eta_as).collect();
        assert!(!below.is_empty() && below.iter().all(|run| stays(run)), "{below:?}");
        assert!(!above.is_empty() && above.iter().all(|run| !stays(run)), "{above:?}");
        let csv = fs::read_to_string(folder.path().join(answer["csv"].as_str().unwrap())).unwrap();
        assert_eq!(csv.lines().count(), 19);
    }
}

#[test]
fn a_probe_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    let arguments = ["probe", &minimum, "--points", "2", "--repeats", "1", "--epochs", "1"];
    let first = etastar(folder.path(), &arguments);
    assert!(first.status.success(), "{}", stderr(&first));
    assert!(stdout(&first).contains("η*_var"));
    let again = etastar(folder.path(), &arguments);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("probe.csv exists; choose another folder with --out"));
}

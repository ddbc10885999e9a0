//! `etastar probe`: the true SGD around a minimum, against the thresholds of its linearisation.

use std::fs;
use std::path::Path;

use crate::common::config::tiny_config;
use crate::common::program::{etastar, stderr, stdout};
use etastar::figures::{FigureOutcome, draw_probe};
use etastar::net::minimum::{SavedWeights, read, to_bytes};
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

/// The same file with all weights 0.
fn emptied(folder: &Path, minimum: &str) {
    let SavedWeights { mut weights, origin, .. } = read(&folder.join(minimum)).unwrap();
    for layer in &mut weights.layers {
        layer.weight.fill(0.0);
        layer.bias.fill(0.0);
    }
    let bytes = to_bytes(&weights, &origin.unwrap()).unwrap();
    fs::write(folder.join("zero.safetensors"), bytes).unwrap();
}

#[test]
fn what_cannot_be_probed_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    emptied(folder.path(), &minimum);
    for (minimum, options, words) in [
        (minimum.as_str(), &["--batch-size", "13"][..], "batch size 13 is outside 1..=12"),
        (&minimum, &["--batch-size", "0"], "batch size 0 is outside 1..=12"),
        (&minimum, &["--perturbation", "1e-30"], "single precision cannot see"),
        (&minimum, &["--perturbation", "1e-8"], "single precision cannot see"),
        ("zero.safetensors", &[], "all weights are 0"),
    ] {
        let output =
            etastar(folder.path(), &[&["probe", minimum, "-o", "out"][..], options].concat());
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{options:?}: {said}");
        assert!(said.contains(words) && !said.contains("thresholds of"), "{options:?}: {said}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn runs_without_a_place_on_the_axis_are_left_out_of_the_figure() {
    let folder = tempfile::tempdir().unwrap();
    let csv = folder.path().join("probe.csv");
    let draw = |lines: [&str; 3]| {
        let head = "learning_rate,batch_size,eta_var,initial_distance,final_distance,outcome";
        fs::write(&csv, [&[head][..], &lines].concat().join("\n")).unwrap();
        draw_probe(&csv, folder.path()).unwrap()
    };
    let (figure, left_out) =
        draw(["0.1,4,0.2,1,0,stays", "0.2,4,0.2,1,,leaves", "0.3,4,0.2,1,2,stays"]);
    assert!(matches!(figure, FigureOutcome::Drawn { .. }));
    assert!(left_out.unwrap().contains("2 of 3 runs"));
    let svg = fs::read_to_string(folder.path().join("probe.svg")).unwrap();
    assert!(svg.contains("Left out: 2 of 3"), "{svg}");
    let (_, left_out) = draw(["0.1,4,0.2,0,1,stays"; 3]);
    assert!(left_out.unwrap().contains("3 of 3 runs"));
}

#[test]
fn a_figure_that_cannot_be_written_does_not_lose_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    // A folder cannot be replaced by a file, whoever tries.
    fs::create_dir_all(folder.path().join("out/probe.svg/full")).unwrap();
    let arguments = ["probe", &minimum, "-o", "out", "--points", "2", "--repeats", "1"];
    let output = etastar(folder.path(), &[&arguments[..], &["--epochs", "1"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).ends_with("out/probe.csv\n"), "{}", stdout(&output));
    assert!(stderr(&output).contains("cannot write out/probe.svg"), "{}", stderr(&output));
}

/// A panic of the linear algebra once, with nothing said.
#[test]
fn data_that_do_not_fit_the_network_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    for (command, change) in
        [("probe", "data.pool=4"), ("stationary", "data.pool=4"), ("analyze", "data.classes=[0]")]
    {
        let output = etastar(folder.path(), &[command, &minimum, "--set", change]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{command}: {said}");
        assert!(said.contains("does not fit the data"), "{command}: {said}");
    }
}

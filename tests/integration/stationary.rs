//! `etastar stationary`: SGD around a minimum that does not interpolate, against Corollary 13.

use std::fs;
use std::path::Path;

use crate::common::config::{parse_tiny, tiny_config};
use crate::common::program::{etastar, stderr, stdout};
use etastar::config::{Config, single_run};
use etastar::curvature::{Pass, gradient, mean_squared_gradient};
use etastar::data::Dataset;
use etastar::loss::Loss;
use etastar::net::{Widths, initial};
use faer::Par;
use serde_json::{Value, json};

/// Gradient descent on 64 small digits, a fifth of them with a wrong label, in a linear network.
const NOISY: [&str; 10] = [
    "data.classes=[0, 1, 2, 3]",
    "data.samples_per_class=16",
    "data.pool=7",
    "data.label_noise=0.2",
    "model.hidden=[]",
    "model.init_factor=1",
    "train.learning_rate=0.02",
    "train.batch_size=64",
    "train.warmup.epochs=0",
    "analysis.thresholds=false",
];

fn config(overrides: &[&str]) -> Config {
    parse_tiny("", &[&NOISY, overrides].concat())
}

fn minimum(folder: &Path, overrides: &[&str]) -> String {
    fs::write(folder.join("x.toml"), tiny_config()).unwrap();
    let sets = NOISY.iter().chain(overrides).flat_map(|set| ["--set", set]);
    let train =
        etastar(folder, &[&["train", "x.toml", "--json"][..], &sets.collect::<Vec<_>>()].concat());
    assert!(train.status.success(), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    format!("results/x/runs/{}/minimum.safetensors", record["run_id"].as_str().unwrap())
}

fn refused(folder: &Path, arguments: &[&str], words: &str) {
    let output = etastar(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains(words), "{}", stderr(&output));
}

#[test]
fn a_linear_network_hovers_where_the_corollary_says() {
    // Its loss is a parabola, so that the corollary is exact at any step size.
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    let arguments = ["stationary", &minimum, "--json", "--batch-sizes", "8", "--chains", "8"];
    let options = ["--fractions", "0.1,0.4", "--steps", "16000"];
    let output = etastar(folder.path(), &[&arguments[..], &options].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let points = answer["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    for point in points {
        let part = |key: &str| point["theory"][key].as_f64().unwrap();
        let parts = ["distance", "loss_gap", "gradient_squared"]
            .map(|quantity| part(&format!("{quantity}_unsettled")));
        assert!(parts[0] >= parts[1] && parts[1] >= parts[2], "{point}");
        assert_eq!(part("unsettled"), parts[0]);
        for quantity in ["loss_gap", "distance", "gradient_squared"] {
            let theory = point["theory"][quantity].as_f64().unwrap();
            let measured = &point["measured"][quantity];
            let (value, error) =
                (measured["value"].as_f64().unwrap(), measured["error"].as_f64().unwrap());
            assert!(error < 0.1 * theory, "{quantity} is too uncertain: {point}");
            assert!((value - theory).abs() < 5.0 * error, "{quantity}: {point}");
        }
    }
    let csv = fs::read_to_string(folder.path().join(answer["csv"].as_str().unwrap())).unwrap();
    assert_eq!(csv.lines().count(), 3);
    refused(folder.path(), &["stationary", &minimum], "stationary.csv exists; choose another");
}

#[test]
fn the_images_of_several_labels_are_fitted_to_their_mean() {
    let folder = tempfile::tempdir().unwrap();
    let copies = ["data.copies=4", "data.samples_per_class=4", "model.hidden=[12]"];
    let minimum = minimum(folder.path(), &copies);
    let short = ["--batch-sizes", "16", "--fractions", "0.01", "--steps", "400"];
    let output =
        etastar(folder.path(), &[&["stationary", &minimum, "--json"][..], &short].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let data = Dataset::load(&config(&copies).data).unwrap();
    // L* = (1/n) Σ ‖y − mean of the four y of the same image‖².
    let image = |rows: &[f32]| -> f64 {
        let mean = |k: usize| rows.iter().skip(k).step_by(4).sum::<f32>() / 4.0;
        rows.iter().enumerate().map(|(i, y)| f64::from(y - mean(i % 4)).powi(2)).sum()
    };
    let best = data.targets.chunks(16).map(image).sum::<f64>() / 64.0;
    let reached = answer["loss"].as_f64().unwrap();
    assert!((reached / best - 1.0).abs() < 1e-6, "{reached} {best}");
    assert!(answer["noise_in_null_space"].as_f64().unwrap() < 1e-6);
    let elsewhere = [&["stationary", &minimum, "--out", "again"][..], &short].concat();
    let table = stdout(&etastar(folder.path(), &elsewhere));
    assert!(table.contains("ratio") && table.contains("again/stationary.png"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
}

/// No cell is a number that is none.
fn check_cells(csv: &str) {
    for cell in csv.lines().skip(1).flat_map(|line| line.split(',')) {
        let number: Result<f64, _> = cell.parse();
        assert!(number.is_ok_and(f64::is_finite) || ["", "uniform"].contains(&cell), "{csv}");
    }
}

#[test]
fn a_full_batch_hovers_nowhere_and_is_answered_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    let arguments = ["stationary", &minimum, "--steps", "200", "--chains", "2"];
    let run = |options: &[&str]| {
        let output = etastar(folder.path(), &[&arguments[..], options].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        output
    };
    let both = run(&["--batch-sizes", "1,64", "--fractions", "0.1", "-o", "both"]);
    assert!(stdout(&both).contains("both/stationary.png"), "{}", stdout(&both));
    assert!(stderr(&both).contains("Left out: 1 of 2 points"), "{}", stderr(&both));
    let csv = fs::read_to_string(folder.path().join("both/stationary.csv")).unwrap();
    check_cells(&csv);
    let svg = fs::read_to_string(folder.path().join("both/stationary.svg")).unwrap();
    assert!(svg.contains("Left out: 1 of 2 points") && !svg.contains("64"), "{svg}");

    let full = ["--batch-sizes", "64", "--fractions", "0.1,1e-6", "--json", "-o", "full"];
    let answer: Value = serde_json::from_slice(&run(&full).stdout).unwrap();
    for point in answer["points"].as_array().unwrap() {
        let theory = &point["theory"];
        assert_eq!((&theory["loss_gap"], &theory["unsettled"]), (&json!(0.0), &Value::Null));
        let measured = point["measured"]["loss_gap"]["value"].as_f64().unwrap();
        assert!(measured.abs() < 1e-6 * answer["loss"].as_f64().unwrap(), "{point}");
    }
    assert!(answer["figure"]["skipped"].as_str().unwrap().contains("no loss gap above 0"));
    check_cells(&fs::read_to_string(folder.path().join("full/stationary.csv")).unwrap());
}

#[test]
fn a_disk_that_refuses_the_files_does_not_lose_the_answer() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    let arguments = ["stationary", &minimum, "--steps", "200", "--chains", "2", "-o", "out"];
    // A folder cannot be replaced by a file, whoever tries.
    fs::create_dir_all(folder.path().join("out/stationary.svg/full")).unwrap();
    let output = etastar(folder.path(), &[&arguments[..], &["--batch-sizes", "4"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cannot write out/stationary.svg"), "{}", stderr(&output));
    assert!(stdout(&output).contains("ratio"), "{}", stdout(&output));
    assert!(stdout(&output).ends_with("out/stationary.csv\n"), "{}", stdout(&output));
}

#[test]
fn what_makes_no_sense_is_refused_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let minimum = minimum(folder.path(), &[]);
    for (option, value, words) in [
        ("--batch-sizes", "4,0", "batch size 0 is outside 1..=64"),
        ("--batch-sizes", "65", "batch size 65 is outside 1..=64"),
        ("--fractions", "0.1,0", "--fractions must be"),
        ("--fractions", "1", "--fractions must be"),
        ("--fractions", "1e-300", "--fractions must be"),
        ("--fractions", "NaN", "--fractions must be"),
    ] {
        let arguments = ["stationary", &minimum, "-o", "out", option, value];
        refused(folder.path(), &arguments, words);
        let said = stderr(&etastar(folder.path(), &arguments));
        assert!(!said.contains("Hessians of all samples"), "{said}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn what_has_no_stationary_state_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let fitted = ["data.label_noise=0", "data.samples_per_class=2", "train.batch_size=8"];
    let fitted =
        [&fitted[..], &["model.hidden=[30]", "train.learning_rate=0.1", "train.max_epochs=20000"]]
            .concat();
    let interpolating = minimum(folder.path(), &fitted);
    refused(folder.path(), &["stationary", &interpolating], "the minimum interpolates");
    let large =
        [&fitted[..], &["data.pool=1", "run.results=y", "train.learning_rate=0.02"]].concat();
    let large = minimum(folder.path(), &large).replace("results/x", "y");
    refused(folder.path(), &["stationary", &large], "23674 parameters");
    refused(folder.path(), &["stationary", &large, "--chains", "1"], "--chains must be at least 2");
}

#[test]
fn the_squared_gradients_are_those_of_the_samples() {
    let few = ["model.hidden=[6, 5]", "data.samples_per_class=2", "train.batch_size=8"];
    let spec = single_run(&config(&few)).unwrap();
    let data = Dataset::load(&spec.data).unwrap();
    let widths = Widths::new(data.features, &spec.model.hidden, data.outputs);
    let weights = initial(&widths, &spec.model);
    let squares = |i: usize| {
        let sample = Dataset {
            inputs: data.inputs[i * data.features..][..data.features].to_vec(),
            targets: data.targets[i * data.outputs..][..data.outputs].to_vec(),
            samples: 1,
            ..data.clone()
        };
        let pass = Pass::new(&weights, &sample, Loss::squared(0.7), Par::Seq);
        gradient(&pass).iter().map(|g| g * g).sum::<f64>()
    };
    let expected = (0..data.samples).map(squares).sum::<f64>() / data.samples as f64;
    let found = mean_squared_gradient(&Pass::new(&weights, &data, Loss::squared(0.7), Par::Seq));
    assert!((found / expected - 1.0).abs() < 1e-12, "{found} {expected}");
}

/// Of a linear network with momentum and weight decay, coupled and decoupled: the minimum is that of the loss with its
/// penalty, and the theory that of the optimizer.
#[test]
fn momentum_and_weight_decay_hover_where_their_theory_says() {
    for keys in [
        &["train.momentum=0.5", "train.nesterov=true", "train.weight_decay=0.02"][..],
        &["train.momentum=0.8", "train.weight_decay=0.02", "train.decoupled=true"],
    ] {
        let folder = tempfile::tempdir().unwrap();
        let minimum = minimum(folder.path(), &[]);
        let sets = keys.iter().flat_map(|key| ["--set", key]);
        let arguments = ["stationary", &minimum, "--json", "--batch-sizes", "8", "--chains", "8"];
        let options = ["--fractions", "0.3", "--steps", "16000"];
        let all = [&arguments[..], &options, &sets.collect::<Vec<_>>()].concat();
        let output = etastar(folder.path(), &all);
        assert!(output.status.success(), "{}", stderr(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let point = &answer["points"][0];
        for quantity in ["loss_gap", "gradient_squared", "distance"] {
            let theory = point["theory"][quantity].as_f64().unwrap();
            let measured = &point["measured"][quantity];
            let (value, error) =
                (measured["value"].as_f64().unwrap(), measured["error"].as_f64().unwrap());
            assert!(error < 0.1 * theory, "{keys:?} {quantity} is too uncertain: {point}");
            assert!((value - theory).abs() < 5.0 * error, "{keys:?} {quantity}: {point}");
        }
    }
}

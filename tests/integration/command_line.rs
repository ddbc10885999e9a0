//! The commands as a user meets them, with right and wrong input.

use std::fs;

use crate::common::config::{mnist, tiny_config};
use crate::common::program::{etastar, stderr, stdout};
use serde_json::Value;

#[test]
fn train_and_analyze_agree() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let train = etastar(folder.path(), &["train", "x.toml", "--json"]);
    assert!(train.status.success(), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    assert_eq!(record["stop_reason"], "converged");
    let minimum =
        format!("results/x/runs/{}/minimum.safetensors", record["run_id"].as_str().unwrap());
    let analyze = etastar(folder.path(), &["analyze", &minimum, "--json"]);
    assert!(analyze.status.success(), "{}", stderr(&analyze));
    let answer: Value = serde_json::from_slice(&analyze.stdout).unwrap();
    assert_eq!(answer[0]["analysis"]["sharpness_gn"], record["analysis"]["sharpness_gn"]);
    let table = stdout(&etastar(folder.path(), &["analyze", &minimum]));
    assert!(table.contains("λ_max of H, the Gauss–Newton Hessian"), "{table}");
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");

    let other = ["analyze", &minimum, "--json", "--set", "train.batch_size=1"];
    let other = etastar(folder.path(), &other);
    let other: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!(other[0]["batch_size"], 1);
    assert_eq!(other[0]["analysis"]["sharpness_gn"], record["analysis"]["sharpness_gn"]);
    assert_ne!(other[0]["analysis"]["bound_17"], record["analysis"]["bound_17"]);
    let wrong = etastar(folder.path(), &["analyze", &minimum, "--set", "train.batchsize=1"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("did you mean `batch_size`"), "{}", stderr(&wrong));
}

#[test]
fn overriding_a_key_changes_the_run() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let run = |set: &str| {
        let output = etastar(folder.path(), &["train", "x.toml", "--json", "--set", set]);
        assert!(output.status.success(), "{}", stderr(&output));
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (four, twelve) = (run("train.batch_size=4"), run("train.batch_size=12"));
    assert_eq!(four["spec"]["train"]["batch_size"], 4);
    assert_ne!(four["run_id"], twelve["run_id"]);
}

#[test]
fn a_diverging_run_is_recognised() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let train = etastar(
        folder.path(),
        &[
            "train",
            "x.toml",
            "--json",
            "--set",
            "train.learning_rate=1000",
            "--set",
            "model.hidden=[]",
        ],
    );
    assert_eq!(train.status.code(), Some(1), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    assert_eq!(record["stop_reason"], "diverged");
    assert!(record["epochs"].as_u64().unwrap() < 3000);
    assert!(record["analysis"].is_null());
}

#[test]
fn configuration_errors_come_all_at_once_and_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), "[train]\nlearning_rat = 1\nbatch_size = 0\n").unwrap();
    let output = etastar(folder.path(), &["sweep", "x.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        stderr(&output),
        "error: x.toml has 2 problems\n  \
         line 2, column 1: unknown key `learning_rat` in [train]; did you mean `learning_rate`?\n  \
         line 3, column 14: `train.batch_size` must be 1 or more, found 0\n"
    );
    assert!(!folder.path().join("results").exists());
}

#[test]
fn missing_things_are_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    for (arguments, words) in [
        (&["sweep", "nowhere.toml"][..], "nowhere.toml"),
        (
            &["sweep", "x.toml", "--set", "data.folder=nowhere"],
            "the data folder nowhere has neither",
        ),
        (&["sweep", "x.toml", "--set", "data.samples_per_class=60000"], "samples of class 0"),
        (&["sweep", "x.toml", "--set", "run.backend=gpu"], "\"flex\" or \"ndarray\" or \"wgpu\""),
        (&["status", "nowhere"], "nowhere is not the results folder of a sweep"),
        (&["plot", "nowhere"], "nowhere is not the results folder of a sweep"),
        (&["train", "x.toml", "--set", "batch_size=1"], "name the section too"),
        (&["train", "x.toml", "--set", "model.hidden=[1000000, 1000000]"], "smaller model.hidden"),
    ] {
        let output = etastar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
    }
    let minimum = etastar(folder.path(), &["analyze", "x.toml"]);
    assert_eq!(minimum.status.code(), Some(2));
    assert!(
        stderr(&minimum).contains("x.toml is not a usable safetensors file"),
        "{}",
        stderr(&minimum)
    );
}

#[test]
fn quiet_is_about_progress_and_not_about_failures() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let plan = etastar(folder.path(), &["sweep", "x.toml", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let run =
        folder.path().join("results/x/runs").join(plan["runs"][0]["run_id"].as_str().unwrap());
    // A folder where the run's history should go.
    fs::create_dir_all(run.join("history.csv/in-the-way")).unwrap();
    let output = etastar(folder.path(), &["train", "x.toml", "--quiet"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let said = stderr(&output);
    assert!(said.starts_with("failed: ") && said.lines().count() == 1, "{said}");
}

#[test]
fn keys_of_no_section_can_be_overridden_too() {
    let folder = tempfile::tempdir().unwrap();
    let source = "experiment = \"second_moment\"\n[problem]\nkind = \"low_rank\"\nsamples = 6\nrank = 3\n\
         [sgd]\nbatch_size = [2]\n[second_moment]\nfractions = [0.5]\nparticles = 8\n\
         populations = 2\nsteps = 20\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    let with = |extra: &str| etastar(folder.path(), &["quadratic", "x.toml", "--set", extra]);
    let moved = with("results=elsewhere");
    assert!(moved.status.success(), "{}", stderr(&moved));
    assert!(folder.path().join("elsewhere/second_moment.csv").exists());
    let unknown = with("tail=3");
    assert_eq!(unknown.status.code(), Some(2));
    assert!(stderr(&unknown).contains("only experiment, results, seed are in none"));
}

#[cfg(not(feature = "ndarray"))]
#[test]
fn a_backend_that_was_not_built_says_how_to_build_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let output = etastar(folder.path(), &["train", "x.toml", "--set", "run.backend=ndarray"]);
    assert_eq!(output.status.code(), Some(2));
    let text = stderr(&output);
    assert!(text.contains("--features ndarray") && text.contains("\"flex\" would work"), "{text}");
}

#[test]
fn a_dry_run_prints_the_plan_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let grid = "[sweep]\nlearning_rate = { log10 = [-3, 0], points = 100 }\nbatch_size = [1, 2]\n";
    fs::write(folder.path().join("x.toml"), tiny_config() + grid).unwrap();
    let output = etastar(folder.path(), &["sweep", "x.toml", "--dry-run"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.contains("200 runs") && text.contains("784-24-2") && text.contains("100 values"),
        "{text}"
    );
    assert!(!folder.path().join("results").exists());
}

#[test]
fn damaged_data_files_are_named_with_their_fault() {
    let images = fs::read(mnist().join("train-images-idx3-ubyte.gz")).unwrap();
    let labels = fs::read(mnist().join("train-labels-idx1-ubyte.gz")).unwrap();
    let mut flipped = labels.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xff;
    for (images, labels, file, words) in [
        (&images[..images.len() / 2], &labels[..], "train-images", "cannot read the data file"),
        (&labels[..], &labels[..], "train-images", "labels where images were expected"),
        (&images[..], &images[..], "train-labels", "images where labels were expected"),
        (&images[..], &flipped[..], "train-labels", "train-labels"),
        (&images[..], &b"not gzip"[..], "train-labels", "cannot read the data file"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("mnist");
        fs::create_dir(&data).unwrap();
        fs::write(data.join("train-images-idx3-ubyte.gz"), images).unwrap();
        fs::write(data.join("train-labels-idx1-ubyte.gz"), labels).unwrap();
        fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
        let output = etastar(folder.path(), &["train", "x.toml", "--set", "data.folder=mnist"]);
        assert_eq!(output.status.code(), Some(2));
        let text = stderr(&output);
        assert!(text.contains(file) && text.contains(words), "{text}");
    }
}

#[test]
fn every_configuration_of_the_project_has_a_plan() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(root.join("configs")).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_string_lossy().starts_with("quadratic") {
            etastar::quadratic::QuadraticConfig::load(&path, &[]).unwrap();
            continue;
        }
        let output = etastar(root, &["sweep", path.to_str().unwrap(), "--dry-run"]);
        assert!(output.status.success(), "{}: {}", path.display(), stderr(&output));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("# "), "{} opens with what it shows", path.display());
    }
}

#[test]
fn a_comparison_with_another_network_says_so() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let grid = "sweep.learning_rate={ log10 = [-3, 0], points = 100, every = 54 }";
    let sets = ["--set", grid, "--set", "sweep.batch_size=[2]", "--set", "train.max_epochs=9000"];
    etastar(folder.path(), &[&["sweep", "x.toml"][..], &sets].concat());
    let compare = etastar(folder.path(), &["compare", "results/x"]);
    assert!(compare.status.success(), "{}", stderr(&compare));
    assert!(stderr(&compare).contains("not of the paper's network"), "{}", stderr(&compare));
    assert!(stdout(&compare).contains("figures/comparison.png"));
    let nothing = etastar(folder.path(), &["compare", "results/y"]);
    assert_eq!(nothing.status.code(), Some(2));
}

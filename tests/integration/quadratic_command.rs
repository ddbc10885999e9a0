//! `etastar quadratic` as a user meets it: its configuration, its folder, its figures.

use std::{fs, path::Path};

use crate::common::program::{etastar, stderr, stdout};
use etastar::{
    figures::{FigureOutcome, quadratic::draw_quadratic},
    quadratic::QuadraticConfig,
};

fn config(source: &str) -> QuadraticConfig {
    QuadraticConfig::parse(source, "test.toml", "results/test".into(), &[]).unwrap()
}

#[test]
fn every_shipped_configuration_is_valid() {
    for name in ["phase", "second_moment", "mixture", "stationary", "momentum"] {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("configs/quadratic_{name}.toml"));
        QuadraticConfig::load(&path, &[]).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_problem_of_a_configuration_is_reported_with_its_place() {
    let complaint = |source: &str| {
        QuadraticConfig::parse(source, "test.toml", "results".into(), &[]).unwrap_err().to_string()
    };
    let text = complaint(
        "experiment = \"stationary\"\n[problem]\nsample = 3\n[stationary]\nfractions = [2.0]\n",
    );
    assert!(text.contains("2 problems"), "{text}");
    assert!(text.contains("line 3, column 1: unknown key `sample`"), "{text}");
    assert!(text.contains("line 5, column 14: `stationary.fractions` must be"), "{text}");
    for (source, fault) in [
        ("experiment = \"phases\"", "\"phase_diagram\" or"),
        ("experiment = \"mixture\"\n[sgd]\nbatch_size = [30]", "more than the 20 samples"),
        ("experiment = \"mixture\"\n[problem]\nrank = 30", "needs more than 20 rows"),
        ("experiment = \"stationary\"\n[problem]\ndimension = 3", "below the rank 8"),
        ("experiment = \"second_moment\"\n[problem]\nkind = \"gram\"", "`problem.path` is missing"),
        ("[sgd]\nmomentum = 0.5", "unknown key `momentum`"),
        ("experiment = \"mixture\"\n[sgd]\nnesterov = true", "needs a momentum above 0"),
        ("experiment = \"momentum_diagram\"\n[sgd]\nmomentum = 0.5", "unknown key `momentum`"),
        ("experiment = \"momentum_diagram\"\n[sgd]\nnesterov = true", "needs a momentum above 0"),
        ("[phase_diagram]\nlearning_rate = [1.5]", "from 1e-6 to less than 1, found 1.5 in it"),
        (
            "experiment = \"mixture\"\n[problem]\nkind = \"dexter\"\ncoherence = 21",
            "more than `problem.samples`",
        ),
    ] {
        let text = complaint(source);
        assert!(text.contains(fault), "{source:?} gave {text:?}");
    }
}

#[test]
fn a_value_out_of_range_is_refused_with_its_key_and_place() {
    for (experiment, key, value, expected) in [
        ("second_moment", "second_moment.fractions", "[1e300]", "from 1e-6 to 1e6, found 1e300"),
        ("mixture", "mixture.fractions", "[1, 0]", "from 1e-6 to 1e6, found 0 in it"),
        ("mixture", "mixture.fractions", "[1, \"a\"]", "found the string \"a\" in it"),
        ("mixture", "mixture.fractions", "[]", "found an empty one"),
        ("mixture", "mixture.fractions", "true", "must be a list of numbers"),
        ("stationary", "stationary.fractions", "[1e-9]", "less than 1"),
        ("mixture", "sgd.batch_size", "[0]", "whole numbers from 1 to 1000000, found 0 in it"),
        ("phase_diagram", "phase_diagram.radius", "1e300", "1e100 at most"),
        ("mixture", "sgd.momentum", "1", "0 or more and below 1"),
        ("stationary", "sgd.weight_decay", "-1", "a number from 0 to 1e9"),
        ("momentum_diagram", "momentum_diagram.momentum", "[0.5, 1]", "found 1 in it"),
        ("mixture", "problem.sharpness", "1e300", "from 1e-9 to 1e9"),
        ("stationary", "gradients.scale", "1e-300", "from 1e-9 to 1e9"),
        ("mixture", "results", "\"\"", "a folder's name"),
    ] {
        let source = format!("experiment = \"{experiment}\"");
        let flags = [format!("{key}={value}")];
        let refused = QuadraticConfig::parse(&source, "x.toml", "results".into(), &flags);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains(&format!("--set {key}={value}: `{key}`")), "{text}");
        assert!(text.contains(expected) && text.contains("1 problem"), "{text}");
    }
}

/// What stands in for a faulty value must not be complained about.
#[test]
fn a_faulty_key_has_one_complaint() {
    for (section, key) in [
        ("problem", "rank = 0\nsamples = 6"),
        ("problem", "samples = 0\nrank = 30"),
        ("problem", "kind = \"dexter\"\ncoherence = 12\nsamples = 1.5"),
        ("problem", "rank = 8\ndimension = 0"),
        ("sgd", "batch_size = [30, -1]"),
    ] {
        let source = format!("experiment = \"mixture\"\n[{section}]\n{key}\n");
        let refused = QuadraticConfig::parse(&source, "x.toml", "results".into(), &[]);
        let text = refused.unwrap_err().to_string();
        assert!(text.contains("1 problem\n"), "{source:?} gave {text}");
    }
}

#[test]
fn defaults_fit_small_problems() {
    let small = config("experiment = \"mixture\"\n[problem]\nsamples = 3\noutputs = 2\n");
    assert!(format!("{:?}", small.problem).contains("rank: 6"), "{:?}", small.problem);
    assert_eq!(config("[phase_diagram]\nsamples = 4\n").sgd.batch_size, [2, 3, 4]);
}

const GROWTH: &str = "experiment = \"second_moment\"\n[problem]\nsamples = 6\nrank = 3\n\
                      [second_moment]\nfractions = [0.5, 1.2]\nparticles = 20\nsteps = 20\n";

/// Runs `x.toml` in `folder`; the exit code, and what it wrote to the terminal.
fn quadratic(folder: &Path, overrides: &[&str]) -> (Option<i32>, String) {
    let flags = overrides.iter().flat_map(|flag| ["--set", flag]);
    let arguments: Vec<&str> = ["quadratic", "x.toml"].into_iter().chain(flags).collect();
    let output = etastar(folder, &arguments);
    (output.status.code(), stderr(&output) + &stdout(&output))
}

#[test]
fn results_of_other_settings_are_never_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
    let table = || fs::read_to_string(folder.path().join("results/x/second_moment.csv")).unwrap();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0));
    let first = table();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0), "equal settings are no conflict");
    assert_eq!(table(), first);
    for (flags, told) in [
        (&["second_moment.steps=1"][..], "second_moment.steps is 20 there and 1 here"),
        (&["seed=3", "problem.rank=2"], "problem.rank is 3 there and 2 here, seed is 0 there"),
        (&["problem.dimension=4"], "problem.dimension is absent there and 4 here"),
    ] {
        let (code, text) = quadratic(folder.path(), flags);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("results/x holds another experiment") && text.contains(told),
            "{text}"
        );
        assert!(text.contains("--set results=FOLDER"), "{text}");
        assert_eq!(table(), first);
    }
    let (code, text) =
        quadratic(folder.path(), &["second_moment.steps=1", "results=results/other"]);
    assert_eq!(code, Some(0), "{text}");
    fs::write(folder.path().join("x.toml"), "experiment = \"mixture\"\nseed = 9\n").unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    let told = "experiment: experiment is \"second_moment\" there and \"mixture\" here; choose";
    assert!(code == Some(2) && text.contains(told), "{text}");
}

#[test]
fn a_folder_that_holds_something_else_is_refused() {
    for (file, told) in [
        ("runs/", "belongs to a sweep"),
        ("plan.json", "belongs to a sweep"),
        ("mixture.csv", "no experiment.json to tell what it was made with"),
        ("second_moment.csv", "has second_moment.csv, but no experiment.json"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
        let path = folder.path().join("results/x").join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if file.ends_with('/') {
            fs::create_dir(&path).unwrap();
        } else {
            fs::write(&path, "kept").unwrap();
        }
        let (code, text) = quadratic(folder.path(), &[]);
        assert_eq!(code, Some(2), "{file}: {text}");
        assert!(text.contains(told) && text.contains("--set results=FOLDER"), "{text}");
        assert!(path.is_dir() || fs::read_to_string(&path).unwrap() == "kept");
        assert!(!folder.path().join("results/x/experiment.json").exists());
    }
}

#[test]
fn a_folder_without_tables_takes_new_settings() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), GROWTH).unwrap();
    let (code, text) = quadratic(folder.path(), &["problem.samples=1000000"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("TiB of memory"), "{text}");
    let (code, text) = quadratic(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_matrix_that_cannot_be_read_is_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    let source = "experiment = \"mixture\"\n[problem]\nkind = \"gram\"\npath = \"g.npy\"\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    assert!(code == Some(2) && text.contains("cannot open g.npy"), "{text}");
}

/// At B = n every λ of σ = n is −∞, nothing diverges and no boundary lies in the grid.
#[test]
fn a_phase_diagram_without_lines_is_drawn_and_has_no_infinities() {
    let folder = tempfile::tempdir().unwrap();
    let source = "[phase_diagram]\nsamples = 10\nlearning_rate = [0.5]\nrepeats = 2\n\
                  steps = 20\n[sgd]\nbatch_size = [10]\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    let (code, text) = quadratic(folder.path(), &[]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("phase_diagram.svg"), "{text}");
    let results = folder.path().join("results/x");
    let csv = fs::read_to_string(results.join("phase_diagram.csv")).unwrap();
    assert!(csv.lines().nth(10).unwrap().ends_with(','), "{csv}");
    assert!(!csv.contains("inf") && !csv.contains("NaN"), "{csv}");
    let svg = fs::read_to_string(results.join("figures/phase_diagram.svg")).unwrap();
    assert!(svg.contains("A line that is not there"), "{svg}");
}

/// Full batches have no noise, so that nothing hovers.
#[test]
fn a_figure_that_cannot_be_drawn_says_why_and_leaves_no_older_one() {
    let folder = tempfile::tempdir().unwrap();
    let source = "experiment = \"stationary\"\n[problem]\nsamples = 6\nrank = 3\n\
                  [stationary]\nfractions = [0.5]\nchains = 2\nsteps = 20\n";
    fs::write(folder.path().join("x.toml"), source).unwrap();
    assert_eq!(quadratic(folder.path(), &[]).0, Some(0));
    let results = folder.path().join("results/x");
    let figure = results.join("figures/stationary.png");
    assert!(figure.exists());
    fs::remove_file(results.join("stationary.csv")).unwrap();
    let (code, text) = quadratic(folder.path(), &["sgd.batch_size=[6]"]);
    assert_eq!(code, Some(0), "{text}");
    let told = "stationary is not drawn: stationary.csv has no quantity above 0";
    assert!(text.contains(told) && !text.contains("svg"), "{text}");
    assert!(!figure.exists() && !figure.with_extension("svg").exists());
}

#[test]
fn the_reason_for_no_figure_is_what_the_file_lacks() {
    let folder = tempfile::tempdir().unwrap();
    let header = "batch_size,learning_rate,fraction,moment_theory,typical\n";
    for (rows, told) in
        [("", "has no rows"), ("1,0.5,1,,\n2,0.5,1,,\n", "has no finite rate of growth")]
    {
        fs::write(folder.path().join("second_moment.csv"), format!("{header}{rows}")).unwrap();
        let outcomes = draw_quadratic(folder.path(), &folder.path().join("figures")).unwrap();
        let [FigureOutcome::Skipped { name, reason }] = outcomes.as_slice() else {
            panic!("{outcomes:?}")
        };
        assert_eq!(
            (name.as_str(), reason),
            ("second_moment", &format!("second_moment.csv {told}"))
        );
    }
}

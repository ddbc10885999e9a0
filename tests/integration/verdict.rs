//! Answers begin with what they mean: is SGD stable here, in which sense, and by how much?

use std::fs;

use crate::common::config::tiny_config;
use crate::common::fixtures::fixture;
use crate::common::program::{etastar, stderr, stdout};
use serde_json::Value;

#[test]
fn the_answer_about_a_run_begins_with_a_verdict_that_its_numbers_support() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    for sampling in ["epoch", "uniform"] {
        let sampling = format!("train.sampling={sampling}");
        let results = format!("run.results={}", &sampling[15..]);
        let command = ["train", "x.toml", "--set", &sampling, "--set", &results];
        let output = etastar(folder.path(), &command);
        let text = stdout(&output);
        assert!(text.starts_with("SGD with "), "{text}{}", stderr(&output));
        let output = etastar(folder.path(), &[&command[..], &["--json"]].concat());
        let record: Value = serde_json::from_slice(&output.stdout).unwrap();
        let (verdict, analysis) = (&record["verdict"], &record["analysis"]);
        let is_epoch = sampling.ends_with("epoch");
        let process = if is_epoch { "shuffled epochs" } else { "independent batches" };
        assert_eq!(verdict["process"], process);
        // Without `analysis.eta_var_epoch` only that of independent batches is known.
        assert_eq!(verdict["mean_square"]["process"], "independent batches");
        let eta_var = analysis["mean_square"]["eta_var"].as_f64().unwrap();
        let word = if eta_var > 0.05 { "stable" } else { "unstable" };
        assert_eq!(verdict["mean_square"]["stability"], word, "η*_var = {eta_var}");
        let exponent = if is_epoch { "epoch_exponent" } else { "exponent" };
        assert_eq!(
            verdict["almost_surely"]["exponent"],
            analysis["almost_sure"][exponent]["value"]
        );
        let sentence = verdict["sentence"].as_str().unwrap();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert!(words(&text).starts_with(&words(sentence)), "{text}\n{sentence}");
        assert_eq!(sentence.contains("was not measured"), is_epoch, "{sentence}");
    }
}

#[test]
fn the_edge_of_shuffled_epochs_leads_once_it_is_measured() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let command = ["train", "x.toml", "--set", "analysis.eta_var_epoch=true", "--json"];
    let output = etastar(folder.path(), &command);
    let record: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = &record["verdict"]["mean_square"];
    assert_eq!(found["process"], "shuffled epochs");
    assert_eq!(found["threshold"], record["analysis"]["almost_sure"]["epoch_eta_var"]["value"]);
}

#[test]
fn a_run_that_did_not_converge_is_not_called_a_minimum() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let command = ["train", "x.toml", "--set", "train.max_epochs=41"];
    let text = stdout(&etastar(folder.path(), &command));
    let text = text.replace('\n', " ");
    assert!(text.contains("The run had not converged"), "{text}");
}

/// A grid may have runs that diverge; a sweep in which nothing else happens has failed.
#[test]
fn a_sweep_says_how_its_runs_ended() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let linear = ["--set", "model.hidden=[]", "--set"];
    let sweep = |rates: &str, results: &str| {
        let (rates, results) =
            (format!("sweep.learning_rate={rates}"), format!("run.results={results}"));
        let command = ["sweep", "x.toml", "--set", &rates, "--set", &results];
        let output = etastar(folder.path(), &[&command[..], &linear[..2]].concat());
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let (code, text, errors) = sweep("[0.001, 1000]", "some");
    assert_eq!(code, Some(0), "{errors}");
    assert!(text.starts_with("done: 2 of 2 runs: 1 "), "{text}");
    assert!(text.lines().next().is_some_and(|line| line.ends_with(", 1 diverged")), "{text}");
    let (code, text, errors) = sweep("[1000, 2000]", "none");
    assert_eq!(code, Some(1), "{errors}");
    assert!(text.starts_with("done: 2 of 2 runs: 2 diverged\n"), "{text}");
}

#[test]
fn thresholds_judge_given_step_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixture("random_q2.npy").display().to_string();
    let command = ["thresholds", &file, "--outputs", "2", "--batch-sizes", "1,6"];
    let answer = etastar(folder.path(), &[&command[..], &["--json"]].concat());
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let edge = |k: usize| answer["thresholds"][k]["eta_var"].as_f64().unwrap();
    assert!(edge(0) < edge(1));
    // Between the edge of one sample and that of the full batch.
    let rates = format!("--learning-rates={},{}", 0.9 * edge(0), 0.5 * (edge(0) + edge(1)));
    let answer = etastar(folder.path(), &[&command[..], &[&rates, "--json"]].concat());
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    let words: Vec<&str> = (0..4)
        .map(|k| &answer["thresholds"][k / 2]["verdicts"][k % 2]["mean_square"])
        .map(|word| word.as_str().unwrap())
        .collect();
    assert_eq!(words, ["stable", "unstable", "stable", "stable"]);
    let text = stdout(&etastar(folder.path(), &[&command[..], &[&rates]].concat()));
    assert!(text.contains("η/η*_var  mean square"), "{text}");
}

/// A terminal of 80 columns holds every line of the answers.
#[test]
fn answers_fit_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let all = "analysis.eta_as=true";
    let train = etastar(
        folder.path(),
        &[
            "train",
            "x.toml",
            "--set",
            all,
            "--set",
            "analysis.eta_as_epoch=true",
            "--set",
            "analysis.eta_var_epoch=true",
        ],
    );
    let file = fixture("random_q2.npy").display().to_string();
    let thresholds = etastar(
        folder.path(),
        &[
            "thresholds",
            &file,
            "--outputs",
            "2",
            "--batch-sizes",
            "1,3",
            "--shuffle",
            "--lyapunov",
            "--learning-rates",
            "0.01,0.02",
        ],
    );
    for output in [train, thresholds] {
        let text = stdout(&output);
        assert!(text.lines().count() > 15, "{text}{}", stderr(&output));
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

//! `plot`, `compare` and `init` as a user meets them.

use std::fs;
use std::path::Path;
#[cfg(unix)]
use std::process::Stdio;

use serde_json::Value;

use crate::common::config::tiny_config;
#[cfg(unix)]
use crate::common::program::command;
use crate::common::program::{etastar, stderr, stdout};

/// Eight runs over two widths, two step sizes and two batch sizes.
fn sweep(folder: &Path) {
    let grid = "[analysis]\nlyapunov = false\nlyapunov_epoch = false\n\
                [sweep]\n\"model.hidden\" = [[16], [24]]\nlearning_rate = [0.02, 0.05]\n\
                batch_size = [1, 4]\n";
    fs::write(folder.join("x.toml"), tiny_config() + grid).unwrap();
    let output = etastar(folder, &["sweep", "x.toml", "--quiet"]);
    assert!(output.status.success(), "{}", stderr(&output));
}

fn succeeds(folder: &Path, arguments: &[&str]) -> (String, String) {
    let output = etastar(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
    (stdout(&output), stderr(&output))
}

/// Each run has one trace, and its history many rows: their median would be that of the longest runs.
#[test]
fn a_number_of_a_run_is_not_counted_once_for_each_row_of_its_history() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    let command = ["plot", "results/x", "--x=learning_rate", "--y=trace,running_loss"];
    let output = etastar(folder.path(), &command);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("`trace` is one number for a run"), "{}", stderr(&output));
    let (where_b, _) = succeeds(
        folder.path(),
        &["plot", "results/x", "--x=learning_rate", "--y=trace", "--where=batch_size=4"],
    );
    assert!(where_b.contains("where_batch_size_4.svg"), "{where_b}");
}

#[test]
fn a_sweep_over_a_further_axis_is_faceted_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    sweep(folder.path());
    // An interrupted sweep and the tasks of a job array leave no summary.
    fs::remove_file(folder.path().join("results/x/summary.csv")).unwrap();
    let (files, notes) = succeeds(
        folder.path(),
        &["plot", "results/x", "--x=learning_rate", "--y=trace", "--by=batch_size"],
    );
    assert_eq!(files.lines().count(), 2, "{files}");
    assert!(files.contains("figures/trace_against_learning_rate_by_batch_size.svg"), "{files}");
    assert!(notes.contains("one line has all of model.hidden ([16], [24])"), "{notes}");
    let faceted =
        ["plot", "results/x", "--x=epoch", "--y=loss", "--by=batch_size", "--facet=model.hidden"];
    let (answer, _) = succeeds(folder.path(), &[&faceted[..], &["--json"]].concat());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (&answer["table"], &answer["curves"]),
        (&"history.csv of the runs".into(), &4.into())
    );
    assert_eq!(answer["mixed"], serde_json::json!(["learning_rate"]));
    let (files, _) = succeeds(folder.path(), &["plot", "results/x", "--quiet"]);
    assert!(files.contains("figure2_bounds_model.hidden_16.png"), "{files}");
    let svg = folder.path().join("results/x/figures/figure1a_sharpness.svg");
    let svg = fs::read_to_string(svg).unwrap();
    assert!(svg.contains("model.hidden = [16]") && svg.contains("model.hidden = [24]"));

    succeeds(folder.path(), &["report", "results/x", "--quiet"]);
    let html = fs::read_to_string(folder.path().join("results/x/report.html")).unwrap();
    for words in [
        "2 step sizes × 2 batch sizes × 2 values of model.hidden",
        "sweep.&#34;model.hidden&#34;",
        "4 model.hidden = [24]",
    ] {
        assert!(html.contains(words), "{words}");
    }
    let (_, rest) = html.split_once(r#"<script type="application/json" id="data">"#).unwrap();
    let data: Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    let labels = data["labels"].as_array().unwrap();
    let hidden = labels.iter().position(|label| label[0] == "model.hidden").unwrap();
    let targets = data["figures"]["figure1a_sharpness"].as_array().unwrap();
    assert!(!targets.is_empty());
    for target in targets {
        assert_eq!(target[3].as_array().unwrap().len(), 1, "one run a point: {target}");
    }
    assert_eq!(data["runs"][0]["facts"][hidden], "[16]");
    let cells = data["figures"]["plan"].as_array().unwrap().iter();
    let places = cells.map(|cell| format!("{} {}", cell[0], cell[1]));
    let places: std::collections::BTreeSet<String> = places.collect();
    assert_eq!(places.len(), 8, "no cell of the plan hides another");
}

#[test]
fn columns_that_do_not_exist_are_named_and_exit_codes_tell_wrong_usage() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("r")).unwrap();
    fs::write(folder.path().join("r/summary.csv"), "run_id,trace\na,1\n").unwrap();
    for (arguments, words) in [
        (&["plot", "r", "--x", "trac", "--y", "trace"][..], "did you mean `trace`?"),
        (&["plot", "r", "--x", "trace", "--y", "run_id"], "`run_id` is not numeric"),
        (&["plot", "r", "--x", "trace"], "--y"),
        (&["plot", "r", "--by", "trace"], "--x"),
        (&["plot", "r", "--x", "trace", "--y", "trace", "--where", "trace"], "COLUMN=VALUE"),
        (&["plot", "r", "--x", "trace", "--y", "trace", "--where", "trace>2"], "no row"),
        (&["plot", "r", "--x", "trace", "--y", "trace", "--out", "f.pdf"], ".svg or .png"),
        (&["plot", "s"], "s is not the results folder of a sweep"),
        (&["init", "papr"], "did you mean `paper`?"),
    ] {
        let output = etastar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
    }
}

#[cfg(unix)]
#[test]
fn every_configuration_of_init_is_a_valid_file_and_none_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("data"),
        folder.path().join("data"),
    )
    .unwrap();
    let (list, _) = succeeds(folder.path(), &["init", "--list"]);
    let names: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.len() >= 12, "{list}");
    for name in
        names.iter().filter(|name| !name.starts_with("quadratic") && **name != "label_noise")
    {
        let file = format!("{name}.toml");
        succeeds(folder.path(), &["init", name, "--out", &file]);
        succeeds(folder.path(), &["sweep", &file, "--dry-run", "--quiet"]);
    }
    let again = etastar(folder.path(), &["init", "quick", "--out", "quick.toml"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("quick.toml exists and is not overwritten"));
    let (template, _) = succeeds(folder.path(), &["init"]);
    assert!(template.contains("\n[slurm]\n") && template.contains("\npatience = 200\n"));
    let (schema, _) = succeeds(folder.path(), &["init", "--schema"]);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema["properties"]["train"]["properties"]["patience"]["default"], 200);
}

#[cfg(unix)]
#[test]
fn a_full_standard_output_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for arguments in [&["init"][..], &["init", "--schema"], &["devices"], &["man"], &["--help"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let mut program = command(folder.path(), arguments);
        let output = program.stdout(Stdio::from(full)).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(stderr(&output).contains("(stdout)"), "{arguments:?}: {}", stderr(&output));
    }
}

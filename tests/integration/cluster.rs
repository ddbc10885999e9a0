//! Tasks of a job array as far as they need no Slurm; `scripts/slurm_test.sh` has the rest.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::common::config::tiny_config;
use crate::common::program::{command, etastar, stderr, stdout};
use serde_json::{Value, json};

fn write_config(folder: &Path) {
    let grid = "[sweep]\nlearning_rate = [0.04, 0.08]\nbatch_size = [2, 12]\n\
                [slurm]\nchunk = 3\ntime = \"02:00:00\"\nmemory = \"1G\"\noptions = [\"--qos=long\"]\n\
                setup = [\"module load gcc\"]\n";
    fs::write(folder.join("x.toml"), tiny_config() + grid).unwrap();
}

/// The runs of the plan, in its order.
fn plan(folder: &Path) -> Vec<Value> {
    let plan = etastar(folder, &["sweep", "x.toml", "--dry-run", "--json"]);
    let mut plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    plan["runs"].as_array_mut().unwrap().split_off(0)
}

/// What `--launcher slurm` freezes, without the jobs.
fn freeze(folder: &Path, plan: &[Value], tasks: &Value) {
    let frozen = folder.join("results/x/slurm/1");
    fs::create_dir_all(&frozen).unwrap();
    fs::write(frozen.join("tasks.json"), tasks.to_string()).unwrap();
    fs::write(folder.join("results/x/plan.json"), json!(plan).to_string()).unwrap();
}

/// Rows of `summary.csv` without the cells that tell the time.
fn rows(folder: &Path) -> BTreeSet<Vec<String>> {
    let mut reader = csv::Reader::from_path(folder.join("results/x/summary.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let timeless = |name: &str| !["train_seconds", "analysis_seconds", "finished"].contains(&name);
    let cells = |row: csv::StringRecord| {
        let cells = header.iter().zip(&row).filter(|(name, _)| timeless(name));
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    reader.records().map(|row| cells(row.unwrap())).collect()
}

#[test]
fn the_script_asks_for_what_the_section_and_the_flags_say_and_nothing_is_written() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let arguments = ["sweep", "x.toml", "--launcher", "slurm", "--dry-run"];
    let flags = ["--limit", "5", "--time", "30", "--gpus", "a100:1", "--set", "train.seed=3"];
    let output = etastar(folder.path(), &[&arguments[..], &flags].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(stderr(&output).contains("4 runs left in 2 tasks"), "{}", stderr(&output));
    let script = stdout(&output);
    for line in [
        "#!/bin/bash",
        "#SBATCH --array=0-1%5",
        "#SBATCH --time=30",
        "#SBATCH --mem=1G",
        "#SBATCH --cpus-per-task=1",
        "#SBATCH --gpus=a100:1",
        "#SBATCH --signal=B:USR1@120",
        "#SBATCH --requeue",
        "#SBATCH --qos=long",
        "module load gcc",
    ] {
        assert!(script.lines().any(|found| found == line), "{line} in\n{script}");
    }
    let last = script.lines().last().unwrap();
    assert!(
        last.starts_with("exec ") && last.ends_with("--task \"$SLURM_ARRAY_TASK_ID\""),
        "{last}"
    );
    assert!(last.contains("--set train.seed=3"), "{last}");
    // Decided here, whatever "auto" would mean there.
    assert!(last.contains("--set run.backend=flex"), "{last}");
    assert!(!folder.path().join("results").exists());
}

#[test]
fn a_wrong_flag_is_named_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    for (flag, value) in [("--time", "soon"), ("--chunk", "0"), ("--memory", "much")] {
        let output =
            etastar(folder.path(), &["sweep", "x.toml", "--launcher", "slurm", flag, value]);
        assert_eq!(output.status.code(), Some(2), "{flag}");
        let key = flag.replace("--", "slurm.");
        assert!(stderr(&output).contains(&key), "{}", stderr(&output));
    }
    assert!(!folder.path().join("results").exists());
}

#[test]
fn tasks_do_their_runs_and_whoever_looks_next_gathers_them() {
    let (tasks, whole) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&tasks, &whole] {
        write_config(folder.path());
    }
    let plan = plan(tasks.path());
    let ids: Vec<&Value> = plan.iter().map(|run| &run["run_id"]).collect();
    freeze(tasks.path(), &plan, &json!([ids[..3], ids[3..]]));
    for (task, runs) in [("0", "3 of 3 runs"), ("1", "1 of 1 run")] {
        let output = etastar(tasks.path(), &["sweep", "x.toml", "--task", task]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert!(stdout(&output).contains(runs), "{}", stdout(&output));
        assert!(!tasks.path().join("results/x/summary.csv").exists());
    }
    let status = etastar(tasks.path(), &["status", "results/x"]);
    assert!(stdout(&status).contains("4 of 4 runs done"), "{}", stdout(&status));
    assert!(etastar(whole.path(), &["sweep", "x.toml"]).status.success());
    assert_eq!(rows(tasks.path()), rows(whole.path()));
}

#[test]
fn a_task_that_fits_no_plan_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let refused = |arguments: &[&str], reason: &str| {
        let output = etastar(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    };
    refused(&["sweep", "x.toml", "--task", "0"], "no submission yet");
    freeze(folder.path(), &[], &json!([["0123456789abcdef"]]));
    refused(&["sweep", "x.toml", "--task", "0"], "submit again");
    refused(&["sweep", "x.toml", "--task", "1"], "tasks 0 to 0, not 1");
    refused(&["sweep", "x.toml", "--task", "0", "--submission", "7"], "no submission 7");
}

#[test]
fn a_thread_more_or_less_changes_no_digit() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (folder, threads) in [(&one, "1"), (&two, "3")] {
        write_config(folder.path());
        let workers = format!("run.workers={threads}");
        let arguments = ["sweep", "x.toml", "--quiet", "--set", &workers];
        let mut command = command(folder.path(), &arguments);
        assert!(command.env("RAYON_NUM_THREADS", threads).output().unwrap().status.success());
    }
    assert_eq!(rows(one.path()), rows(two.path()));
}

//! A sweep loses nothing, repeats nothing and leaves nothing half-written.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::config::{mnist, tiny_config};
use crate::common::program::{command, etastar, stderr, stdout};

fn write_config(folder: &Path) {
    let grid = "[sweep]\nlearning_rate = [0.01, 0.012589254117941677, 0.04, 0.08]\nbatch_size = [1, 2, 4, 12]\n";
    fs::write(folder.join("x.toml"), tiny_config() + grid).unwrap();
}

/// Rows of `summary.csv` by run, without the cells that tell the time.
fn summary(folder: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(folder.join("results/x/summary.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let timeless = |name: &str| !["train_seconds", "analysis_seconds", "finished"].contains(&name);
    reader
        .records()
        .map(|row| {
            let row = row.unwrap();
            let cells = header.iter().zip(&row).filter(|(name, _)| timeless(name));
            (row[0].to_owned(), cells.map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
        })
        .collect()
}

fn bytes(folder: &Path, file: &str) -> BTreeMap<String, Vec<u8>> {
    fs::read_dir(folder.join("results/x/runs"))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), fs::read(entry.path().join(file)).unwrap())
        })
        .collect()
}

fn leftovers(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap().to_string_lossy().starts_with(".writing-") {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

#[test]
fn a_second_sweep_finds_everything_done() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let first = etastar(folder.path(), &["sweep", "x.toml"]);
    assert!(first.status.success(), "{}", stderr(&first));
    let (rows, minima) = (summary(folder.path()), bytes(folder.path(), "minimum.safetensors"));
    assert_eq!(rows.len(), 16);
    for figure in ["figure1a_sharpness.svg", "figure1a_sharpness.png", "figure2_bounds.svg"] {
        assert!(folder.path().join("results/x/figures").join(figure).exists(), "{figure}");
    }
    let written = fs::metadata(folder.path().join("results/x/runs")).unwrap().modified().unwrap();
    let second = etastar(folder.path(), &["sweep", "x.toml"]);
    assert!(second.status.success(), "{}", stderr(&second));
    assert!(stderr(&second).contains("16 of them finished earlier"), "{}", stderr(&second));
    assert_eq!(summary(folder.path()), rows);
    let lines = fs::read_to_string(folder.path().join("results/x/summary.csv")).unwrap();
    assert_eq!(lines.lines().count(), 1 + 16, "a run is in the summary twice");
    assert_eq!(bytes(folder.path(), "minimum.safetensors"), minima);
    assert_eq!(
        fs::metadata(folder.path().join("results/x/runs")).unwrap().modified().unwrap(),
        written
    );
}

#[test]
fn sharpness_of_both_hessians_agrees_at_every_minimum() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let mut converged = 0;
    for row in summary(folder.path()).values().filter(|row| row["stop_reason"] == "converged") {
        let cell = |name: &str| row[name].parse::<f64>().unwrap();
        // The residual part of the Hessian is O(√loss).
        let allowed = 10.0 * cell("final_loss").sqrt() * cell("sharpness_gn");
        let gap = (cell("sharpness_gn") - cell("sharpness_hessian")).abs();
        assert!(gap <= allowed, "gap {gap}, allowed {allowed}: {row:?}");
        converged += 1;
    }
    assert!(converged > 8, "{converged} runs converged");
}

#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    killed_and_gone_on_with(&["run.batched_runs=1"]);
}

#[test]
fn a_killed_sweep_in_rows_goes_on_where_it_was() {
    // A run's bits depend neither on its company in a row nor on when it was saved.
    killed_and_gone_on_with(&["run.batched_runs=3", "run.checkpoint_seconds=0.1"]);
}

fn killed_and_gone_on_with(settings: &[&str]) {
    let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&whole, &killed] {
        write_config(folder.path());
    }
    // The slower engine, so that there is something to kill on any machine.
    let mut sweep = vec!["sweep", "x.toml", "--quiet", "--set", "run.engine=tensor"];
    sweep.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    assert!(etastar(whole.path(), &sweep).status.success());
    let mut kills = 0;
    for patience in [150, 400, 700, 1100] {
        let mut child = command(killed.path(), &sweep)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        sleep(Duration::from_millis(patience));
        kills += u32::from(child.try_wait().unwrap().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(kills > 0, "every sweep ended before it was killed");
    let last = etastar(killed.path(), &sweep);
    assert!(last.status.success(), "{}", stderr(&last));
    assert_eq!(summary(killed.path()), summary(whole.path()));
    for file in ["minimum.safetensors", "history.csv"] {
        assert!(bytes(killed.path(), file) == bytes(whole.path(), file), "{file} differs");
    }
    assert_eq!(leftovers(killed.path()), Vec::<String>::new());
}

#[cfg(unix)]
#[test]
fn a_signal_ends_a_sweep_with_code_130() {
    let rows = ["--set", "run.engine=tensor", "--set", "run.batched_runs=2"];
    for (signal, more) in [("INT", &[][..]), ("TERM", &[]), ("INT", &rows)] {
        let folder = tempfile::tempdir().unwrap();
        let endless = tiny_config() + "[sweep]\nlearning_rate = [1e-7, 2e-7]\n";
        fs::write(
            folder.path().join("x.toml"),
            endless.replace("max_epochs = 3000", "max_epochs = 100000000"),
        )
        .unwrap();
        let mut child = command(folder.path(), &["sweep", "x.toml", "--quiet"])
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let plan = folder.path().join("results/x/plan.json");
        let started = Instant::now();
        while !plan.exists() && started.elapsed() < Duration::from_secs(60) {
            sleep(Duration::from_millis(20));
        }
        let id = child.id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-s", signal, &id])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(130), "SIG{signal}");
        let status = etastar(folder.path(), &["status", "results/x"]);
        assert!(stdout(&status).contains("2 left"), "{}", stdout(&status));
    }
}

#[test]
fn two_sweeps_at_once_share_the_work() {
    let rows = ["--set", "run.engine=tensor", "--set", "run.batched_runs=3"];
    for more in [&[][..], &rows] {
        let (shared, alone) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write_config(shared.path());
        write_config(alone.path());
        let sweep = |folder: &Path| {
            let mut sweep = command(folder, &["sweep", "x.toml", "--quiet"]);
            sweep.args(more).stdout(Stdio::null()).spawn().unwrap()
        };
        let mut both = [sweep(shared.path()), sweep(shared.path())];
        for child in &mut both {
            assert!(child.wait().unwrap().success());
        }
        assert!(sweep(alone.path()).wait().unwrap().success());
        assert_eq!(summary(shared.path()), summary(alone.path()));
    }
}

#[test]
fn a_failing_run_is_recorded_and_the_others_go_on() {
    one_of_them_fails(&[]);
    one_of_them_fails(&["--set", "run.engine=tensor", "--set", "run.batched_runs=5"]);
}

fn one_of_them_fails(more: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let arguments = [&["sweep", "x.toml"], more].concat();
    let plan = [&arguments[..], &["--dry-run", "--json"]].concat();
    let plan = etastar(folder.path(), &plan);
    let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
    let victim = plan["runs"][3]["run_id"].as_str().unwrap();
    // A folder where the run's history should go: every attempt to write it fails.
    let obstacle = folder.path().join("results/x/runs").join(victim).join("history.csv/in-the-way");
    fs::create_dir_all(&obstacle).unwrap();
    let sweep = etastar(folder.path(), &arguments);
    assert_eq!(sweep.status.code(), Some(1), "{}", stderr(&sweep));
    assert!(
        stderr(&sweep).contains(victim) && stderr(&sweep).contains("history.csv"),
        "{}",
        stderr(&sweep)
    );
    assert_eq!(summary(folder.path()).len(), 15);
    let status = stdout(&etastar(folder.path(), &["status", "results/x"]));
    assert!(status.contains("15 of 16 runs done") && status.contains("1 failed"), "{status}");
    fs::remove_dir_all(obstacle.parent().unwrap()).unwrap();
    assert!(etastar(folder.path(), &arguments).status.success());
    assert_eq!(summary(folder.path()).len(), 16);
}

#[test]
fn another_experiment_is_kept_out_of_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let other = etastar(folder.path(), &["sweep", "x.toml", "--set", "loss.factor=0.5"]);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("loss.factor is 1.0 there and 0.5 here"), "{}", stderr(&other));
    let wider = etastar(folder.path(), &["sweep", "x.toml", "--set", "sweep.batch_size=[2, 4]"]);
    assert!(wider.status.success(), "{}", stderr(&wider));
    assert_eq!(summary(folder.path()).len(), 2);
}

#[test]
fn other_measurements_need_no_new_training() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let without = ["sweep", "x.toml", "--set", "analysis.hessian=false"];
    assert!(etastar(folder.path(), &without).status.success());
    let minima = bytes(folder.path(), "minimum.safetensors");
    let row = summary(folder.path()).into_values().next().unwrap();
    assert_eq!(row["sharpness_hessian"], "");
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let row = summary(folder.path()).into_values().next().unwrap();
    assert!(row["sharpness_hessian"].parse::<f64>().unwrap() > 0.0);
    assert_eq!(bytes(folder.path(), "minimum.safetensors"), minima);
}

#[test]
fn the_runs_of_committed_results_keep_their_identities() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    for name in ["quick", "mixture"] {
        let csv = project.join(format!("results/reference/{name}/summary.csv"));
        let mut reader = csv::Reader::from_path(csv).unwrap();
        let rows: Vec<BTreeMap<String, String>> =
            reader.deserialize().map(Result::unwrap).collect();
        // Some of its step sizes have the last digits that earlier versions gave to points of ranges.
        let entry = |row: &BTreeMap<String, String>| {
            serde_json::json!({
                "run_id": row["run_id"],
                "learning_rate": row["learning_rate"].parse::<f64>().unwrap(),
                "batch_size": row["batch_size"].parse::<u64>().unwrap(),
                "seed": row["seed"].parse::<u64>().unwrap(),
                "algorithm": row["algorithm"],
            })
        };
        let earlier: Vec<serde_json::Value> = rows.iter().map(entry).collect();
        let results = folder.path().join("results").join(name);
        fs::create_dir_all(&results).unwrap();
        fs::write(results.join("plan.json"), serde_json::to_string(&earlier).unwrap()).unwrap();
        let config = project.join(format!("configs/{name}.toml"));
        let data = format!("data.folder={}", mnist().display());
        let plan = etastar(
            folder.path(),
            &["sweep", config.to_str().unwrap(), "--set", &data, "--dry-run", "--json"],
        );
        let plan: serde_json::Value = serde_json::from_slice(&plan.stdout).unwrap();
        let runs = plan["runs"].as_array().unwrap();
        let planned: BTreeSet<&str> =
            runs.iter().map(|run| run["run_id"].as_str().unwrap()).collect();
        let finished: BTreeSet<&str> = rows.iter().map(|row| row["run_id"].as_str()).collect();
        let missing: Vec<_> = finished.difference(&planned).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} are not planned");
    }
}

/// As when a folder of results is copied or edited by hand.
#[test]
fn the_record_of_another_run_is_not_taken_for_this_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let grid = ["sweep", "x.toml", "--set", "sweep.batch_size=[2, 4]"];
    assert!(etastar(folder.path(), &grid).status.success());
    let runs: Vec<_> = fs::read_dir(folder.path().join("results/x/runs"))
        .unwrap()
        .map(|entry| entry.unwrap().path().join("record.json"))
        .collect();
    fs::copy(&runs[0], &runs[1]).unwrap();
    let status = stdout(&etastar(folder.path(), &["status", "results/x"]));
    assert!(status.contains("1 of 2 runs done") && status.contains("1 failed"), "{status}");
    let again = etastar(folder.path(), &grid);
    assert_eq!(again.status.code(), Some(1));
    assert!(stderr(&again).contains("it is the record of run"), "{}", stderr(&again));
}

#[test]
fn the_summary_of_somebody_else_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    fs::create_dir_all(folder.path().join("results/x")).unwrap();
    let table = folder.path().join("results/x/summary.csv");
    fs::write(&table, "my,table\n1,2\n").unwrap();
    for command in
        [&["sweep", "x.toml"][..], &["train", "x.toml"], &["sweep", "x.toml", "--dry-run"]]
    {
        let output = etastar(folder.path(), command);
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("no sweep wrote there"), "{}", stderr(&output));
        assert_eq!(fs::read_to_string(&table).unwrap(), "my,table\n1,2\n");
        assert_eq!(fs::read_dir(table.parent().unwrap()).unwrap().count(), 1);
    }
}

#[test]
fn a_damaged_record_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let run = fs::read_dir(folder.path().join("results/x/runs")).unwrap().next().unwrap().unwrap();
    fs::write(run.path().join("record.json"), "x").unwrap();
    let wider = ["sweep", "x.toml", "--set", "sweep.batch_size=[2, 4]"];
    let output = etastar(folder.path(), &wider);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("record.json is damaged"), "{}", stderr(&output));
    assert_eq!(summary(folder.path()).len(), 1);
    let status = stdout(&etastar(folder.path(), &["status", "results/x"]));
    assert!(status.contains("1 of 2 runs done") && status.contains("1 failed"), "{status}");
    assert!(etastar(folder.path(), &["report", "results/x"]).status.success());
    fs::remove_file(run.path().join("record.json")).unwrap();
    assert!(etastar(folder.path(), &wider).status.success());
    assert_eq!(summary(folder.path()).len(), 2);
}

#[test]
fn the_minimum_of_another_run_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let both = ["sweep", "x.toml", "--set", "sweep.batch_size=[2, 4]"];
    assert!(etastar(folder.path(), &both).status.success());
    let runs = fs::read_dir(folder.path().join("results/x/runs")).unwrap();
    let minima: Vec<_> = runs.map(|run| run.unwrap().path().join("minimum.safetensors")).collect();
    fs::copy(&minima[0], &minima[1]).unwrap();
    let output = etastar(folder.path(), &[&both[..], &["--set", "analysis.spectrum=70"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).contains("is the minimum of run"), "{}", stderr(&output));
}

#[test]
fn overrides_without_effect_and_foreign_folders_are_refused_by_a_dry_run_too() {
    let folder = tempfile::tempdir().unwrap();
    write_config(folder.path());
    let vain = etastar(folder.path(), &["sweep", "x.toml", "--set", "train.batch_size=2"]);
    assert_eq!(vain.status.code(), Some(2));
    assert!(stderr(&vain).contains("sweep.batch_size=[2]"), "{}", stderr(&vain));
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    assert!(etastar(folder.path(), &["sweep", "x.toml"]).status.success());
    let other = ["sweep", "x.toml", "--set", "loss.factor=0.5", "--dry-run"];
    let other = etastar(folder.path(), &other);
    assert_eq!(other.status.code(), Some(2));
    assert!(stderr(&other).contains("holds another experiment"), "{}", stderr(&other));
}

/// As when the pager or the disk behind a log goes away at night.
#[test]
fn a_sweep_outlives_its_readers() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let full = || Stdio::from(fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let status = command(folder.path(), &["sweep", "x.toml"]).stderr(full()).status().unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(summary(folder.path()).len(), 1);
    // The run diverges, which nobody who closed our output must turn into a success.
    let diverging =
        ["train", "x.toml", "--set", "train.learning_rate=50", "--set", "run.results=y"];
    let mut train = command(folder.path(), &diverging);
    let mut train = train.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    drop(train.stdout.take());
    assert_eq!(train.wait().unwrap().code(), Some(1));
}

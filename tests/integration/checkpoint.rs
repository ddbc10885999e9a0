//! A run that is killed at any moment ends with the same bytes as one that is not.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::common::config::tiny_config;
use crate::common::program::{command, etastar, stderr, stdout};

/// One run of a few seconds whose state is saved at every look.
fn write_config(folder: &Path, engine: &str, scaling: &str) {
    let epochs = if engine == "fused" { 100_000 } else { 1500 };
    let config = tiny_config()
        .replace("[model]", &format!("scaling = \"{scaling}\"\n[model]"))
        .replace("patience = 20", &format!("patience = {epochs}"))
        .replace("max_epochs = 3000", &format!("max_epochs = {epochs}"));
    let run = format!("[run]\nengine = \"{engine}\"\ncheckpoint_seconds = 0.02\n");
    fs::write(folder.join("x.toml"), config.replace("epochs = 20", "epochs = 0") + &run).unwrap();
}

fn run_folder(folder: &Path) -> PathBuf {
    let runs = fs::read_dir(folder.join("results/x/runs")).unwrap();
    runs.map(|entry| entry.unwrap().path()).next().unwrap()
}

fn result(folder: &Path) -> BTreeMap<&'static str, Vec<u8>> {
    let run = run_folder(folder);
    let read = |file| (file, fs::read(run.join(file)).unwrap());
    ["minimum.safetensors", "history.csv"].into_iter().map(read).collect()
}

/// Starts the run and ends it by `signal` once it has a checkpoint and `patience` has passed;
/// whether it was still at work then.
fn interrupt(folder: &Path, signal: &str, patience: Duration) -> bool {
    let mut child = command(folder, &["train", "x.toml", "--quiet"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let saved = || {
        let runs = folder.join("results/x/runs");
        let mut folders = fs::read_dir(runs).into_iter().flatten().flatten();
        folders.any(|run| run.path().join("checkpoint.safetensors").exists())
    };
    while !saved()
        && started.elapsed() < Duration::from_secs(60)
        && child.try_wait().unwrap().is_none()
    {
        sleep(Duration::from_millis(1));
    }
    sleep(patience);
    let running = child.try_wait().unwrap().is_none();
    let id = child.id().to_string();
    let kill =
        std::process::Command::new("kill").args(["-s", signal, &id]).stderr(Stdio::null()).status();
    assert!(kill.unwrap().success() || !running);
    child.wait().unwrap();
    running
}

#[cfg(unix)]
#[test]
fn killed_at_many_moments_a_run_ends_with_the_same_bytes() {
    let velocity = "learning_rate = 0.005\nmomentum = 0.9\nweight_decay = 1e-3";
    for (engine, scaling, optimizer) in [
        ("tensor", "unit", ""),
        ("fused", "unit", ""),
        ("fused", "standard", ""),
        ("tensor", "unit", velocity),
        ("fused", "standard", velocity),
    ] {
        let (whole, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for folder in [&whole, &killed] {
            write_config(folder.path(), engine, scaling);
            if !optimizer.is_empty() {
                let path = folder.path().join("x.toml");
                let config = fs::read_to_string(&path).unwrap();
                fs::write(path, config.replace("learning_rate = 0.05", optimizer)).unwrap();
            }
        }
        let undisturbed = etastar(whole.path(), &["train", "x.toml"]);
        assert!(undisturbed.status.success(), "{}", stderr(&undisturbed));
        let mut interruptions = 0;
        for moment in 0..12_u64 {
            let signal = if moment % 3 == 2 { "TERM" } else { "KILL" };
            let patience = Duration::from_millis(moment * 7 % 40);
            interruptions += u32::from(interrupt(killed.path(), signal, patience));
        }
        assert!(interruptions >= 2, "{engine}: the run was too short to be interrupted");
        let last = etastar(killed.path(), &["train", "x.toml"]);
        assert!(last.status.success(), "{}", stderr(&last));
        assert!(result(killed.path()) == result(whole.path()), "{engine}, {scaling}: bytes differ");
        assert!(!run_folder(killed.path()).join("checkpoint.safetensors").exists());
    }
}

#[cfg(unix)]
#[test]
fn a_damaged_checkpoint_is_named_and_set_aside() {
    let (whole, damaged) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&whole, &damaged] {
        write_config(folder.path(), "fused", "unit");
    }
    assert!(etastar(whole.path(), &["train", "x.toml"]).status.success());
    assert!(interrupt(damaged.path(), "TERM", Duration::ZERO));
    let run = run_folder(damaged.path());
    let path = run.join("checkpoint.safetensors");
    let mut bytes = fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let resumed = etastar(damaged.path(), &["train", "x.toml"]);
    assert!(resumed.status.success(), "{}", stderr(&resumed));
    assert!(stderr(&resumed).contains("its checksum does not match"), "{}", stderr(&resumed));
    assert!(run.join("checkpoint.safetensors.set-aside-1").exists());
    assert!(result(damaged.path()) == result(whole.path()));
}

#[cfg(unix)]
#[test]
fn a_results_folder_can_be_moved() {
    let (whole, moved) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for folder in [&whole, &moved] {
        write_config(folder.path(), "fused", "unit");
    }
    assert!(etastar(whole.path(), &["train", "x.toml"]).status.success());
    assert!(interrupt(moved.path(), "TERM", Duration::ZERO));
    fs::rename(moved.path().join("results/x"), moved.path().join("elsewhere")).unwrap();
    let arguments = ["train", "x.toml", "--set", "run.results=elsewhere"];
    assert!(etastar(moved.path(), &arguments).status.success());
    let status = stdout(&etastar(moved.path(), &["status", "elsewhere"]));
    assert!(status.contains("1 of 1 run done"), "{status}");
    fs::create_dir_all(moved.path().join("results")).unwrap();
    fs::rename(moved.path().join("elsewhere"), moved.path().join("results/x")).unwrap();
    assert!(result(moved.path()) == result(whole.path()));
}

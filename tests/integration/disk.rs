//! Disks that refuse to take what is written.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::common::config::tiny_config;
use crate::common::program::{etastar, stderr, stdout};

/// Runs `arguments` where no file can grow beyond `kibibytes`: writing fails half-way as on a full disk.
fn confined(folder: &Path, kibibytes: u32, arguments: &str) -> Output {
    let program = env!("CARGO_BIN_EXE_etastar");
    let script = format!("trap '' XFSZ; ulimit -f {kibibytes}; exec '{program}' {arguments}");
    Command::new("bash").current_dir(folder).args(["-c", &script]).output().unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_full_disk_is_named_and_the_sweep_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    // The plan fits, the weights of 785 × 12 numbers do not.
    let full = confined(folder.path(), 16, "train x.toml");
    assert_eq!(full.status.code(), Some(1), "{}", stderr(&full));
    let said = stderr(&full);
    assert!(said.contains("minimum.safetensors") && said.contains("too large"), "{said}");
    let run = fs::read_dir(folder.path().join("results/x/runs")).unwrap().next().unwrap().unwrap();
    let left = files(&run.path());
    assert!(
        !left.iter().any(|name| name == "record.json" || name.starts_with("minimum")),
        "{left:?}"
    );
    let again = etastar(folder.path(), &["train", "x.toml"]);
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(run.path().join("record.json").exists() && !run.path().join("failure.json").exists());
}

#[test]
fn a_sweep_trains_nothing_in_vain_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let grid = "--set sweep.learning_rate=[0.01,0.02,0.03,0.04] --set run.workers=1";
    let full = confined(folder.path(), 16, &format!("sweep x.toml {grid}"));
    assert_eq!(full.status.code(), Some(1), "{}", stderr(&full));
    let said = stderr(&full);
    assert!(said.contains("3 runs are left for the next sweep"), "{said}");
    let again = etastar(
        folder.path(),
        &["sweep", "x.toml", "--set", "sweep.learning_rate=[0.01,0.02,0.03,0.04]"],
    );
    assert!(again.status.success(), "{}", stderr(&again));
    let summary = fs::read_to_string(folder.path().join("results/x/summary.csv")).unwrap();
    assert_eq!(summary.lines().count(), 5);
}

#[test]
fn a_folder_that_cannot_be_made_is_named_before_anything_is_trained() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    fs::write(folder.path().join("results"), "a file where the folder should be").unwrap();
    for command in ["sweep", "train"] {
        let output = etastar(folder.path(), &[command, "x.toml"]);
        assert!(!output.status.success() && stdout(&output).is_empty());
        let said = stderr(&output);
        assert!(said.contains("results/x") && said.lines().count() < 4, "{said}");
        assert!(!said.contains("epoch"), "{said}");
    }
}

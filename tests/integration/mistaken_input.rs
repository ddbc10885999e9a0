//! Files and numbers that are given by mistake: one message that names them and the fix.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::config::{mnist, tiny_config};
use crate::common::program::{etastar, stderr, stdout};

fn refusal(folder: &Path, arguments: &[&str], words: &[&str]) {
    let output = etastar(folder, arguments);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    assert!(!said.contains("panic") && !said.contains("internal"), "{said}");
}

#[test]
fn configurations_that_are_other_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let wide: Vec<u8> = format!("\u{feff}{}", tiny_config().replace('\n', "\r\n"))
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    fs::write(here.join("wide.toml"), &wide).unwrap();
    fs::write(here.join("latin.toml"), b"# caf\xe9\n").unwrap();
    fs::write(here.join("k.npy"), b"\x93NUMPY\x01\x00v\x00{}").unwrap();
    for command in ["sweep", "train", "quadratic"] {
        refusal(here, &[command, "wide.toml"], &["wide.toml", "UTF-16", "save it as UTF-8"]);
        refusal(here, &[command, "latin.toml"], &["latin.toml", "line 1 is not UTF-8"]);
        refusal(here, &[command, "k.npy"], &["NumPy array", "etastar thresholds"]);
    }
    let marked = [b"\xef\xbb\xbf", tiny_config().as_bytes()].concat();
    fs::write(here.join("marked.toml"), marked).unwrap();
    let plan = etastar(here, &["sweep", "marked.toml", "--dry-run"]);
    assert!(plan.status.success(), "{}", stderr(&plan));
    assert!(!here.join("results").exists());
}

#[test]
fn data_that_git_lfs_did_not_fetch_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("x.toml"), tiny_config()).unwrap();
    fs::create_dir(here.join("data")).unwrap();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n";
    for suffix in ["", ".gz"] {
        let labels = format!("data/train-labels-idx1-ubyte{suffix}");
        fs::write(here.join(&labels), pointer).unwrap();
        let arguments = ["sweep", "x.toml", "--set", "data.folder=data"];
        refusal(here, &arguments, &[&labels, "Git LFS pointer", "git lfs pull"]);
        fs::remove_file(here.join(labels)).unwrap();
    }
    assert!(!here.join("results").exists());
}

#[cfg(unix)]
#[test]
fn links_to_nothing_are_named() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("x.toml"), tiny_config()).unwrap();
    for link in ["y.toml", "results", "data"] {
        symlink("gone/away", here.join(link)).unwrap();
    }
    let words = |link| [link, "is a link to gone/away, which does not exist"];
    refusal(here, &["sweep", "y.toml"], &words("y.toml"));
    let data = etastar(here, &["sweep", "x.toml", "--set", "data.folder=data"]);
    assert!(words("data").iter().all(|word| stderr(&data).contains(word)), "{}", stderr(&data));
    let results = etastar(here, &["sweep", "x.toml"]);
    assert!(!results.status.success());
    let said = stderr(&results);
    assert!(words("results").iter().all(|word| said.contains(word)), "{said}");
    assert!(said.contains("cannot create the results folder"), "{said}");
    let labels = here.join("other/train-labels-idx1-ubyte");
    fs::create_dir(here.join("other")).unwrap();
    symlink("gone/away", &labels).unwrap();
    refusal(
        here,
        &["sweep", "x.toml", "--set", "data.folder=other"],
        &words("train-labels-idx1-ubyte"),
    );
    assert!(mnist().exists());
}

#[test]
fn lists_may_be_several_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let matrix = folder.path().join("g.npy");
    let mut header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }".to_vec();
    header.resize(117, b' ');
    header.push(b'\n');
    let numbers = [4.0_f64, 0.0, 0.0, 1.0].into_iter().flat_map(f64::to_le_bytes);
    let content = [b"\x93NUMPY\x01\x00\x76\x00", &header[..]].concat();
    fs::write(&matrix, content.into_iter().chain(numbers).collect::<Vec<u8>>()).unwrap();
    let sizes = |options: &[&str]| -> Vec<u64> {
        let fixed = ["thresholds", "--outputs", "1", "--json"];
        let output = etastar(folder.path(), &[&fixed[..], options].concat());
        assert!(output.status.success(), "{options:?}: {}", stderr(&output));
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let all = answer["thresholds"].as_array().unwrap().iter();
        all.map(|found| found["batch_size"].as_u64().unwrap()).collect()
    };
    for options in [
        &["g.npy", "--batch-sizes", "1", "2"][..],
        &["--batch-sizes", "1", "2", "g.npy"],
        &["--batch-sizes", "1,2", "g.npy"],
        &["--batch-sizes=1", "2", "g.npy"],
        &["--batch-sizes", "1,", "2", "g.npy"],
    ] {
        assert_eq!(sizes(options), [1, 2], "{options:?}");
    }
    let words = ["--fractions must be below 1"];
    refusal(folder.path(), &["stationary", "none", "--fractions", "0.1", "2"], &words);
}

#[test]
fn a_probe_that_no_memory_holds_is_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("x.toml"), tiny_config()).unwrap();
    let train = etastar(here, &["train", "x.toml", "--json"]);
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    let id = record["run_id"].as_str().unwrap();
    let minimum = format!("results/x/runs/{id}/minimum.safetensors");
    for (option, value, words) in [
        ("--points", "99999999999", "--points must be at most 1000000"),
        ("--repeats", "99999999999", "fewer --points or --repeats"),
        ("--repeats", "18446744073709551615", "fewer --points or --repeats"),
    ] {
        refusal(here, &["probe", &minimum, option, value, "-o", "out"], &[words]);
    }
    assert!(!here.join("out").exists());
}

#[test]
fn sweeps_and_quadratics_do_not_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("x.toml"), tiny_config()).unwrap();
    let quadratic = "experiment = \"second_moment\"\nresults = \"results/x\"\n[problem]\n\
                     kind = \"low_rank\"\nsamples = 6\nrank = 2\n[second_moment]\nsteps = 4\n";
    fs::write(here.join("q.toml"), quadratic).unwrap();
    let made = etastar(here, &["quadratic", "q.toml"]);
    assert!(made.status.success(), "{}", stderr(&made));
    let listing = || {
        let mut names: Vec<_> = fs::read_dir(here.join("results/x"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        (names, fs::read(here.join("results/x/experiment.json")).unwrap())
    };
    let before = listing();
    let words = ["results/x holds the tables of `etastar quadratic`", "--set run.results=FOLDER"];
    for arguments in
        [&["sweep", "x.toml"][..], &["train", "x.toml"], &["sweep", "x.toml", "--dry-run"]]
    {
        refusal(here, arguments, &words);
        assert_eq!(listing(), before, "{arguments:?}");
    }
    fs::remove_dir_all(here.join("results/x")).unwrap();
    let trained = etastar(here, &["train", "x.toml"]);
    assert!(trained.status.success(), "{}", stderr(&trained));
    let before = listing();
    refusal(here, &["quadratic", "q.toml"], &["belongs to a sweep", "--set results=FOLDER"]);
    assert_eq!(listing(), before);
    assert!(stdout(&etastar(here, &["status", "results/x"])).contains("1 of 1 run done"));
    // Even where nothing but its settings is left of the sweep.
    for left in ["runs", "plan.json", "summary.csv", "figures"] {
        let path = here.join("results/x").join(left);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap()
        } else {
            let _ = fs::remove_file(path);
        }
    }
    let before = listing();
    refusal(here, &["quadratic", "q.toml"], &["belongs to a sweep: it has experiment.json"]);
    assert_eq!(listing(), before);
}

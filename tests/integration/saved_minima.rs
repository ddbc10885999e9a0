//! A saved minimum is measured only as what the run saved, at the run's own data.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

use crate::common::config::{mnist, tiny_config};
use crate::common::program::{etastar, stderr, stdout};

/// A folder with a finished run of x.toml, and the path of its minimum.
fn trained() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let train = etastar(folder.path(), &["train", "x.toml", "--json"]);
    assert!(train.status.success(), "{}", stderr(&train));
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    let id = record["run_id"].as_str().unwrap();
    let minimum = folder.path().join("results/x/runs").join(id).join("minimum.safetensors");
    (folder, minimum)
}

/// Runs `command` at `minimum` with `options`.
fn at(minimum: &Path, command: &str, options: &[&str]) -> Output {
    let path = minimum.display().to_string();
    etastar(minimum.parent().unwrap(), &[&[command, &path][..], options].concat())
}

fn assert_refused(output: &Output, words: &[&str]) {
    let said = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(words.iter().all(|word| said.contains(word)), "{words:?}: {said}");
    assert!(stdout(output).is_empty() && said.lines().count() == 1, "{said}");
}

/// Flips a bit of the exponent of the last weight: it becomes very large or small.
fn flip(minimum: &Path) {
    let mut bytes = fs::read(minimum).unwrap();
    let exponent = bytes.len() - 1;
    bytes[exponent] ^= 0x20;
    fs::write(minimum, bytes).unwrap();
}

/// What early versions wrote: no checksum, no digest of the data.
fn make_early(minimum: &Path) {
    let bytes = fs::read(minimum).unwrap();
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    let mut header: Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let origin = header["__metadata__"]["etastar"].as_str().unwrap();
    let mut origin: Value = serde_json::from_str(origin).unwrap();
    let fields = origin.as_object_mut().unwrap();
    assert!(fields.remove("checksum").is_some() && fields.remove("data_digest").is_some());
    header["__metadata__"]["etastar"] = origin.to_string().into();
    let mut text = header.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    let start = (text.len() as u64).to_le_bytes();
    fs::write(minimum, [&start[..], &text, &bytes[8 + length..]].concat()).unwrap();
}

const COMMANDS: [&str; 3] = ["analyze", "probe", "stationary"];

#[test]
fn flipped_bits_are_refused_wherever_a_minimum_is_read() {
    let (folder, minimum) = trained();
    let sound = fs::read(&minimum).unwrap();
    flip(&minimum);
    let run = minimum.parent().unwrap();
    for command in COMMANDS {
        let remedy = format!("remove the folder {}", run.display());
        assert_refused(&at(&minimum, command, &[]), &["damaged", "checksum", &remedy]);
    }
    // A lowest bit changes no loss that can be seen.
    let mut slightly = sound.clone();
    let last = slightly.len() - 4;
    slightly[last] ^= 1;
    fs::write(&minimum, &slightly).unwrap();
    assert_refused(&at(&minimum, "analyze", &[]), &["damaged", "checksum"]);
    let again = ["sweep", "x.toml", "--set", "analysis.spectrum=70"];
    let sweep = etastar(folder.path(), &again);
    assert_eq!(sweep.status.code(), Some(1), "{}", stderr(&sweep));
    assert!(stderr(&sweep).contains("checksum") && stderr(&sweep).contains("remove the folder"));
    // What the message says.
    fs::remove_dir_all(run).unwrap();
    let sweep = etastar(folder.path(), &again);
    assert!(sweep.status.success(), "{}", stderr(&sweep));
    assert!(at(&minimum, "analyze", &[]).status.success());
}

#[test]
fn early_minima_are_read_and_held_to_the_loss_of_their_record() {
    let (folder, minimum) = trained();
    let before = stdout(&at(&minimum, "analyze", &[]));
    make_early(&minimum);
    assert_eq!(stdout(&at(&minimum, "analyze", &[])), before);
    let again = |key: &str| etastar(folder.path(), &["sweep", "x.toml", "--set", key]);
    let sweep = again("analysis.spectrum=70");
    assert!(sweep.status.success(), "{}", stderr(&sweep));
    assert!(at(&minimum, "analyze", &["--data", &mnist().display().to_string()]).status.success());
    assert_refused(&at(&minimum, "analyze", &["--set", "data.split=t10k"]), &["--other-data"]);
    // The loss is compared at the settings of the run, not at those of this measurement.
    assert!(at(&minimum, "analyze", &["--set", "loss.factor=0.5"]).status.success());
    flip(&minimum);
    for command in COMMANDS {
        assert_refused(
            &at(&minimum, command, &[]),
            &["damaged", "record.json", "remove the folder"],
        );
    }
    let sweep = again("analysis.spectrum=71");
    assert_eq!(sweep.status.code(), Some(1), "{}", stderr(&sweep));
    assert!(stderr(&sweep).contains("the weights are damaged"), "{}", stderr(&sweep));
}

#[test]
fn other_data_are_measured_on_purpose_only() {
    let (folder, minimum) = trained();
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    for kind in ["images-idx3-ubyte", "labels-idx1-ubyte"] {
        let test = mnist().join(format!("t10k-{kind}.gz"));
        let plain = mnist().join(format!("t10k-{kind}"));
        let (from, suffix) = if test.exists() { (test, ".gz") } else { (plain, "") };
        fs::copy(from, other.join(format!("train-{kind}{suffix}"))).unwrap();
    }
    let other = other.display().to_string();
    for options in [
        &["--data", &other][..],
        &["--set", "data.samples_per_class=7"],
        &["--set", "data.scaling=standard"],
        &["--set", "data.label_noise=0.5"],
    ] {
        for command in COMMANDS {
            let refused = at(&minimum, command, options);
            assert_refused(&refused, &["trained on other data", "--other-data", "--data"]);
        }
        let purpose = at(&minimum, "analyze", &[options, &["--other-data"]].concat());
        assert!(purpose.status.success(), "{options:?}: {}", stderr(&purpose));
    }
    let own = mnist().display().to_string();
    assert!(at(&minimum, "analyze", &["--data", &own]).status.success());
}

#[test]
fn where_sgd_diverged_is_no_minimum() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("x.toml"), tiny_config()).unwrap();
    let diverged = ["--set", "train.learning_rate=20", "--set", "train.divergence_factor=1.5"];
    let train = etastar(folder.path(), &[&["train", "x.toml", "--json"][..], &diverged].concat());
    let record: Value = serde_json::from_slice(&train.stdout).unwrap();
    assert_eq!(record["stop_reason"], "diverged");
    let id = record["run_id"].as_str().unwrap();
    let minimum = folder.path().join("results/x/runs").join(id).join("minimum.safetensors");
    let (mut weights, mut origin) = {
        let saved = etastar::net::minimum::read(&minimum);
        match saved {
            Ok(saved) => (saved.weights, saved.origin.unwrap()),
            // NaN among the weights, which is refused for what it is.
            Err(error) => panic!("choose a run that ends at finite weights: {error}"),
        }
    };
    for command in COMMANDS {
        assert_refused(&at(&minimum, command, &[]), &["diverged run, which has no minimum"]);
        let all_the_same = at(&minimum, command, &["--other-data"]);
        assert_refused(&all_the_same, &["diverged run, which has no minimum"]);
    }
    // The same weights of a run that did not diverge are measured.
    origin = origin.replace("\"diverged\"", "\"max_epochs\"");
    weights.layers.iter_mut().for_each(|layer| layer.bias.fill(0.5));
    fs::write(&minimum, etastar::net::minimum::to_bytes(&weights, &origin).unwrap()).unwrap();
    let measured = at(&minimum, "analyze", &["--set", "analysis.thresholds=false"]);
    assert!(measured.status.success(), "{}", stderr(&measured));
}

#[test]
fn a_truncated_minimum_names_its_remedy() {
    let (folder, minimum) = trained();
    let bytes = fs::read(&minimum).unwrap();
    for length in [bytes.len() - 1, 40, 4, 0] {
        fs::write(&minimum, &bytes[..length]).unwrap();
        for command in COMMANDS {
            assert_refused(&at(&minimum, command, &[]), &["truncated", "remove the folder"]);
        }
    }
    let elsewhere = folder.path().join("copy.safetensors");
    fs::write(&elsewhere, &bytes[..40]).unwrap();
    assert_refused(&at(&elsewhere, "analyze", &[]), &["truncated", "copy or save it again"]);
}

#[test]
fn other_files_are_named_with_the_fix() {
    let (folder, minimum) = trained();
    let here = folder.path();
    let mut archive = b"PK\x03\x04".to_vec();
    archive.resize(26, 0);
    archive.extend(b"\x10\x00\x00\x00archive/data.pkl");
    let pointer = &b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"[..];
    for (content, words) in [
        (&archive[..], ["torch.save", "save_file(model.state_dict()"]),
        (pointer, ["Git LFS pointer", "git lfs pull"]),
        (b"\x93NUMPY\x01\x00v\x00{}", ["NumPy array", "etastar thresholds"]),
    ] {
        let path = here.join("minimum.pt");
        fs::write(&path, content).unwrap();
        assert_refused(&at(&path, "analyze", &[]), &words);
    }
    #[cfg(unix)]
    {
        let link = here.join("link.safetensors");
        std::os::unix::fs::symlink("gone.safetensors", &link).unwrap();
        assert_refused(
            &at(&link, "probe", &[]),
            &["link to gone.safetensors, which does not exist"],
        );
        let link = here.join("here.safetensors");
        std::os::unix::fs::symlink(&minimum, &link).unwrap();
        assert!(at(&link, "analyze", &[]).status.success());
    }
}

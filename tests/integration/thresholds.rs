//! `etastar thresholds` as a user of another framework meets it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::fixtures::fixture;
use crate::common::program::{etastar, stderr, stdout};
use serde_json::Value;

fn fixture_path(name: &str) -> String {
    fixture(name).display().to_string()
}

/// A version-1 `.npy` file of little-endian float64 in C order.
fn npy(folder: &Path, name: &str, shape: &str, values: &[f64]) -> String {
    let mut header =
        format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}").into_bytes();
    header.resize((header.len() + 11).next_multiple_of(64) - 11, b' ');
    header.push(b'\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let numbers = values.iter().flat_map(|value| value.to_le_bytes());
    let content: Vec<u8> =
        [b"\x93NUMPY\x01\x00", &length[..], &header].concat().into_iter().chain(numbers).collect();
    let path: PathBuf = folder.join(name);
    fs::write(&path, content).unwrap();
    path.display().to_string()
}

#[test]
fn the_json_has_the_reference_values() {
    let folder = tempfile::tempdir().unwrap();
    let expected = fs::read_to_string(fixture_path("random_q2.json")).unwrap();
    let expected: Value = serde_json::from_str(&expected).unwrap();
    for sampling in ["distinct", "independent", "bernoulli"] {
        let arguments = [
            "thresholds",
            &fixture_path("random_q2.npy"),
            "--outputs",
            "2",
            "--batch-sizes",
            "1,2,4,6",
            "--sampling",
            sampling,
            "--tolerance",
            "1e-8",
            "--json",
        ];
        let output = etastar(folder.path(), &arguments);
        assert!(output.status.success(), "{}", stderr(&output));
        let found: Value = serde_json::from_slice(&output.stdout).unwrap();
        for key in ["sharpness", "trace", "coherence", "noise_sharpness"] {
            let (found, expected) = (found[key].as_f64().unwrap(), expected[key].as_f64().unwrap());
            assert!((found / expected - 1.0).abs() < 1e-7, "{key}: {found} {expected}");
        }
        for threshold in found["thresholds"].as_array().unwrap() {
            let same = |other: &&Value| {
                other["batch_size"] == threshold["batch_size"] && other["sampling"] == sampling
            };
            let expected = expected["thresholds"].as_array().unwrap().iter().find(same).unwrap();
            let exact = expected["generalized_sharpness"].as_f64().unwrap();
            let enclosure = &threshold["generalized_sharpness"];
            let end = |name: &str| enclosure[name].as_f64().unwrap();
            assert!(end("lower") <= exact * (1.0 + 1e-12) && exact <= end("upper") * (1.0 + 1e-12));
            assert!(end("upper") - end("lower") <= 1e-8 * exact);
        }
    }
}

#[test]
fn the_table_fits_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        etastar(folder.path(), &["thresholds", &fixture_path("random_q2.npy"), "--outputs", "2"]);
    let text = stdout(&output);
    assert!(output.status.success() && text.contains("η*_var"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    assert_eq!(text.lines().filter(|line| line.contains(" ± ")).count(), 3);
}

/// Every sample has a direction of its own: whatever the order, an epoch takes (1 − ηλ_i) from each.
#[test]
fn shuffled_epochs_have_a_table_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let file = fixture_path("orthogonal_samples.npy");
    let options = ["--outputs", "1", "--batch-sizes", "1,2", "--shuffle", "--lyapunov"];
    let arguments = [&["thresholds", &file][..], &options].concat();
    let text = stdout(&etastar(folder.path(), &arguments));
    assert!(text.contains("B  η*_var of shuffled epochs"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let json = etastar(folder.path(), &[&arguments[..], &["--json"]].concat());
    let answer: Value = serde_json::from_slice(&json.stdout).unwrap();
    for threshold in answer["thresholds"].as_array().unwrap() {
        let number = |pointer| threshold.pointer(pointer).and_then(Value::as_f64).unwrap();
        let ratio = number("/eta_var_epoch/value") / number("/eta_var");
        assert!((ratio - 1.0).abs() < 1e-3, "{threshold}");
        assert!(number("/eta_as/high") >= number("/eta_var_epoch/low"), "{threshold}");
    }
    let both = [&arguments[..], &["--sampling", "bernoulli"]].concat();
    assert_eq!(etastar(folder.path(), &both).status.code(), Some(2));
}

#[test]
fn a_factor_scales_the_matrix() {
    let folder = tempfile::tempdir().unwrap();
    let sharpness = |factor: &str| {
        let file = fixture_path("random_q2.npy");
        let arguments =
            ["thresholds", &file, "--outputs", "2", "--kernel-factor", factor, "--json"];
        let answer: Value =
            serde_json::from_slice(&etastar(folder.path(), &arguments).stdout).unwrap();
        answer["sharpness"].as_f64().unwrap()
    };
    assert!((sharpness("0.5") - 0.5 * sharpness("1")).abs() < 1e-12);
}

#[test]
fn every_unusable_matrix_is_refused_with_its_fault() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    fs::write(here.join("empty.npy"), "").unwrap();
    fs::write(here.join("text.npy"), "not numpy").unwrap();
    let whole = fs::read(fixture_path("random_q2.npy")).unwrap();
    fs::write(here.join("half.npy"), &whole[..whole.len() / 2]).unwrap();
    let cases = [
        (npy(here, "wide.npy", "(1, 2)", &[1.0, 0.0]), "1", "not square"),
        (npy(here, "odd.npy", "(1, 1)", &[1.0]), "2", "not a multiple of the 2 outputs"),
        (npy(here, "skew.npy", "(2, 2)", &[1.0, 0.5, 0.2, 1.0]), "1", "not symmetric"),
        (npy(here, "negative.npy", "(2, 2)", &[1.0, 2.0, 2.0, 1.0]), "1", "negative eigenvalue"),
        (npy(here, "nan.npy", "(1, 1)", &[f64::NAN]), "1", "not a finite number"),
        (npy(here, "infinite.npy", "(1, 1)", &[f64::INFINITY]), "1", "not a finite number"),
        (npy(here, "zero.npy", "(1, 1)", &[0.0]), "1", "is zero"),
        (npy(here, "vector.npy", "(2,)", &[1.0, 2.0]), "1", "dimensions"),
        (here.join("empty.npy").display().to_string(), "1", "is empty"),
        (here.join("text.npy").display().to_string(), "1", "not a .npy file"),
        (here.join("half.npy").display().to_string(), "2", "truncated"),
        (here.join("none.npy").display().to_string(), "1", "cannot open"),
    ];
    for (file, outputs, words) in &cases {
        let output = etastar(here, &["thresholds", file, "--outputs", outputs]);
        assert_eq!(output.status.code(), Some(2), "{file}: {}", stderr(&output));
        let text = stderr(&output);
        assert!(text.contains(words), "{file}: {text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
    for batch_size in ["0", "7"] {
        let file = fixture_path("random_q2.npy");
        let output =
            etastar(here, &["thresholds", &file, "--outputs", "2", "--batch-sizes", batch_size]);
        assert_eq!(output.status.code(), Some(2));
        assert!(stderr(&output).contains("outside 1..=6"), "{}", stderr(&output));
    }
}

/// Proposition 8 is about batches of distinct samples: sixteen equal samples in Bernoulli batches are
/// stable up to 0.52 of 2/λ_max at B = 1.
#[test]
fn the_sufficient_batch_size_is_for_distinct_samples() {
    let folder = tempfile::tempdir().unwrap();
    let file = npy(folder.path(), "g.npy", "(4, 4)", &[1.0; 16]);
    let page = |sampling| {
        let arguments = ["thresholds", &file, "--outputs", "1", "--sampling", sampling];
        stdout(&etastar(folder.path(), &arguments))
    };
    assert!(page("distinct").contains("η*_mean for every batch size ≥ 1"));
    for sampling in ["independent", "bernoulli"] {
        let page = page(sampling);
        assert!(page.contains("η*_mean = 2") && !page.contains("every batch size"), "{page}");
    }
}

/// Nothing is shuffled in a full batch.
#[test]
fn full_batches_lose_stability_at_twice_over_the_sharpness() {
    let folder = tempfile::tempdir().unwrap();
    let file = npy(folder.path(), "g.npy", "(2, 2)", &[4.0, 0.0, 0.0, 1.0]);
    let arguments =
        ["thresholds", &file, "--outputs", "1", "--batch-sizes", "2", "--shuffle", "--json"];
    let answer = etastar(folder.path(), &arguments);
    let answer: Value = serde_json::from_slice(&answer.stdout).unwrap();
    for end in ["low", "value", "high"] {
        assert_eq!(answer["thresholds"][0]["eta_var_epoch"][end], 1.0, "{answer}");
    }
}

#[test]
fn eigenvalues_that_single_precision_makes_up_are_told() {
    let folder = tempfile::tempdir().unwrap();
    // Rank 1 but for rounding, which leaves a second positive eigenvalue, of 1e-7.
    let row = [1.0_f32, 0.5, 1.6, 1.9];
    let entries: [f32; 16] = std::array::from_fn(|k| row[k / 4] * row[k % 4]);
    let file = npy(folder.path(), "g.npy", "(4, 4)", &[0.0; 16]);
    let mut content = fs::read(&file).unwrap();
    content.truncate(content.len() - 128);
    let at = content.windows(3).position(|part| part == b"<f8").unwrap();
    content[at..at + 3].copy_from_slice(b"<f4");
    content.extend(entries.iter().flat_map(|entry| entry.to_le_bytes()));
    fs::write(&file, content).unwrap();
    let text = stdout(&etastar(folder.path(), &["thresholds", &file, "--outputs", "1"]));
    assert!(text.contains("1 of the 2 eigenvalues may be rounding"), "{text}");
}

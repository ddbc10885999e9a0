//! Every number of `thresholds` against the dense d²×d² reference, on the committed fixtures.

use std::fs;

use crate::common::fixtures::fixture;
use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::{
    gram::npy::read_gram,
    stability::{
        solver::{SolverOptions, Status},
        thresholds::{Request, thresholds},
    },
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;
/// Of the enclosures: the value is far closer, its error being quadratic.
const WIDTH: f64 = 1e-7;

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or_else(|| panic!("no number {key} in {value}"))
}

fn close(found: f64, expected: f64, scale: f64, what: &str) {
    assert!((found - expected).abs() <= TOLERANCE * scale, "{what}: {found} is not {expected}");
}

fn check(name: &str) {
    let expected: Value =
        serde_json::from_str(&fs::read_to_string(fixture(&format!("{name}.json"))).unwrap())
            .unwrap();
    let outputs = expected["outputs"].as_u64().unwrap() as usize;
    let gram = read_gram(&fixture(&format!("{name}.npy")), outputs, 1.0).unwrap();
    for entry in expected["thresholds"].as_array().unwrap() {
        let sampling: Sampling = entry["sampling"].as_str().unwrap().parse().unwrap();
        let request = Request {
            batch_sizes: vec![entry["batch_size"].as_u64().unwrap() as usize],
            sampling,
            optimizer: Optimizer::default(),
            options: SolverOptions { tolerance: WIDTH, ..SolverOptions::default() },
        };
        let report = thresholds(&gram, &request, &mut |_| ()).unwrap();
        let found = serde_json::to_value(&report).unwrap();
        assert_eq!(found["samples"], expected["samples"]);
        assert_eq!(found["rank"], expected["rank"], "{name}");
        let unit = number(&expected, "sharpness");
        for key in ["sharpness", "trace", "noise_sharpness"] {
            close(number(&found, key), number(&expected, key), unit, &format!("{name} {key}"));
        }
        close(report.coherence, number(&expected, "coherence"), 1.0, name);

        let threshold = &found["thresholds"][0];
        let what = |key: &str| format!("{name} {} {sampling} {key}", entry["batch_size"]);
        for key in ["alpha", "beta", "eta_mean", "eta_var", "bound_17", "bound_18"] {
            let value = number(entry, key);
            close(number(threshold, key), value, value.abs().max(1e-300), &what(key));
        }
        let value = number(entry, "generalized_sharpness");
        let sharpness = &threshold["generalized_sharpness"];
        close(number(sharpness, "value"), value, value, &what("generalized sharpness"));
        assert!(number(sharpness, "lower") <= value * (1.0 + 1e-13), "{}", what("lower"));
        assert!(number(sharpness, "upper") >= value * (1.0 - 1e-13), "{}", what("upper"));
        assert_eq!(
            report.thresholds[0].status,
            Status::Converged,
            "{} {sharpness}",
            what("status")
        );
        close(
            number(threshold, "one_step_upper"),
            number(entry, "one_step_upper"),
            value,
            &what("one step"),
        );
        let bound_27 = number(threshold, "bound_27");
        assert!(
            number(threshold, "bound_17") <= bound_27 && bound_27 <= number(sharpness, "value")
        );
        // Linear in the error of the maximiser, which is the root of that of the value.
        let rank = number(entry, "effective_rank");
        let found = number(threshold, "effective_rank");
        assert!((found - rank).abs() < 1e-4 * rank, "{}: {found}, {rank}", what("effective rank"));
    }
}

#[test]
fn random_two_outputs() {
    check("random_q2");
}

#[test]
fn rank_deficient() {
    check("rank_deficient_q1");
}

#[test]
fn heavy_tailed_three_outputs() {
    check("heavy_tailed_q3");
}

#[test]
fn identical_samples() {
    check("identical_samples");
}

#[test]
fn orthogonal_samples() {
    check("orthogonal_samples");
}

#[test]
fn one_silent_sample() {
    check("one_silent_sample");
}

#[test]
fn single_sample() {
    check("single_sample");
}

/// At a minimum with label noise the best rank-one bound is near the top vector of the sample with the second
/// largest norm; from few starts it was 155.80.
#[test]
fn the_rank_one_bound_starts_from_many_samples() {
    let gram = read_gram(&fixture("label_noise_minimum_q4.npy"), 4, 1.0).unwrap();
    let request = Request {
        batch_sizes: vec![1],
        sampling: Sampling::Distinct,
        optimizer: Optimizer::default(),
        options: SolverOptions { tolerance: 1e-3, ..SolverOptions::default() },
    };
    let found = &thresholds(&gram, &request, &mut |_| ()).unwrap().thresholds[0];
    // 169.50 to five digits.
    assert!(found.bound_27 >= 169.495 && found.bound_27 <= found.generalized_sharpness.value);
}

//! Single-precision iterations must prove the same numbers as double-precision ones.

use crate::common::fixtures::fixture;
use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::{
    gram::{Gram, npy::read_gram},
    stability::{
        solver::{SolverOptions, Status},
        thresholds::{Report, Request, thresholds},
    },
};
use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn report(gram: &Gram, tolerance: f64) -> Report {
    let options = SolverOptions { tolerance, ..SolverOptions::default() };
    let batch_sizes = vec![1, 8, gram.samples() - 1];
    let request = Request {
        batch_sizes,
        sampling: Sampling::Distinct,
        optimizer: Optimizer::default(),
        options,
    };
    thresholds(gram, &request, &mut |_| ()).unwrap()
}

fn check(gram: &Gram) {
    // Double precision is used throughout below 1e-5.
    let (single, double) = (report(gram, 1e-4), report(gram, 1e-6));
    let noise = (single.noise_sharpness - double.noise_sharpness).abs();
    assert!(noise <= 1e-5 * single.sharpness, "{single:?} {double:?}");
    for (s, d) in single.thresholds.iter().zip(&double.thresholds) {
        assert_eq!((s.status, d.status), (Status::Converged, Status::Converged), "{s:?} {d:?}");
        let (s, d) = (s.generalized_sharpness, d.generalized_sharpness);
        assert!(s.relative_width() <= 1e-4 && d.relative_width() <= 1e-6);
        assert!(s.lower <= d.upper && d.lower <= s.upper, "{s:?} {d:?}");
        assert!((s.value / d.value - 1.0).abs() < 1e-5, "{s:?} {d:?}");
    }
}

/// Features of decaying weight, as real tangent kernels have, and samples of different size.
fn gram(samples: usize, outputs: usize, features: usize) -> Gram {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let sizes: Vec<f64> = (0..samples).map(|_| rng.random_range(-1.5..1.0_f64).exp()).collect();
    let rows = Mat::from_fn(samples * outputs, features, |row, k| {
        sizes[row / outputs] * rng.random_range(-0.7..1.0) / (1.0 + k as f64).powf(0.8)
    });
    Gram::new(&rows * rows.transpose(), outputs).unwrap()
}

#[test]
fn few_outputs_full_rank() {
    check(&gram(130, 4, 700));
}

#[test]
fn few_outputs_rank_deficient() {
    check(&gram(180, 3, 300));
}

#[test]
fn many_outputs() {
    check(&gram(64, 8, 600));
}

#[test]
fn one_output() {
    check(&gram(520, 1, 900));
}

#[test]
fn equal_samples_have_no_noise() {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let one = Mat::from_fn(4, 9, |_, _| rng.random_range(-1.0..1.0_f64));
    let rows = Mat::from_fn(4 * 128, 9, |row, k| one[(row % 4, k)]);
    let found = report(&Gram::new(&rows * rows.transpose(), 4).unwrap(), 1e-4);
    assert!(found.noise_sharpness.abs() < 1e-9 * found.sharpness);
    for threshold in &found.thresholds {
        assert!((threshold.eta_var / threshold.eta_mean - 1.0).abs() < 1e-9);
    }
}

/// Two groups of samples, equal but for a factor 1 − `excess` and a weak `coupling`: the second
/// couples to itself nearly as strongly as the first, and has a small part in the maximiser.
fn groups(samples: usize, outputs: usize, excess: f64, coupling: f64) -> Gram {
    let (half, features) = (samples / 2 * outputs, 350);
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let sizes: Vec<f64> = (0..samples / 2).map(|_| rng.random_range(-1.5..1.0_f64).exp()).collect();
    let group = Mat::from_fn(half, features, |row, k| {
        sizes[row / outputs] * rng.random_range(-0.7..1.0) / (1.0 + k as f64).powf(0.8)
    });
    let rows = Mat::from_fn(2 * half, 2 * features, |row, k| {
        let own = match (row < half, k < features) {
            (true, true) => group[(row, k)],
            (false, false) => (1.0 - excess) * group[(row - half, k - features)],
            _ => 0.0,
        };
        own + 0.05 * coupling * rng.random_range(-1.0..1.0)
    });
    Gram::new(&rows * rows.transpose(), outputs).unwrap()
}

#[test]
fn groups_that_hardly_couple_are_enclosed_as_narrowly() {
    for (excess, coupling) in [(1e-4, 1e-3), (1e-3, 1e-2), (1e-3, 0.1), (1e-2, 1e-3)] {
        check(&groups(130, 4, excess, coupling));
    }
}

/// Lanczos once spent all its iterations on rounding, and the answer was that of a bound.
#[test]
fn a_tolerance_beyond_reach_costs_no_accuracy() {
    for (samples, outputs, features) in [(10, 3, 15), (12, 2, 8), (16, 1, 9)] {
        let gram = gram(samples, outputs, features);
        let usual = &report(&gram, 1e-8).thresholds[0];
        assert_eq!(usual.status, Status::Converged);
        for tolerance in [1e-10, 1e-12, 1e-15] {
            let found = &report(&gram, tolerance).thresholds[0];
            let sharpness = found.generalized_sharpness;
            assert!(sharpness.relative_width() < 2e-9, "{tolerance}: {sharpness:?}");
            let change = sharpness.value / usual.generalized_sharpness.value - 1.0;
            assert!(change.abs() < 1e-12, "{tolerance}: {change:e}");
            assert!((found.effective_rank / usual.effective_rank - 1.0).abs() < 1e-3);
        }
    }
}

/// Two groups that couple by 1e-8: the first aim left 5.6% at three of these tolerances.
#[test]
fn what_one_aim_leaves_wide_another_encloses() {
    let gram = read_gram(&fixture("nearly_separate_groups_q3.npy"), 3, 1.0).unwrap();
    for tolerance in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8] {
        for batch_sizes in [vec![3], vec![1, 2, 3, 4]] {
            let options = SolverOptions { tolerance, ..SolverOptions::default() };
            let request = Request {
                batch_sizes,
                sampling: Sampling::Distinct,
                optimizer: Optimizer::default(),
                options,
            };
            for found in thresholds(&gram, &request, &mut |_| ()).unwrap().thresholds {
                assert_eq!(found.status, Status::Converged, "{tolerance}: {found:?}");
            }
        }
    }
}

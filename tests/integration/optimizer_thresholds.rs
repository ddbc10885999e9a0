//! Thresholds of SGD with momentum and weight decay against the dense second-moment operator of position and velocity,
//! (2d)² × (2d)², every batch in expectation.

use std::fs;

use etastar::gram::Gram;
use etastar::gram::npy::read_gram;
use etastar::optimizer::{Optimizer, OptimizerSettings};
use etastar::process::{Coefficients, Sampling};
use etastar::stability::solver::{SolverOptions, Status};
use etastar::stability::thresholds::{Report, Request, thresholds};
use faer::Mat;
use proptest::prelude::*;
use serde_json::Value;

use crate::common::fixtures::fixture;

const PLAIN: OptimizerSettings = OptimizerSettings {
    momentum: 0.0,
    nesterov: false,
    weight_decay: 0.0,
    decoupled: false,
    dampening: 0.0,
};

fn report(
    gram: &Gram,
    optimizer: Optimizer,
    sampling: Sampling,
    batch_sizes: Vec<usize>,
    tolerance: f64,
) -> Report {
    let options = SolverOptions { tolerance, ..SolverOptions::default() };
    let request = Request { batch_sizes, sampling, optimizer, options };
    thresholds(gram, &request, &mut |_| ()).unwrap()
}

fn check_fixture(name: &str) {
    let text = fs::read_to_string(fixture(&format!("{name}.json"))).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    let outputs = expected["outputs"].as_u64().unwrap() as usize;
    let gram = read_gram(&fixture(&format!("{name}.npy")), outputs, 1.0).unwrap();
    let entries = expected["thresholds"].as_array().unwrap();
    assert_eq!(entries.len(), 54);
    for entry in entries {
        let number = |key: &str| entry[key].as_f64().unwrap();
        let settings = OptimizerSettings {
            momentum: number("momentum"),
            nesterov: entry["nesterov"].as_bool().unwrap(),
            weight_decay: number("weight_decay"),
            decoupled: entry["decoupled"].as_bool().unwrap(),
            dampening: 0.0,
        };
        let sampling: Sampling = entry["sampling"].as_str().unwrap().parse().unwrap();
        let batch_size = entry["batch_size"].as_u64().unwrap() as usize;
        let optimizer = settings.optimizer().unwrap();
        let found = report(&gram, optimizer, sampling, vec![batch_size], 1e-6);
        let found = &found.thresholds[0];
        let mean = number("eta_mean");
        assert!((found.eta_mean / mean - 1.0).abs() < 1e-10, "{entry}");
        let exact = 2.0 / number("eta_var");
        let enclosure = found.generalized_sharpness;
        assert_eq!(found.status, Status::Converged, "{entry} {enclosure:?}");
        assert!((found.eta_var / number("eta_var") - 1.0).abs() < 1e-6, "{entry}");
        // The reference is bisected to about 1e-10.
        assert!(enclosure.lower <= exact * (1.0 + 1e-9), "{entry} {enclosure:?}");
        assert!(enclosure.upper >= exact * (1.0 - 1e-9), "{entry} {enclosure:?}");
        assert!(found.bound_17 <= found.bound_27 * (1.0 + 1e-12));
        assert!(found.bound_27 <= exact * (1.0 + 1e-8), "{entry} {}", found.bound_27);
        assert!(found.bound_18 <= exact * (1.0 + 1e-8), "{entry} {}", found.bound_18);
        assert!(found.one_step_upper >= exact * (1.0 - 1e-8), "{entry} {}", found.one_step_upper);
    }
}

#[test]
fn one_output_as_in_the_reference() {
    check_fixture("momentum_plain_q1");
}

#[test]
fn two_outputs_as_in_the_reference() {
    check_fixture("momentum_heavy_q2");
}

#[derive(Debug, Clone)]
struct Problem {
    rows: Mat<f64>,
    samples: usize,
    outputs: usize,
}

impl Problem {
    fn gram(&self) -> Gram {
        Gram::new(&self.rows * self.rows.transpose(), self.outputs).unwrap()
    }

    fn hessians(&self) -> Vec<Mat<f64>> {
        let block = |i: usize| self.rows.subrows(i * self.outputs, self.outputs);
        (0..self.samples).map(|i| block(i).transpose() * block(i)).collect()
    }

    /// The spectral radius of E[M_B ⊗ M_B], M_B = S_0 ⊗ I + S_1 ⊗ H_B.
    fn radius(&self, pair: Coefficients, settings: OptimizerSettings, eta: f64) -> f64 {
        let (s0, s1) = step_matrices(settings, eta);
        let hessians = self.hessians();
        let (d, n) = (self.rows.ncols(), self.samples as f64);
        let mean = hessians.iter().fold(Mat::zeros(d, d), |sum: Mat<f64>, h| sum + h * (1.0 / n));
        let identity = Mat::<f64>::identity(d, d);
        let constant = kronecker(&s0, &identity);
        let average = &constant + kronecker(&s1, &mean);
        let mut operator = kronecker(&average, &average);
        let gradient = |h: &Mat<f64>| kronecker(&kronecker(&s1, h), &kronecker(&s1, h));
        operator += gradient(&mean) * (pair.alpha - 1.0);
        for hessian in &hessians {
            operator += gradient(hessian) * (pair.beta / n);
        }
        let values = operator.eigenvalues().unwrap();
        values.iter().map(|z| z.re.hypot(z.im)).fold(0.0, f64::max)
    }

    fn eta_var(&self, pair: Coefficients, settings: OptimizerSettings, highest: f64) -> f64 {
        let stable = |eta: f64| self.radius(pair, settings, eta) < 1.0;
        // The pair may be marginally stable in the null space of H.
        let (mut low, mut high) = (1e-5 * highest, highest * (1.0 + 1e-9));
        if stable(high) {
            return highest;
        }
        for _ in 0..45 {
            let middle = (low * high).sqrt();
            if stable(middle) { low = middle } else { high = middle }
        }
        (low * high).sqrt()
    }
}

/// (θ, v) ← (S_0 ⊗ I + S_1 ⊗ H_B)(θ, v), PyTorch's step written out.
fn step_matrices(settings: OptimizerSettings, eta: f64) -> (Mat<f64>, Mat<f64>) {
    let OptimizerSettings { momentum: m, nesterov, weight_decay: w, decoupled, dampening } =
        settings;
    let eta_of_gradient = 1.0 - dampening;
    let (s0, s1) = if decoupled {
        (
            [[1.0 - eta * w, -eta * m], [0.0, m]],
            [[-eta * eta_of_gradient, 0.0], [eta_of_gradient, 0.0]],
        )
    } else if nesterov {
        ([[1.0 - eta * (1.0 + m) * w, -eta * m * m], [w, m]], [[-eta * (1.0 + m), 0.0], [1.0, 0.0]])
    } else {
        (
            [[1.0 - eta * eta_of_gradient * w, -eta * m], [eta_of_gradient * w, m]],
            [[-eta * eta_of_gradient, 0.0], [eta_of_gradient, 0.0]],
        )
    };
    let matrix = |rows: [[f64; 2]; 2]| Mat::from_fn(2, 2, |i, j| rows[i][j]);
    (matrix(s0), matrix(s1))
}

fn kronecker(a: &Mat<f64>, b: &Mat<f64>) -> Mat<f64> {
    let (p, q) = (b.nrows(), b.ncols());
    Mat::from_fn(a.nrows() * p, a.ncols() * q, |i, j| a[(i / p, j / q)] * b[(i % p, j % q)])
}

/// Problems whose rows span the space, so that no direction stays for ever.
fn problems() -> impl Strategy<Value = Problem> {
    (1..=2_usize, 2..=3_usize, 0..=2_usize).prop_flat_map(|(outputs, dimension, more)| {
        let samples = dimension.div_ceil(outputs) + 1 + more;
        let count = samples * outputs * dimension;
        prop::collection::vec(-1.0..1.0_f64, count).prop_map(move |entries| Problem {
            // Cubes: samples of very different sizes.
            rows: Mat::from_fn(samples * outputs, dimension, |i, j| {
                let x = entries[i * dimension + j];
                x * x * x + if i % dimension == j { 0.3 } else { 0.0 }
            }),
            samples,
            outputs,
        })
    })
}

fn settings() -> impl Strategy<Value = OptimizerSettings> {
    (0..6, 0.05..0.97_f64, 0.01..1.0_f64).prop_map(|(kind, momentum, weight_decay)| match kind {
        0 => OptimizerSettings { momentum, ..PLAIN },
        1 => OptimizerSettings { momentum, nesterov: true, ..PLAIN },
        2 => OptimizerSettings { momentum, weight_decay, ..PLAIN },
        3 => OptimizerSettings { momentum, weight_decay, decoupled: true, ..PLAIN },
        4 => OptimizerSettings { momentum, weight_decay, nesterov: true, ..PLAIN },
        _ => OptimizerSettings { momentum, dampening: 0.5, weight_decay, ..PLAIN },
    })
}

const SAMPLINGS: [Sampling; 3] = [Sampling::Distinct, Sampling::Independent, Sampling::Bernoulli];

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn thresholds_are_those_of_the_second_moment_of_position_and_velocity(
        problem in problems(), settings in settings(), sampling in 0..3_usize, batch in 0.0..1.0_f64
    ) {
        let optimizer = settings.optimizer().unwrap();
        let batch_size = 1 + (batch * (problem.samples - 1) as f64) as usize;
        let sampling = SAMPLINGS[sampling];
        let found = report(&problem.gram(), optimizer, sampling, vec![batch_size], 1e-6);
        let found = &found.thresholds[0];
        let pair = sampling.coefficients(problem.samples, batch_size).unwrap();
        let expected = problem.eta_var(pair, settings, found.eta_mean);
        let enclosure = found.generalized_sharpness;
        prop_assert_eq!(found.status, Status::Converged, "{:?}", enclosure);
        prop_assert!((found.eta_var / expected - 1.0).abs() < 2e-6, "{} {}", found.eta_var, expected);
        prop_assert!(enclosure.lower <= 2.0 / expected * (1.0 + 1e-8));
        prop_assert!(enclosure.upper >= 2.0 / expected * (1.0 - 1e-8));
        prop_assert!(found.bound_17 <= found.bound_27 * (1.0 + 1e-12));
        prop_assert!(found.bound_27 <= enclosure.upper * (1.0 + 1e-9));
        prop_assert!(found.bound_18 <= enclosure.upper * (1.0 + 1e-9));
        prop_assert!(found.one_step_upper >= enclosure.lower * (1.0 - 1e-9));
        prop_assert!(found.eta_var <= found.eta_mean * (1.0 + 1e-9));
    }

    #[test]
    fn little_momentum_is_plain_sgd(problem in problems()) {
        let batch_sizes: Vec<usize> = (1..=problem.samples).collect();
        let gram = problem.gram();
        let small = OptimizerSettings { momentum: 1e-9, ..PLAIN }.optimizer().unwrap();
        let plain = report(&gram, Optimizer::Sgd, Sampling::Distinct, batch_sizes.clone(), 1e-7);
        let found = report(&gram, small, Sampling::Distinct, batch_sizes, 1e-7);
        let sharpness = plain.sharpness;
        for (found, plain) in found.thresholds.iter().zip(&plain.thresholds) {
            prop_assert!((found.eta_var / plain.eta_var - 1.0).abs() < 2e-7);
            prop_assert!((found.bound_17 / plain.bound_17 - 1.0).abs() < 1e-7);
            // Full batches bound it too.
            let bound_18 = plain.bound_18.max(sharpness);
            prop_assert!((found.bound_18 / bound_18 - 1.0).abs() < 1e-7);
            prop_assert!(found.bound_27 > plain.bound_27 * (1.0 - 1e-4));
        }
    }

    #[test]
    fn full_batches_have_the_full_batch_threshold(problem in problems(), settings in settings()) {
        let optimizer = settings.optimizer().unwrap();
        let report = report(
            &problem.gram(), optimizer, Sampling::Distinct, vec![problem.samples], 1e-6,
        );
        let found = &report.thresholds[0];
        prop_assert!((found.eta_var / found.eta_mean - 1.0).abs() < 1e-9);
        let enclosure = found.generalized_sharpness;
        prop_assert!(enclosure.lower <= 2.0 / found.eta_mean && 2.0 / found.eta_mean <= enclosure.upper);
    }

    #[test]
    fn repeated_and_silent_samples_change_the_process_as_they_should(
        problem in problems(), settings in settings()
    ) {
        let optimizer = settings.optimizer().unwrap();
        // Every sample twice: one independent draw is the same process.
        let (n, q, d) = (problem.samples, problem.outputs, problem.rows.ncols());
        let twice = Mat::from_fn(2 * n * q, d, |i, j| problem.rows[(i % (n * q), j)]);
        let twice = Gram::new(&twice * twice.transpose(), q).unwrap();
        let once = report(&problem.gram(), optimizer, Sampling::Independent, vec![1], 1e-6);
        let both = report(&twice, optimizer, Sampling::Independent, vec![1], 1e-6);
        let ratio = both.thresholds[0].eta_var / once.thresholds[0].eta_var;
        prop_assert!((ratio - 1.0).abs() < 2e-6, "{}", ratio);
        // A sample without curvature: the dense operator again.
        let silent = Problem {
            rows: Mat::from_fn((n + 1) * q, d, |i, j| {
                if i < n * q { problem.rows[(i, j)] } else { 0.0 }
            }),
            samples: n + 1,
            ..problem
        };
        let found = report(&silent.gram(), optimizer, Sampling::Distinct, vec![1], 1e-6);
        let found = &found.thresholds[0];
        let pair = Sampling::Distinct.coefficients(n + 1, 1).unwrap();
        let expected = silent.eta_var(pair, settings, found.eta_mean);
        prop_assert!((found.eta_var / expected - 1.0).abs() < 2e-6, "{} {}", found.eta_var, expected);
        prop_assert_eq!(found.status, Status::Converged, "{:?}", found.generalized_sharpness);
    }

    /// max{λ_1/(1+m), [s_0 − 2mλ_1/(1−m²)]/(1−m)} ≤ s_m ≤ s_0/(1−m), and the batch size of Proposition 8.
    #[test]
    fn the_sandwich_holds(problem in problems(), momentum in 0.05..0.97_f64, epsilon in 0.02..0.5_f64) {
        let batch_sizes: Vec<usize> = (1..=problem.samples).collect();
        let gram = problem.gram();
        let optimizer = OptimizerSettings { momentum, ..PLAIN }.optimizer().unwrap();
        let plain = report(&gram, Optimizer::Sgd, Sampling::Distinct, batch_sizes.clone(), 1e-6);
        let found = report(&gram, optimizer, Sampling::Distinct, batch_sizes, 1e-6);
        let (m, sharpness, noise_sharpness) = (momentum, plain.sharpness, plain.noise_sharpness);
        for (found, plain) in found.thresholds.iter().zip(&plain.thresholds) {
            let (s, s0) = (found.generalized_sharpness, plain.generalized_sharpness);
            let low = (sharpness / (1.0 + m))
                .max((s0.lower - 2.0 * m * sharpness / (1.0 - m * m)) / (1.0 - m));
            prop_assert!(low <= s.upper * (1.0 + 1e-9), "{} {:?}", low, s);
            prop_assert!(s.lower <= s0.upper / (1.0 - m) * (1.0 + 1e-9));
            let noise = sharpness / (1.0 + m) + plain.beta * noise_sharpness / (1.0 - m);
            prop_assert!(s.lower <= noise * (1.0 + 1e-6));
        }
        let least = found.sufficient_batch_size(epsilon).unwrap();
        let factor = (1.0 + m) / (1.0 - m);
        let of_theorem =
            (1.0 - epsilon) / epsilon * factor * found.noise_sharpness / sharpness;
        prop_assert!(
            least == (of_theorem.ceil() as usize).clamp(1, problem.samples)
                || (of_theorem - of_theorem.round()).abs() < 1e-6
        );
        for threshold in found.thresholds.iter().filter(|t| t.batch_size >= least) {
            prop_assert!(threshold.eta_var >= (1.0 - epsilon) * threshold.eta_mean * (1.0 - 1e-6));
        }
    }
}

#[test]
fn a_single_sample_has_no_noise() {
    let gram = Gram::new(Mat::from_fn(1, 1, |_, _| 3.0), 1).unwrap();
    for settings in [
        OptimizerSettings { momentum: 0.9, ..PLAIN },
        OptimizerSettings { momentum: 0.9, nesterov: true, ..PLAIN },
        OptimizerSettings { momentum: 0.9, weight_decay: 0.5, decoupled: true, ..PLAIN },
    ] {
        for sampling in SAMPLINGS {
            let report = report(&gram, settings.optimizer().unwrap(), sampling, vec![1], 1e-6);
            let found = &report.thresholds[0];
            assert_eq!(found.status, Status::Converged, "{found:?}");
            assert!((found.eta_var / found.eta_mean - 1.0).abs() < 1e-6, "{found:?}");
        }
    }
}

/// A tolerance below rounding leaves an enclosure that is wider, and proved.
#[test]
fn unreachable_tolerances_leave_both_ends() {
    let gram = read_gram(&fixture("momentum_heavy_q2.npy"), 2, 1.0).unwrap();
    for settings in [
        OptimizerSettings { momentum: 0.9, ..PLAIN },
        OptimizerSettings { momentum: 0.9, nesterov: true, ..PLAIN },
        OptimizerSettings { momentum: 0.9, weight_decay: 1.0, decoupled: true, ..PLAIN },
    ] {
        let optimizer = settings.optimizer().unwrap();
        let wide = report(&gram, optimizer, Sampling::Distinct, vec![1, 2], 1e-13);
        for found in &wide.thresholds {
            let s = found.generalized_sharpness;
            assert_eq!(found.status, Status::WiderThanTolerance);
            assert!((s.upper - s.lower) / s.value < 1e-6, "{settings:?} {s:?}");
        }
    }
}

/// Strong decoupled decay: the crossing is so close to the pole of the full batch that a step of Newton's method may
/// pass it, beyond which nothing is proved.
#[test]
fn nothing_is_proved_beyond_the_full_batch() {
    let rows =
        Mat::from_fn(4, 2, |i, j| [[1.0, 0.2], [0.01, 0.02], [0.03, -0.01], [0.0, 0.01]][i][j]);
    let gram = Gram::new(&rows * rows.transpose(), 1).unwrap();
    for share in [1.0, 10.0, 60.0, 300.0] {
        for momentum in [0.1, 0.5, 0.97] {
            for (nesterov, decoupled) in [(false, true), (false, false), (true, false)] {
                let weight_decay = share * 0.3;
                let settings =
                    OptimizerSettings { momentum, nesterov, weight_decay, decoupled, ..PLAIN };
                let optimizer = settings.optimizer().unwrap();
                for sampling in SAMPLINGS {
                    for tolerance in [1e-3, 1e-4, 1e-7] {
                        let report =
                            report(&gram, optimizer, sampling, vec![1, 2, 3, 4], tolerance);
                        for found in &report.thresholds {
                            let s = found.generalized_sharpness;
                            assert!(s.lower <= s.value && s.value <= s.upper, "{settings:?} {s:?}");
                            assert!(found.bound_27 <= s.upper, "{settings:?} {s:?}");
                            let width = (s.upper - s.lower) / s.value;
                            let converged = found.status == Status::Converged;
                            assert!(!converged || width <= tolerance * 1.01, "{settings:?} {s:?}");
                            assert!(converged, "{settings:?} {sampling} {tolerance} {s:?}");
                        }
                    }
                }
            }
        }
    }
}

/// One dimension: 1/η* = λ/(2(1+m)) + σ²/(2λ(1−m)), σ² = mean (h_i − λ)² at B = 1 (arXiv 2604.14108).
#[test]
fn one_dimension_has_its_closed_form() {
    let curvatures = [0.5, 1.0, 4.0, 2.5];
    let gram =
        Gram::new(Mat::from_fn(4, 4, |i, j| f64::sqrt(curvatures[i] * curvatures[j])), 1).unwrap();
    let mean = curvatures.iter().sum::<f64>() / 4.0;
    let variance = curvatures.iter().map(|h| (h - mean).powi(2)).sum::<f64>() / 4.0;
    for momentum in [0.1, 0.5, 0.9, 0.99] {
        let optimizer = OptimizerSettings { momentum, ..PLAIN }.optimizer().unwrap();
        let report = report(&gram, optimizer, Sampling::Independent, vec![1], 1e-8);
        let inverse = mean / (2.0 * (1.0 + momentum)) + variance / (2.0 * mean * (1.0 - momentum));
        let found = report.thresholds[0].eta_var;
        assert!((found * inverse - 1.0).abs() < 1e-8, "{momentum}: {found} {}", 1.0 / inverse);
    }
}

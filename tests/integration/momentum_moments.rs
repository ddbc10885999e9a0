//! Second moments of position and velocity, against every batch and every shuffle one by one.

use std::fs;

use crate::common::fixtures::fixture;
use crate::common::optimizers::{
    batch_hessian, batches, log_radius_of, optimizer, pytorch_response, pytorch_step, variants,
};
use crate::common::permutations::permutations;
use crate::common::random::random_rows;
use etastar::gram::Gram;
use etastar::gram::npy::read_gram;
use etastar::optimizer::{Optimizer, OptimizerSettings};
use etastar::process::{BatchProcess, Sampling};
use etastar::stability::epoch_moment::EpochMoment;
use etastar::stability::linearised::{Dynamics, GramFactor};
use etastar::stability::second_moment::SecondMoment;
use etastar::stability::second_moment::stationary::stationary;
use etastar::stability::simulated_mean_square::{Population, PopulationOptions, eta_var};
use faer::Mat;
use serde_json::Value;

fn factor_of(rows: &Mat<f64>, outputs: usize) -> GramFactor {
    GramFactor::of(&Gram::new(rows * rows.transpose(), outputs).unwrap()).unwrap()
}

fn moments_of(rows: &Mat<f64>, outputs: usize, optimizer: Optimizer) -> SecondMoment {
    SecondMoment::new(rows.as_ref(), outputs).unwrap().with_optimizer(optimizer)
}

/// The steps of all batches of distinct samples.
fn all_steps(
    rows: &Mat<f64>,
    outputs: usize,
    settings: OptimizerSettings,
    batch_size: usize,
    step_size: f64,
) -> Vec<Mat<f64>> {
    let step = |batch: Vec<usize>| {
        pytorch_step(settings, step_size, &batch_hessian(rows, outputs, &batch))
    };
    batches(rows.nrows() / outputs, batch_size).into_iter().map(step).collect()
}

#[test]
fn the_growth_of_the_second_moment_is_the_mean_over_all_batches() {
    for (settings, (n, q, d, batch_size)) in
        variants().into_iter().zip([(4, 1, 3, 1), (5, 2, 3, 2), (4, 1, 2, 2)].into_iter().cycle())
    {
        let rows = random_rows(n * q, d, (n + batch_size) as u64);
        let moments = moments_of(&rows, q, optimizer(settings));
        let coefficients = Sampling::Distinct.coefficients(n, batch_size).unwrap();
        for step_size in [0.05, 0.3, 1.0] {
            let expected = log_radius_of(&all_steps(&rows, q, settings, batch_size, step_size));
            let found = moments.spectral_radius(coefficients, step_size).ln();
            assert!(
                (found - expected).abs() < 1e-7,
                "{settings:?} {step_size}: {found} {expected}"
            );
        }
    }
}

#[test]
fn the_threshold_of_the_position_is_that_of_the_dense_reference() {
    for name in ["momentum_plain_q1", "momentum_heavy_q2"] {
        let text = fs::read_to_string(fixture(&format!("{name}.json"))).unwrap();
        let expected: Value = serde_json::from_str(&text).unwrap();
        let outputs = expected["outputs"].as_u64().unwrap() as usize;
        let gram = read_gram(&fixture(&format!("{name}.npy")), outputs, 1.0).unwrap();
        let moments = SecondMoment::of(&gram).unwrap();
        for entry in expected["thresholds"].as_array().unwrap() {
            let number = |key: &str| entry[key].as_f64().unwrap();
            let settings = OptimizerSettings {
                momentum: number("momentum"),
                nesterov: entry["nesterov"].as_bool().unwrap(),
                weight_decay: number("weight_decay"),
                decoupled: entry["decoupled"].as_bool().unwrap(),
                dampening: 0.0,
            };
            let sampling: Sampling = entry["sampling"].as_str().unwrap().parse().unwrap();
            let batch_size = number("batch_size") as usize;
            let coefficients = sampling.coefficients(gram.samples(), batch_size).unwrap();
            let moments = moments.clone().with_optimizer(optimizer(settings));
            let found = 2.0 / moments.generalized_sharpness(coefficients);
            let error = (found / number("eta_var") - 1.0).abs();
            assert!(error < 1e-6, "{name} {entry}: {found}");
        }
    }
}

#[test]
fn the_growth_of_an_epoch_is_the_mean_over_all_shuffles() {
    for (settings, (n, q, d, batch_size)) in variants()
        .into_iter()
        .zip([(4, 1, 3, 1), (5, 1, 2, 2), (4, 2, 3, 3), (5, 1, 4, 3)].into_iter().cycle())
    {
        let rows = random_rows(n * q, d, (n * q + batch_size) as u64);
        let found = EpochMoment::of(&factor_of(&rows, q), optimizer(settings), batch_size).unwrap();
        for step_size in [0.1, 0.5, 1.5] {
            let epoch = |order: &Vec<usize>| {
                let parts = order.chunks(batch_size);
                parts.fold(Mat::<f64>::identity(2 * d, 2 * d), |product, batch| {
                    pytorch_step(settings, step_size, &batch_hessian(&rows, q, batch)) * product
                })
            };
            let products: Vec<Mat<f64>> = permutations(n).iter().map(epoch).collect();
            let expected = log_radius_of(&products);
            let found = found.log_radius(step_size);
            assert!(
                (found - expected).abs() < 1e-6,
                "{settings:?} {step_size}: {found} {expected}"
            );
        }
    }
}

#[test]
fn the_growth_of_an_epoch_changes_its_sign_at_the_threshold() {
    for (seed, settings) in variants().into_iter().enumerate() {
        let rows = random_rows(6, 3, seed as u64);
        let moment = EpochMoment::of(&factor_of(&rows, 1), optimizer(settings), 2).unwrap();
        let found = moment.threshold(0.5 * (1.0 - settings.momentum)).unwrap();
        assert!(found.high / found.low < 1.0 + 1e-5, "{found:?}");
        assert!(moment.log_radius(found.low * (1.0 - 1e-4)) < 0.0, "{settings:?} {found:?}");
        assert!(moment.log_radius(found.high * (1.0 + 1e-4)) > 0.0, "{settings:?} {found:?}");
    }
}

/// E‖(θ, u)‖² by a population, on both sides of the exact threshold.
#[test]
fn simulated_moments_grow_above_the_threshold_and_shrink_below_it() {
    let (n, q, batch_size) = (8, 1, 2);
    let rows = random_rows(n * q, 4, 5);
    let factor = factor_of(&rows, q);
    let process = BatchProcess::independent(Sampling::Distinct, batch_size);
    let coefficients = process.coefficients(n).unwrap();
    for settings in variants() {
        let optimizer = optimizer(settings);
        let exact = 2.0 / moments_of(&rows, q, optimizer).generalized_sharpness(coefficients);
        let growth = |factor_of_edge: f64| {
            let dynamics = Dynamics { optimizer, process };
            let mut population = Population::new(&factor, dynamics, 1000, 3, 0).unwrap();
            let mut round = || population.round(factor_of_edge * exact, 20).gain;
            let gains: Vec<f64> = (0..80).map(|_| round()).collect();
            gains[20..].iter().sum::<f64>() / 60.0
        };
        let (below, above) = (growth(0.95), growth(1.05));
        assert!(below < 0.0 && above > 0.0, "{settings:?}: {below} {above}");
    }
}

#[test]
fn simulated_thresholds_of_epochs_are_the_exact_ones() {
    for (seed, settings) in variants().into_iter().enumerate() {
        let rows = random_rows(6, 3, 10 + seed as u64);
        let factor = factor_of(&rows, 1);
        let (optimizer, batch_size) = (optimizer(settings), 2);
        let start = 0.5 * (1.0 - settings.momentum);
        let exact = EpochMoment::of(&factor, optimizer, batch_size).unwrap();
        let exact = exact.threshold(start).unwrap().value;
        let dynamics = Dynamics { optimizer, process: BatchProcess::shuffled(batch_size) };
        let options = PopulationOptions::for_factor(&factor);
        let found = eta_var(&factor, dynamics, 0.9 * exact, options).unwrap();
        let (width, error) = (found.high / found.low - 1.0, (found.value / exact - 1.0).abs());
        assert!(width < 0.03 && error < width, "{settings:?}: {found:?} {exact}");
    }
}

/// The second moment of (θ, v) over all batches with gradients, step by step until it rests.
#[test]
fn the_stationary_covariance_is_where_the_second_moment_comes_to_rest() {
    let (n, d, batch_size) = (5, 3, 2);
    let rows = random_rows(n, d, 8);
    let mut gradients = random_rows(n, d, 9);
    for k in 0..d {
        let mean = gradients.col(k).iter().sum::<f64>() / n as f64;
        gradients.col_mut(k).iter_mut().for_each(|g| *g -= mean);
    }
    let coefficients = Sampling::Distinct.coefficients(n, batch_size).unwrap();
    for settings in variants() {
        let moments = moments_of(&rows, 1, optimizer(settings));
        let step_size = 0.3 * 2.0 / moments.generalized_sharpness(coefficients);
        let found = stationary(&moments, gradients.as_ref(), coefficients, step_size).unwrap();
        let steps = all_steps(&rows, 1, settings, batch_size, step_size);
        let response = pytorch_response(settings, step_size);
        let kick = |batch: &Vec<usize>| {
            let mean = |k: usize| {
                batch.iter().map(|&i| gradients[(i, k)]).sum::<f64>() / batch_size as f64
            };
            Mat::from_fn(2 * d, 1, |k, _| response[k / d] * mean(k % d))
        };
        let kicks: Vec<Mat<f64>> = batches(n, batch_size).iter().map(kick).collect();
        let mut moment = Mat::<f64>::zeros(2 * d, 2 * d);
        for _ in 0..20_000 {
            let mut next = Mat::<f64>::zeros(2 * d, 2 * d);
            for (step, kick) in steps.iter().zip(&kicks) {
                next += step * &moment * step.transpose() + kick * kick.transpose();
            }
            moment = next * (1.0 / steps.len() as f64);
        }
        let distance: f64 = (0..d).map(|k| moment[(k, k)]).sum();
        assert!((found.distance / distance - 1.0).abs() < 1e-8, "{settings:?}: {distance}");
        let curved: f64 = {
            let all: Vec<usize> = (0..n).collect();
            let mean = batch_hessian(&rows, 1, &all);
            let penalty = optimizer(settings).rule().penalty();
            let curvature = |a: usize, b: usize| mean[(a, b)] + if a == b { penalty } else { 0.0 };
            let terms = (0..d * d).map(|at| curvature(at / d, at % d) * moment[(at % d, at / d)]);
            0.5 * terms.sum::<f64>()
        };
        assert!((found.loss_gap / curved - 1.0).abs() < 1e-8, "{settings:?}: {curved}");
    }
}

/// Decay holds θ back where no sample has any curvature.
#[test]
fn weight_decay_makes_a_stationary_state_of_directions_without_curvature() {
    let rows = Mat::from_fn(2, 2, |i, j| if j == 0 { 1.0 + i as f64 } else { 0.0 });
    let gradients = Mat::from_fn(2, 2, |i, _| if i == 0 { 0.3 } else { -0.3 });
    let settings = OptimizerSettings { momentum: 0.5, weight_decay: 0.2, ..Default::default() };
    let signs = vec![1.0; 2];
    let moments = SecondMoment::signed(rows.as_ref(), signs, 1, f64::NEG_INFINITY).unwrap();
    let moments = moments.with_optimizer(optimizer(settings));
    let coefficients = Sampling::Distinct.coefficients(2, 1).unwrap();
    let step_size = 0.1;
    let found = stationary(&moments, gradients.as_ref(), coefficients, step_size).unwrap();
    assert_eq!((moments.eigenvalues().len(), found.null_growth), (2, 0.0));
    // The flat direction alone: ± 0.3 at every step.
    let step = pytorch_step(settings, step_size, &Mat::zeros(1, 1));
    let kick = Mat::from_fn(2, 1, |k, _| 0.3 * pytorch_response(settings, step_size)[k]);
    let mut moment = Mat::<f64>::zeros(2, 2);
    for _ in 0..5000 {
        moment = &step * &moment * step.transpose() + &kick * kick.transpose();
    }
    let flat = found.covariance[(1, 1)];
    assert!((flat / moment[(0, 0)] - 1.0).abs() < 1e-9, "{flat} {}", moment[(0, 0)]);
}

/// Far below the edge all directions of a heavy ball are damped alike and rotate, where Ritz values of a few vectors
/// once claimed growth.
#[test]
fn slow_rotations_are_not_taken_for_growth() {
    let heavy = |momentum| OptimizerSettings { momentum, ..Default::default() };
    for (rank, momentum) in [(8, 0.96875), (14, 0.9), (14, 0.97)] {
        let n = 2 * rank;
        let moments = moments_of(&random_rows(n, rank, 3), 1, optimizer(heavy(momentum)));
        for batch_size in [1, n / 2] {
            let coefficients = Sampling::Distinct.coefficients(n, batch_size).unwrap();
            let edge = 2.0 / moments.generalized_sharpness(coefficients);
            let growth = |part: f64| moments.spectral_radius(coefficients, part * edge).ln();
            for part in [0.01, 0.1, 0.5, 0.99] {
                let found = growth(part);
                // No mode decays faster than the determinant of its matrix.
                assert!(found < 0.0 && found > momentum.ln() - 1e-9, "{rank} {part}: {found}");
            }
            assert!(growth(1.01) > 0.0, "{rank} {momentum} {batch_size}");
        }
    }
}

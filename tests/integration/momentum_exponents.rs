//! Lyapunov exponents of position and velocity, against products of dense matrices as PyTorch makes the steps.

use crate::common::optimizers::{batch_hessian, optimizer, pytorch_step, variants};
use crate::common::random::random_rows;
use etastar::gram::Gram;
use etastar::optimizer::{Optimizer, OptimizerSettings};
use etastar::process::{BatchProcess, Sampling};
use etastar::stability::almost_sure::full_batch::full_batch;
use etastar::stability::almost_sure::{
    DecayBound, ExponentOptions, LinearisedSgd, LyapunovExponent, lyapunov,
};
use etastar::stability::linearised::{Dynamics, GramFactor};
use etastar::stability::second_moment::SecondMoment;
use etastar::stability::solver::SolverOptions;
use etastar::stability::thresholds::{Request, thresholds};
use faer::Mat;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

fn gram_of(rows: &Mat<f64>) -> Gram {
    Gram::new(rows * rows.transpose(), 1).unwrap()
}

/// The exponent of random products of the dense steps of single samples, shuffled or independent.
fn dense_exponent(
    rows: &Mat<f64>,
    settings: OptimizerSettings,
    step_size: f64,
    shuffled: bool,
    epochs: usize,
) -> f64 {
    let (n, d) = (rows.nrows(), rows.ncols());
    let step = |i| pytorch_step(settings, step_size, &batch_hessian(rows, 1, &[i]));
    let steps: Vec<Mat<f64>> = (0..n).map(step).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(77);
    let mut state = Mat::from_fn(2 * d, 1, |_, _| rng.random_range(-1.0..1.0_f64));
    let mut order: Vec<usize> = (0..n).collect();
    let (mut log, skipped) = (0.0, epochs / 10);
    for epoch in 0..epochs + skipped {
        if shuffled {
            order.shuffle(&mut rng);
        } else {
            order.iter_mut().for_each(|i| *i = rng.random_range(0..n));
        }
        for &i in &order {
            state = &steps[i] * &state;
        }
        let norm = state.norm_l2();
        log += if epoch < skipped { 0.0 } else { norm.ln() };
        state = &state * (1.0 / norm);
    }
    log / (epochs * n) as f64
}

fn process(shuffled: bool) -> BatchProcess {
    if shuffled {
        BatchProcess::shuffled(1)
    } else {
        BatchProcess::independent(Sampling::Distinct, 1)
    }
}

/// In one dimension these are products of 2 × 2 matrices.
#[test]
fn exponents_are_those_of_products_of_dense_steps() {
    for (seed, settings) in variants().into_iter().enumerate() {
        for (d, shuffled) in [(1, false), (1, true), (3, false), (3, true)] {
            let rows = random_rows(6, d, 20 + seed as u64);
            let factor = GramFactor::of(&gram_of(&rows)).unwrap();
            let dynamics = Dynamics { optimizer: optimizer(settings), process: process(shuffled) };
            let options = ExponentOptions { precision: 0.02, ..ExponentOptions::default() };
            for step_size in if d == 1 { vec![0.3, 4.0] } else { vec![4.0] } {
                let found = lyapunov(&factor, dynamics, step_size, options).unwrap();
                let dense = dense_exponent(&rows, settings, step_size, shuffled, 20_000);
                let width = found.high - found.low;
                assert!(
                    (found.value - dense).abs() < width + 0.01 * dense.abs(),
                    "{settings:?} {d} {shuffled} {step_size}: {found:?} {dense}"
                );
                assert!(width < 0.2 * dense.abs(), "{settings:?} {step_size}: {found:?}");
            }
        }
    }
}

#[test]
fn the_full_batch_has_the_spectral_radius_of_its_matrices() {
    let rows = random_rows(5, 3, 4);
    let gram = gram_of(&rows);
    let eigenvalues = SecondMoment::of(&gram).unwrap().eigenvalues().to_vec();
    let factor = GramFactor::of(&gram).unwrap();
    let all = batch_hessian(&rows, 1, &[0, 1, 2, 3, 4]);
    for settings in variants() {
        let optimizer = optimizer(settings);
        let edge = optimizer.rule().eta_mean(eigenvalues[0]);
        for fraction in [0.4, 0.9, 1.1] {
            let step_size = fraction * edge;
            let exact = full_batch(optimizer, &eigenvalues, step_size);
            let dense = pytorch_step(settings, step_size, &all);
            let values = dense.eigenvalues().unwrap();
            let radius = values.iter().map(|z| z.re.hypot(z.im)).fold(0.0, f64::max);
            assert!((exact - radius.ln()).abs() < 1e-9, "{settings:?} {fraction}");
            assert_eq!(exact < 0.0, fraction < 1.0);
            let dynamics = Dynamics { optimizer, process: BatchProcess::shuffled(5) };
            let found = lyapunov(&factor, dynamics, step_size, ExponentOptions::default()).unwrap();
            assert!(
                (found.value - exact).abs() < (found.high - found.low).max(1e-3 * exact.abs()),
                "{settings:?} {fraction}: {found:?} {exact}"
            );
        }
    }
}

/// η*_as brackets the sign change of fresh simulations and is beyond η*_var, for both processes.
#[test]
fn the_almost_sure_threshold_is_where_the_sign_changes() {
    let rows = random_rows(8, 4, 31);
    let (gram, options) = (gram_of(&rows), ExponentOptions::default());
    let factor = GramFactor::of(&gram).unwrap();
    // One of each rule.
    for settings in variants().into_iter().skip(1).step_by(2) {
        let optimizer = optimizer(settings);
        let sampling = Sampling::Distinct;
        let request = Request {
            batch_sizes: vec![1],
            sampling,
            optimizer,
            options: SolverOptions::default(),
        };
        let report = thresholds(&gram, &request, &mut |_| ()).unwrap();
        let threshold = &report.thresholds[0];
        let independent = LinearisedSgd {
            gram: &gram,
            factor: &factor,
            dynamics: Dynamics { optimizer, process: process(false) },
            decay: report.decay(threshold),
            options,
        };
        for linearised in [independent, independent.on_shuffled_epochs(1)] {
            let found = linearised.eta_as().unwrap();
            let shuffled = linearised.dynamics.process.is_shuffled();
            assert!(found.low <= found.value && found.value <= found.high, "{found:?}");
            assert!(shuffled || found.value > threshold.eta_var, "{found:?}");
            let sign = |step_size: f64| dense_exponent(&rows, settings, step_size, shuffled, 4000);
            assert!(sign(0.95 * found.low) < 0.0, "{settings:?} {shuffled}: {found:?}");
            assert!(sign(1.05 * found.high) > 0.0, "{settings:?} {shuffled}: {found:?}");
        }
        // Far below the edge simulation cannot tell the sign, but the second moment proves it.
        let slow = independent.exponent(1e-6 * threshold.eta_var).unwrap().exponent;
        assert!(slow.high < 0.0 && slow.value < 0.0 && !slow.undecided, "{settings:?}: {slow:?}");
    }
}

/// At step sizes that the circle criterion allows, no word of steps of single curvatures grows.
#[test]
fn no_order_of_curvatures_grows_where_some_norm_contracts() {
    let radius = |settings: OptimizerSettings, step_size: f64, word: usize, length: usize| {
        let curvatures = (0..length).map(|k| f64::from(u8::from(word >> k & 1 == 1)));
        let product = curvatures.fold(Mat::<f64>::identity(2, 2), |product, curvature| {
            let hessian = Mat::from_fn(1, 1, |_, _| curvature);
            pytorch_step(settings, step_size, &hessian) * product
        });
        let values = product.eigenvalues().unwrap();
        values.iter().map(|z| z.re.hypot(z.im)).fold(0.0, f64::max)
    };
    for settings in variants() {
        let sharpness = optimizer(settings).rule().contraction_sharpness(1.0);
        for length in 1..=9 {
            for word in 0..1 << length {
                let found = radius(settings, 2.0 / sharpness, word, length);
                assert!(found <= 1.0 + 1e-9, "{settings:?} {word:b}: {found}");
            }
        }
        let plain = DecayBound::of_contractions(&gram_of(&random_rows(6, 3, 2)), Optimizer::Sgd);
        assert!(sharpness >= 1.0 && plain.stable_step_size() > 0.0);
    }
}

#[test]
fn exponents_do_not_depend_on_the_number_of_threads() {
    let factor = GramFactor::of(&gram_of(&random_rows(10, 5, 6))).unwrap();
    let dynamics = Dynamics { optimizer: optimizer(variants()[1]), process: process(true) };
    let with = |threads| -> LyapunovExponent {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| lyapunov(&factor, dynamics, 0.5, ExponentOptions::default()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

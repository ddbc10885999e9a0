//! The almost-sure threshold: exponents against closed forms, enumeration and the second moment.

use crate::common::permutations::permutations;
use etastar::optimizer::Optimizer;
use etastar::process::{BatchProcess, Sampling};
use etastar::{
    gram::Gram,
    quadratic::problem::{DexterFamily, dexter_rows},
    stability::{
        almost_sure::{DecayBound, ExponentOptions, eta_as, finite_time::finite_time, lyapunov},
        linearised::GramFactor,
        second_moment::SecondMoment,
        solver::SolverOptions,
        thresholds::{Request, thresholds},
    },
};
use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const SAMPLINGS: [Sampling; 3] = [Sampling::Distinct, Sampling::Independent, Sampling::Bernoulli];

fn random_gram(samples: usize, outputs: usize, rank: usize, seed: u64) -> Gram {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let rows = Mat::from_fn(samples * outputs, rank, |_, _| rng.random_range(-1.0..1.0));
    Gram::new(&rows * rows.transpose(), outputs).unwrap()
}

#[test]
fn exponents_of_orthogonal_samples_are_the_closed_form() {
    let curvatures = [3.0, 1.0, 0.7, 2.2];
    let diagonal = |i: usize, j: usize| if i == j { curvatures[i] } else { 0.0 };
    let gram = Gram::new(Mat::from_fn(4, 4, diagonal), 1).unwrap();
    let factor = GramFactor::of(&gram).unwrap();
    let process = BatchProcess::independent(Sampling::Distinct, 1);
    for step_size in [0.2, 0.9, 1.3] {
        let logs = curvatures.map(|value| (1.0 - step_size * value).abs().ln() / 4.0);
        let exact = logs.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let options = ExponentOptions { precision: 0.01, ..ExponentOptions::default() };
        let found = lyapunov(&factor, process, step_size, options).unwrap();
        let error = (found.value - exact).abs();
        assert!(error < 1.5 * (found.high - found.value), "{step_size}: {found:?} {exact}");
    }
}

#[test]
fn exponents_of_the_synthetic_family_are_the_closed_form() {
    let (samples, coherence) = (30, 8);
    let rows = dexter_rows(samples, coherence);
    let factor = GramFactor::of(&Gram::new(&rows * rows.transpose(), 1).unwrap()).unwrap();
    for sampling in SAMPLINGS {
        for (step_size, batch_size) in [(0.3, 2), (0.8, 5), (0.93, 3)] {
            let exact =
                DexterFamily { samples, batch_size, sampling, step_size }.lyapunov(coherence);
            let process = BatchProcess::independent(sampling, batch_size);
            let options =
                ExponentOptions { precision: 0.02, seed: 5, ..ExponentOptions::default() };
            let found = lyapunov(&factor, process, step_size, options).unwrap();
            let error = (found.value - exact).abs();
            let allowed = 1.5 * (found.high - found.value);
            assert!(error < allowed, "{sampling} {step_size}: {found:?} {exact}");
        }
    }
}

/// With one parameter the exponent is a mean over batches, which can be enumerated.
#[test]
fn samplings_agree_with_enumeration() {
    let curvatures = [1.0, 4.0, 0.3, 2.0];
    let product = |i: usize, j: usize| f64::sqrt(curvatures[i] * curvatures[j]);
    let gram = Gram::new(Mat::from_fn(4, 4, product), 1).unwrap();
    let factor = GramFactor::of(&gram).unwrap();
    assert_eq!(factor.rank(), 1);
    let step_size = 0.9;
    let gain = |sum: f64| (1.0 - step_size * sum / 2.0).abs().ln();
    let pairs: Vec<(usize, usize)> = (0..16).map(|k| (k / 4, k % 4)).collect();
    let mean = |of: Vec<f64>| of.iter().sum::<f64>() / of.len() as f64;
    let pair = |&(i, j): &(usize, usize)| gain(curvatures[i] + curvatures[j]);
    let distinct = pairs.iter().filter(|(i, j)| i != j).map(pair).collect();
    let subset =
        |set: usize| gain((0..4).filter(|i| set >> i & 1 == 1).map(|i| curvatures[i]).sum());
    let exact = [
        mean(distinct),
        mean(pairs.iter().map(pair).collect()),
        mean((0..16).map(subset).collect()),
    ];
    for (sampling, exact) in SAMPLINGS.into_iter().zip(exact) {
        let process = BatchProcess::independent(sampling, 2);
        let options = ExponentOptions { precision: 0.005, ..ExponentOptions::default() };
        let found = lyapunov(&factor, process, step_size, options).unwrap();
        let allowed = 1.5 * (found.high - found.value);
        assert!((found.value - exact).abs() < allowed, "{sampling}: {found:?} {exact}");
    }
}

#[test]
fn the_exponent_is_at_most_half_the_rate_of_the_second_moment() {
    for (seed, (samples, outputs, rank)) in [(12, 1, 5), (8, 2, 6), (10, 3, 12)].iter().enumerate()
    {
        let gram = random_gram(*samples, *outputs, *rank, seed as u64);
        let factor = GramFactor::of(&gram).unwrap();
        let moments = SecondMoment::of(&gram).unwrap();
        let sharpness = moments.eigenvalues()[0];
        for sampling in SAMPLINGS {
            for (fraction, batch_size) in [(0.3, 1), (0.9, 2), (1.4, 3)] {
                let process = BatchProcess::independent(sampling, batch_size);
                let step_size = fraction / sharpness;
                let coefficients = process.coefficients(*samples).unwrap();
                let bound = 0.5 * moments.spectral_radius(coefficients, step_size).ln();
                let found =
                    lyapunov(&factor, process, step_size, ExponentOptions::default()).unwrap();
                assert!(found.low <= bound, "{sampling} {step_size}: {found:?} {bound}");
            }
        }
    }
}

#[test]
fn the_almost_sure_threshold_is_beyond_the_mean_square_one_and_where_the_sign_changes() {
    let gram = random_gram(10, 2, 6, 9);
    let factor = GramFactor::of(&gram).unwrap();
    for sampling in SAMPLINGS {
        let options = SolverOptions::default();
        let request =
            Request { batch_sizes: vec![2], sampling, optimizer: Optimizer::default(), options };
        let report = thresholds(&gram, &request, &mut |_| {}).unwrap();
        let eta_var = report.thresholds[0].eta_var;
        let process = BatchProcess::independent(sampling, 2);
        let found = eta_as(&factor, process, eta_var, 0.02, ExponentOptions::default()).unwrap();
        assert!(found.low >= eta_var && found.low <= found.value && found.value <= found.high);
        assert!(found.value / found.high > 0.97, "{found:?}");
        // Fresh batches: the sign is what the bracket says.
        let fresh = ExponentOptions { seed: 77, ..ExponentOptions::default() };
        let sign = |step_size| lyapunov(&factor, process, step_size, fresh).unwrap();
        assert!(sign(found.low * 0.98).high < 0.0 && sign(found.high * 1.02).low > 0.0);
    }
}

#[test]
fn the_threshold_of_the_synthetic_family_is_the_root_of_its_closed_form() {
    let (samples, coherence, batch_size, sampling) = (40, 6, 4, Sampling::Bernoulli);
    let rows = dexter_rows(samples, coherence);
    let factor = GramFactor::of(&Gram::new(&rows * rows.transpose(), 1).unwrap()).unwrap();
    let exact =
        |step_size| DexterFamily { samples, batch_size, sampling, step_size }.lyapunov(coherence);
    let eta_var = 1.0 / (1.0 + (samples as f64 / batch_size as f64 - 1.0) / coherence as f64);
    let process = BatchProcess::independent(sampling, batch_size);
    let found = eta_as(&factor, process, eta_var, 0.02, ExponentOptions::default()).unwrap();
    assert!(exact(found.low) < 0.0 && exact(found.high) > 0.0, "{found:?}");
}

#[test]
fn finite_time_exponents_spread_around_the_exponent() {
    let gram = random_gram(10, 1, 4, 2);
    let factor = GramFactor::of(&gram).unwrap();
    let process = BatchProcess::independent(Sampling::Distinct, 1);
    let exponent = lyapunov(&factor, process, 0.9, ExponentOptions::default()).unwrap();
    let times = finite_time(&factor, process, 0.9, &[100, 10_000], 100, 3).unwrap();
    let spread = |k: usize| times[k].quantile(0.9) - times[k].quantile(0.1);
    assert!(spread(1) < 0.2 * spread(0), "ten times narrower in theory");
    let error = (times[1].quantile(0.5) - exponent.value).abs();
    assert!(error < spread(1), "{exponent:?} {}", times[1].quantile(0.5));
}

#[test]
fn single_precision_input_with_negative_rounding_is_factorised() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let rows = Mat::from_fn(60, 7, |_, _| rng.random_range(-1.0..1.0));
    let exact = &rows * rows.transpose();
    let rounded = Mat::from_fn(60, 60, |i, j| f64::from(exact[(i, j)] as f32));
    let process = BatchProcess::independent(Sampling::Distinct, 1);
    let exponent = |matrix: Mat<f64>| {
        let factor = GramFactor::of(&Gram::new(matrix, 1).unwrap()).unwrap();
        lyapunov(&factor, process, 0.6, ExponentOptions::default()).unwrap()
    };
    let (a, b) = (exponent(exact), exponent(rounded));
    assert!(a.low <= b.high && b.low <= a.high, "{a:?} {b:?}");
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let gram = random_gram(10, 1, 5, 6);
    let factor = GramFactor::of(&gram).unwrap();
    let process = BatchProcess::independent(Sampling::Bernoulli, 3);
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| lyapunov(&factor, process, 0.5, ExponentOptions::default()).unwrap())
    };
    assert_eq!(with(1), with(3));
}

#[test]
fn the_proved_decay_is_above_the_rate_of_the_second_moment_and_negative_below_the_threshold() {
    for (seed, (samples, outputs, rank)) in [(12, 1, 5), (8, 2, 6), (6, 3, 14)].iter().enumerate() {
        let gram = random_gram(*samples, *outputs, *rank, seed as u64);
        let moments = SecondMoment::of(&gram).unwrap();
        let options = SolverOptions::default();
        for (sampling, batch_size) in SAMPLINGS.into_iter().zip([1, 2, 3]) {
            let request = Request {
                batch_sizes: vec![batch_size],
                sampling,
                optimizer: Optimizer::default(),
                options,
            };
            let report = thresholds(&gram, &request, &mut |_| {}).unwrap();
            let decay = DecayBound {
                optimizer: Optimizer::default(),
                generalized_sharpness: report.thresholds[0].generalized_sharpness.upper,
                smallest_curvature: report.smallest_curvature,
            };
            let process = BatchProcess::independent(sampling, batch_size);
            let coefficients = process.coefficients(*samples).unwrap();
            for fraction in [0.01, 0.3, 0.7, 0.99] {
                let step_size = fraction * decay.stable_step_size();
                let rate = 0.5 * moments.spectral_radius(coefficients, step_size).ln();
                let bound = decay.bound(step_size);
                assert!(
                    rate <= bound + 1e-12 && bound < 0.0,
                    "{sampling} {fraction}: {rate} {bound}"
                );
            }
            assert_eq!(decay.bound(1.01 * decay.stable_step_size()), f64::INFINITY);
        }
    }
}

#[test]
fn exponents_of_epochs_of_one_feature_are_the_mean_over_all_orders() {
    let features = [0.7_f64, 1.4, 1.1, 0.3, 1.9];
    let matrix = Mat::from_fn(5, 5, |i, j| features[i] * features[j]);
    let factor = GramFactor::of(&Gram::new(matrix, 1).unwrap()).unwrap();
    for (batch_size, step_size) in [(1, 0.3), (2, 0.9), (3, 1.7), (5, 1.1)] {
        let orders = permutations(5);
        let growth = |batch: &[usize]| {
            let sum: f64 = batch.iter().map(|&i| features[i].powi(2)).sum();
            (1.0 - step_size * sum / batch.len() as f64).abs().ln()
        };
        let total: f64 = orders.iter().flat_map(|order| order.chunks(batch_size)).map(growth).sum();
        let exact = total / (orders.len() * 5_usize.div_ceil(batch_size)) as f64;
        let process = BatchProcess::shuffled(batch_size);
        let options = ExponentOptions { precision: 1e-3, ..ExponentOptions::default() };
        let found = lyapunov(&factor, process, step_size, options).unwrap();
        // For B = 1 and 5 all orders are alike, and single precision is what is left.
        let allowed = 1.5 * (found.high - found.value) + 1e-6;
        assert!((found.value - exact).abs() < allowed, "B = {batch_size}: {found:?} {exact}");
    }
}

/// Dense matrices I − ηH_B on the parameters, in plain double precision.
fn dense_epochs(rows: &Mat<f64>, batch_size: usize, step_size: f64, epochs: usize) -> f64 {
    let (n, d) = (rows.nrows(), rows.ncols());
    let mut rng = ChaCha8Rng::seed_from_u64(99);
    let mut theta = Mat::from_fn(d, 1, |_, _| rng.random_range(-1.0..1.0_f64));
    let (mut log, mut steps) = (0.0, 0);
    for _ in 0..epochs {
        let mut order: Vec<usize> = (0..n).collect();
        for k in (1..n).rev() {
            order.swap(k, rng.random_range(0..=k));
        }
        for batch in order.chunks(batch_size) {
            let picked = Mat::from_fn(batch.len(), d, |i, j| rows[(batch[i], j)]);
            theta = &theta
                - (step_size / batch.len() as f64) * (picked.transpose() * (&picked * &theta));
            steps += 1;
        }
        let norm = theta.norm_l2();
        log += norm.ln();
        theta = &theta * (1.0 / norm);
    }
    log / steps as f64
}

#[test]
fn exponents_of_epochs_are_those_of_a_dense_simulation() {
    let mut rng = ChaCha8Rng::seed_from_u64(21);
    let rows = Mat::from_fn(7, 3, |_, _| rng.random_range(-1.0..1.0));
    let factor = GramFactor::of(&Gram::new(&rows * rows.transpose(), 1).unwrap()).unwrap();
    for (batch_size, step_size) in [(1, 1.9), (2, 3.0), (3, 4.0)] {
        let dense = dense_epochs(&rows, batch_size, step_size, 40_000);
        let options = ExponentOptions { precision: 5e-3, ..ExponentOptions::default() };
        let at = |process| lyapunov(&factor, process, step_size, options).unwrap();
        let found = at(BatchProcess::shuffled(batch_size));
        let width = found.high - found.value;
        assert!((found.value - dense).abs() < 2.0 * width, "B = {batch_size}: {found:?} {dense}");
        let independent = at(BatchProcess::independent(Sampling::Distinct, batch_size));
        assert!((independent.value - dense).abs() > 3.0 * width, "{independent:?} {dense}");
    }
}

#[test]
fn no_order_of_batches_grows_where_every_sample_contracts() {
    for seed in 0..4 {
        let gram = random_gram(12, 2, 9, seed);
        let factor = GramFactor::of(&gram).unwrap();
        let step_size =
            0.999 * DecayBound::of_contractions(&gram, Optimizer::default()).stable_step_size();
        for batch_size in [1, 5, 12] {
            let process = BatchProcess::shuffled(batch_size);
            let found = lyapunov(&factor, process, step_size, ExponentOptions::default()).unwrap();
            assert!(found.value < 0.0, "{found:?}");
        }
    }
}

//! Where the simulated second moment stops shrinking, against what is exact.

use crate::common::permutations::log_radius;
use crate::common::random::random_rows;
use etastar::gram::Gram;
use etastar::optimizer::Optimizer;
use etastar::process::{BatchProcess, Sampling};
use etastar::stability::{
    linearised::GramFactor,
    simulated_mean_square::{PopulationOptions, SimulatedThreshold, SimulationError, eta_var},
    solver::SolverOptions,
    thresholds::{Request, thresholds},
};
use faer::Mat;

fn gram_of(rows: &Mat<f64>, outputs: usize) -> Gram {
    Gram::new(rows * rows.transpose(), outputs).unwrap()
}

/// Within twice the interval, and the interval no wider than `widest`.
fn assert_near(found: SimulatedThreshold, exact: f64, widest: f64, what: &str) {
    let width = found.high / found.low - 1.0;
    let error = (found.value / exact - 1.0).abs();
    assert!(width < widest, "{what}: {found:?} is {width:.1e} wide");
    assert!(error < width + 1e-4, "{what}: {found:?} is {error:.1e} from {exact}");
}

/// The step size at which ρ = 1, by bisection between a stable and an unstable one.
fn enumerated(rows: &Mat<f64>, batch_size: usize) -> f64 {
    let trace: f64 = rows.col_iter().map(|column| column.squared_norm_l2()).sum();
    let (mut low, mut high) = (0.01 / trace, 100.0 * rows.nrows() as f64 / trace);
    while high / low > 1.0 + 1e-6 {
        let middle = (low * high).sqrt();
        if log_radius(rows, 1, batch_size, middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    low
}

#[test]
fn shuffled_epochs_are_the_mean_over_all_shuffles() {
    for (n, d, batch_size, seed) in [(4, 2, 1, 1), (5, 3, 2, 2), (5, 4, 3, 3), (4, 2, 2, 4)] {
        let rows = random_rows(n, d, seed);
        let exact = enumerated(&rows, batch_size);
        let factor = GramFactor::of(&gram_of(&rows, 1)).unwrap();
        let process = BatchProcess::shuffled(batch_size);
        let options = PopulationOptions::for_factor(&factor);
        let found = eta_var(&factor, process, 0.8 * exact, options).unwrap();
        assert_near(found, exact, 0.02, &format!("n = {n}, B = {batch_size}"));
    }
}

#[test]
fn independent_batches_are_the_exact_threshold() {
    let (n, q) = (40, 2);
    let gram = gram_of(&random_rows(n * q, 60, 9), q);
    let factor = GramFactor::of(&gram).unwrap();
    let request = Request {
        batch_sizes: vec![1, 4, 16],
        sampling: Sampling::Distinct,
        optimizer: Optimizer::default(),
        options: SolverOptions::default(),
    };
    let report = thresholds(&gram, &request, &mut |_| {}).unwrap();
    for exact in report.thresholds {
        let process = BatchProcess::independent(Sampling::Distinct, exact.batch_size);
        let options = PopulationOptions::for_factor(&factor);
        // From far below and from far above.
        for start in [0.3 * exact.eta_var, 1.7 * exact.eta_var] {
            let found = eta_var(&factor, process, start, options).unwrap();
            assert_near(found, exact.eta_var, 0.03, &format!("B = {}", exact.batch_size));
        }
    }
}

/// One step an epoch, without chance: 2/λ_max, whatever else decays, fast or slowly.
#[test]
fn full_batches_are_stable_up_to_the_sharpness() {
    for spectrum in [vec![1.0, 0.9, 0.5], vec![1.0, 0.03, 0.02, 0.01, 0.01, 0.005, 1e-4, 1e-6]] {
        let n = spectrum.len();
        let diagonal = |i: usize, j: usize| if i == j { spectrum[i] * n as f64 } else { 0.0 };
        let factor = GramFactor::of(&Gram::new(Mat::from_fn(n, n, diagonal), 1).unwrap()).unwrap();
        let options = PopulationOptions::for_factor(&factor);
        let process = BatchProcess::shuffled(n);
        for start in [1.0, 2.0, 3.0] {
            let found = eta_var(&factor, process, start, options).unwrap();
            assert!((found.value / 2.0 - 1.0).abs() < 3e-4, "{spectrum:?}: {found:?}");
        }
    }
}

/// One feature, samples of curvature a and b: an epoch multiplies by (1 − ηa)(1 − ηb), whose modulus is
/// below 1 up to 2λ/(ab) if ab > λ²/2, λ = (a + b)/2. Shuffling is stable beyond 2/λ_max, where not even
/// full batches are.
#[test]
fn shuffled_halves_are_stable_beyond_the_sharpness() {
    let (a, b) = (1.2_f64, 0.8_f64);
    let features = [a.sqrt(), b.sqrt()];
    let matrix = Mat::from_fn(2, 2, |i, j| features[i] * features[j]);
    let factor = GramFactor::of(&Gram::new(matrix, 1).unwrap()).unwrap();
    let sharpness = f64::midpoint(a, b);
    let exact = 2.0 * sharpness / (a * b);
    let options = PopulationOptions::for_factor(&factor);
    let found = eta_var(&factor, BatchProcess::shuffled(1), 1.9, options).unwrap();
    assert!(found.low > 1.03 * 2.0 / sharpness, "{found:?}");
    assert!((found.value / exact - 1.0).abs() < 3e-4, "{found:?} {exact}");
}

#[test]
fn equal_seeds_give_equal_bits_on_any_number_of_threads() {
    let factor = GramFactor::of(&gram_of(&random_rows(10, 6, 2), 1)).unwrap();
    let options = PopulationOptions { populations: 2, walks: 16, rounds: 16, seed: 3 };
    let find = || eta_var(&factor, BatchProcess::shuffled(3), 1.0, options).unwrap();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(find)
    };
    assert_eq!(on(1), on(3));
    let other = PopulationOptions { seed: 4, ..options };
    let different = eta_var(&factor, BatchProcess::shuffled(3), 1.0, other).unwrap();
    assert_ne!(on(1), different);
}

#[test]
fn what_cannot_be_answered_is_told() {
    let factor = GramFactor::of(&gram_of(&random_rows(6, 4, 2), 1)).unwrap();
    let process = BatchProcess::shuffled(2);
    let options = PopulationOptions::for_factor(&factor);
    let with = |options| eta_var(&factor, process, 1.0, options).unwrap_err();
    assert!(matches!(
        with(PopulationOptions { populations: 1, ..options }),
        SimulationError::TooSmall { .. }
    ));
    assert!(matches!(
        with(PopulationOptions { rounds: 3, ..options }),
        SimulationError::TooSmall { .. }
    ));
    let fault = eta_var(&factor, process, f64::NAN, options).unwrap_err();
    assert!(matches!(fault, SimulationError::StepSize(_)));
    let fault = eta_var(&factor, BatchProcess::shuffled(7), 1.0, options).unwrap_err();
    assert!(matches!(fault, SimulationError::Sampling(_)));
}

//! Exact thresholds whose iterations ran on a tensor device, against those of the CPU in double
//! precision.

use std::sync::Mutex;

use crate::common::adapter::skipped;
use etastar::accelerate::DeviceAccelerator;
use etastar::device::{AnalysisBackend, Backend};
use etastar::gram::Gram;
use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::stability::solver::accelerator::Accelerator;
use etastar::stability::solver::{SolverOptions, Status};
use etastar::stability::thresholds::{Report, Request, thresholds, thresholds_on};
use faer::Mat;
use proptest::prelude::*;

/// The default, and what single precision can do with room to spare.
const TOLERANCE: f64 = 1e-4;

fn request(samples: usize, sampling: Sampling, tolerance: f64) -> Request {
    let batch_sizes = [1, 2, 3, samples / 2, samples - 1]
        .into_iter()
        .filter(|b| (1..=samples).contains(b))
        .collect();
    Request {
        batch_sizes,
        sampling,
        optimizer: Optimizer::default(),
        options: SolverOptions { tolerance, ..SolverOptions::default() },
    }
}

/// A_ik scaled by sample and by direction, so that samples and eigenvalues differ by powers of ten.
fn gram(samples: usize, outputs: usize, seed: u64, spread: f64) -> Gram {
    let side = samples * outputs;
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let mut uniform = || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31) - 0.5
    };
    let directions = side + side / 2;
    let rows = Mat::from_fn(side, directions, |i, k| {
        let scale = |part: f64| (-spread * part).exp();
        let (sample, direction) = (i / outputs, k as f64 / directions as f64);
        scale(sample as f64 / samples as f64) * scale(direction) * uniform()
    });
    Gram::new(&rows * rows.transpose(), outputs).unwrap()
}

fn backends() -> Vec<Backend> {
    Backend::ALL.into_iter().filter(|backend| backend.is_built()).collect()
}

/// What was said goes to `told`.
fn device(backend: Backend, told: &Mutex<Vec<String>>) -> Option<DeviceAccelerator<'_>> {
    let say = Box::new(|text: &str| told.lock().unwrap().push(text.to_owned()));
    match DeviceAccelerator::open(AnalysisBackend::On(backend), 0, "--backend ", say) {
        Ok(device) => device,
        Err(error) => {
            skipped(&error);
            None
        }
    }
}

/// The enclosure holds the answer of double precision, itself known within `exact`'s enclosure, and
/// is as narrow as was asked for.
fn check(found: &Report, exact: &Report) {
    for (found, exact) in found.thresholds.iter().zip(&exact.thresholds) {
        let (enclosure, truth) = (found.generalized_sharpness, exact.generalized_sharpness);
        let message = format!("B = {}: {enclosure:?}, {truth:?}", found.batch_size);
        assert!(enclosure.lower <= truth.upper && truth.lower <= enclosure.upper, "{message}");
        assert_eq!(found.status, Status::Converged, "{message}");
        assert!(enclosure.relative_width() <= TOLERANCE, "{message}");
        assert!((enclosure.value / truth.value - 1.0).abs() <= TOLERANCE, "{message}");
    }
    let difference = (found.noise_sharpness - exact.noise_sharpness).abs();
    assert!(difference < TOLERANCE * exact.sharpness, "{difference:e}");
}

fn compare(gram: &Gram, sampling: Sampling, accelerator: &dyn Accelerator) {
    let exact = thresholds(gram, &request(gram.samples(), sampling, 1e-6), &mut |_| ()).unwrap();
    let request = request(gram.samples(), sampling, TOLERANCE);
    let found = thresholds_on(Some(accelerator), gram, &request, &mut |_| ()).unwrap();
    check(&found, &exact);
}

#[test]
fn every_backend_gives_a_proved_enclosure_as_narrow_as_asked_for() {
    for backend in backends() {
        let told = Mutex::new(Vec::new());
        let Some(device) = device(backend, &told) else { continue };
        for (outputs, spread) in [(1, 0.0), (1, 6.0), (3, 3.0), (4, 6.0), (7, 2.0)] {
            let gram = gram(20, outputs, 7, spread);
            compare(&gram, Sampling::Distinct, &device);
        }
        assert_eq!(*told.lock().unwrap(), Vec::<String>::new(), "{backend:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn random_problems(
        samples in 2_usize..14,
        outputs in 1_usize..5,
        seed in 0_u64..1 << 40,
        spread in 0.0..8.0_f64,
        sampling in prop::sample::select(vec![Sampling::Distinct, Sampling::Independent]),
    ) {
        let gram = gram(samples, outputs, seed, spread);
        for backend in backends().into_iter().filter(|backend| !backend.is_gpu()) {
            let told = Mutex::new(Vec::new());
            let device = device(backend, &told).unwrap();
            compare(&gram, sampling, &device);
        }
    }
}

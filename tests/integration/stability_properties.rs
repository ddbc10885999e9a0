//! What holds for every Gram matrix, against dense d² × d² matrices built in parameter space.

use etastar::optimizer::Optimizer;
use etastar::process::Sampling;
use etastar::{
    gram::Gram,
    stability::{
        solver::noise::sufficient_batch_size,
        solver::{SolverOptions, Status},
        thresholds::{Report, Request, thresholds},
    },
};
use faer::{Mat, Side};
use proptest::prelude::*;

const SAMPLINGS: [Sampling; 3] = [Sampling::Distinct, Sampling::Independent, Sampling::Bernoulli];

/// A_1, …, A_n stacked, nq × d.
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

    fn report(&self, sampling: Sampling, batch_sizes: Vec<usize>) -> Report {
        let options = SolverOptions { tolerance: 1e-6, ..SolverOptions::default() };
        thresholds(
            &self.gram(),
            &Request { batch_sizes, sampling, optimizer: Optimizer::default(), options },
            &mut |_| (),
        )
        .unwrap()
    }

    fn hessians(&self) -> Vec<Mat<f64>> {
        let block = |i: usize| self.rows.subrows(i * self.outputs, self.outputs);
        (0..self.samples).map(|i| block(i).transpose() * block(i)).collect()
    }

    /// (C, D) on the symmetric square of range(H), with C diagonal.
    fn pencil(&self, alpha: f64, beta: f64) -> (Vec<f64>, Mat<f64>) {
        let n = self.samples as f64;
        let hessians = self.hessians();
        let mean = hessians.iter().fold(hessians[0].clone() * 0.0, |sum, h| sum + h * (1.0 / n));
        let eigen = mean.self_adjoint_eigen(Side::Lower).unwrap();
        let largest = eigen.S()[mean.nrows() - 1];
        let kept: Vec<usize> =
            (0..mean.nrows()).filter(|&k| eigen.S()[k] > 1e-11 * largest).collect();
        let basis = Mat::from_fn(mean.nrows(), kept.len(), |i, k| eigen.U()[(i, kept[k])]);
        let project = |h: &Mat<f64>| basis.transpose() * h * &basis;
        let h = project(&mean);
        let mut d = kronecker(&h) * alpha;
        for hessian in &hessians {
            d += kronecker(&project(hessian)) * (beta / n);
        }
        let values: Vec<f64> = kept.iter().map(|&k| eigen.S()[k]).collect();
        let pairs = values.iter().flat_map(|a| values.iter().map(move |b| 0.5 * (a + b)));
        (pairs.collect(), d)
    }

    fn generalized_sharpness(&self, alpha: f64, beta: f64) -> f64 {
        let (c, d) = self.pencil(alpha, beta);
        let scaled = Mat::from_fn(c.len(), c.len(), |i, j| d[(i, j)] / (c[i] * c[j]).sqrt());
        *scaled.self_adjoint_eigenvalues(Side::Lower).unwrap().last().unwrap()
    }

    /// The spectral radius of Q(η) = I − 2ηC + η²D.
    fn radius(&self, alpha: f64, beta: f64, eta: f64) -> f64 {
        let (c, d) = self.pencil(alpha, beta);
        let q = Mat::from_fn(c.len(), c.len(), |i, j| {
            eta * eta * d[(i, j)] + if i == j { 1.0 - 2.0 * eta * c[i] } else { 0.0 }
        });
        q.self_adjoint_eigenvalues(Side::Lower).unwrap().iter().fold(0.0, |max, x| max.max(x.abs()))
    }
}

fn kronecker(h: &Mat<f64>) -> Mat<f64> {
    let r = h.nrows();
    Mat::from_fn(r * r, r * r, |i, j| h[(i / r, j / r)] * h[(i % r, j % r)])
}

/// Gaussian-like rows, samples of very different size, some repeated and some silent.
fn problems() -> impl Strategy<Value = Problem> {
    (1_usize..6, 1_usize..4, 1_usize..7).prop_flat_map(|(samples, outputs, parameters)| {
        let entries = prop::collection::vec(-1.0..1.0_f64, samples * outputs * parameters);
        let sizes = prop::collection::vec(-4.0..2.0_f64, samples);
        let kinds = prop::collection::vec(0_u8..8, samples);
        (entries, sizes, kinds).prop_filter_map("no curvature", move |(entries, sizes, kinds)| {
            let rows = Mat::from_fn(samples * outputs, parameters, |row, k| {
                let (mut i, output) = (row / outputs, row % outputs);
                if kinds[i] == 0 && i > 0 {
                    return 0.0;
                }
                if kinds[i] == 1 {
                    i = 0;
                }
                sizes[i].exp() * entries[(i * outputs + output) * parameters + k]
            });
            (rows.norm_l2() > 1e-3).then_some(Problem { rows, samples, outputs })
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_enclosure_holds_the_dense_answer(problem in problems()) {
        for sampling in SAMPLINGS {
            let report = problem.report(sampling, (1..=problem.samples).collect());
            for threshold in &report.thresholds {
                let exact = problem.generalized_sharpness(threshold.alpha, threshold.beta);
                let found = threshold.generalized_sharpness;
                // The dense route has rounding errors of its own.
                let rounding = 1e-11 * exact;
                prop_assert!(found.lower <= exact + rounding, "{} {found:?}", exact);
                prop_assert!(found.upper >= exact - rounding, "{} {found:?}", exact);
                prop_assert!((found.value - exact).abs() <= 1e-8 * exact, "{} {found:?}", exact);
                prop_assert_eq!(threshold.status, Status::Converged, "{:?}", found);
            }
        }
    }

    #[test]
    fn second_moments_shrink_just_below_the_threshold_and_grow_just_above(problem in problems()) {
        for threshold in &problem.report(Sampling::Distinct, vec![1, problem.samples]).thresholds {
            let radius = |eta| problem.radius(threshold.alpha, threshold.beta, eta);
            prop_assert!(radius(threshold.eta_var * (1.0 - 1e-6)) <= 1.0 + 1e-12);
            prop_assert!(radius(threshold.eta_var * (1.0 + 1e-6)) > 1.0);
        }
    }

    #[test]
    fn every_bound_is_on_its_side(problem in problems()) {
        for sampling in SAMPLINGS {
            let report = problem.report(sampling, (1..=problem.samples).collect());
            for t in &report.thresholds {
                let GeneralizedBounds { value, slack } = GeneralizedBounds::of(t);
                prop_assert!(t.bound_17 <= t.bound_27 && t.bound_27 <= value, "{t:?}");
                prop_assert!(t.bound_18 <= value + slack, "{t:?}");
                prop_assert!(value <= t.one_step_upper + slack, "{t:?}");
                prop_assert!(report.sharpness * t.alpha <= value + slack, "{t:?}");
                if sampling == Sampling::Bernoulli {
                    prop_assert!(t.dexter_bound.unwrap() <= value + slack, "{t:?}");
                }
            }
        }
    }

    #[test]
    fn larger_batches_are_never_less_stable(problem in problems()) {
        for sampling in SAMPLINGS {
            let report = problem.report(sampling, (1..=problem.samples).collect());
            for pair in report.thresholds.windows(2) {
                prop_assert!(pair[0].eta_var <= pair[1].eta_var * (1.0 + 1e-8));
            }
        }
    }

    #[test]
    fn proposition_8_gives_a_sufficient_batch_size(problem in problems(), epsilon in 0.05..0.9_f64) {
        let sharpness = problem.report(Sampling::Distinct, vec![1]);
        let batch = sufficient_batch_size(
            sharpness.noise_sharpness, sharpness.sharpness, epsilon, problem.samples,
        ).unwrap();
        let t = problem.report(Sampling::Distinct, vec![batch]).thresholds.remove(0);
        prop_assert!((1.0 - epsilon) * t.eta_mean <= t.eta_var * (1.0 + 1e-8));
    }

    #[test]
    fn order_of_samples_and_basis_of_outputs_do_not_matter(problem in problems(), angle in 0.0..3.0_f64) {
        let (n, q) = (problem.samples, problem.outputs);
        let (sin, cos) = angle.sin_cos();
        let mut changed = problem.clone();
        changed.rows = Mat::from_fn(n * q, problem.rows.ncols(), |row, k| {
            // Samples in reverse order, the first two outputs rotated.
            let (i, output) = (n - 1 - row / q, row % q);
            let entry = |output: usize| problem.rows[(i * q + output, k)];
            match output {
                0 if q > 1 => cos * entry(0) - sin * entry(1),
                1 => sin * entry(0) + cos * entry(1),
                _ => entry(output),
            }
        });
        let before = problem.report(Sampling::Distinct, (1..=n).collect());
        let after = changed.report(Sampling::Distinct, (1..=n).collect());
        prop_assert!((before.noise_sharpness - after.noise_sharpness).abs() <= 1e-8 * before.trace);
        for (a, b) in before.thresholds.iter().zip(&after.thresholds) {
            prop_assert!((a.eta_var - b.eta_var).abs() <= 1e-8 * a.eta_var);
            prop_assert!((a.one_step_upper - b.one_step_upper).abs() <= 1e-8 * a.one_step_upper);
            let (a, b) = (a.dexter_bound.unwrap(), b.dexter_bound.unwrap());
            prop_assert!((a - b).abs() <= 1e-8 * a);
        }
    }
}

/// Two groups of samples without a common direction: two of them large, the others equal. The first
/// group decides at small batches, the second at large ones.
#[test]
fn the_deciding_group_of_samples_changes_with_the_batch_size() {
    for size in [1.0, 2.0, 2.5, 3.0] {
        let rows = Mat::from_fn(24, 4, |i, k| match (i, k) {
            (0, 0) | (1, 1) => size,
            (2.., 2) => 0.9,
            (2.., 3) => 0.02 * (i as f64 - 12.0),
            _ => 0.0,
        });
        let problem = Problem { rows, samples: 24, outputs: 1 };
        let report = problem.report(Sampling::Distinct, (1..=24).collect());
        for t in &report.thresholds {
            let exact = problem.generalized_sharpness(t.alpha, t.beta);
            let found = t.generalized_sharpness;
            assert!((found.value / exact - 1.0).abs() < 1e-8, "{size} {exact} {t:?}");
            assert!(found.lower <= exact * (1.0 + 1e-11) && found.upper >= exact * (1.0 - 1e-11));
            assert_eq!(t.status, Status::Converged, "{t:?}");
        }
    }
}

struct GeneralizedBounds {
    value: f64,
    slack: f64,
}

impl GeneralizedBounds {
    fn of(threshold: &etastar::stability::thresholds::Threshold) -> Self {
        let value = threshold.generalized_sharpness.value;
        Self { value, slack: 1e-9 * value }
    }
}

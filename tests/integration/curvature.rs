//! The Gram matrix and Hessian products against dense matrices by another route: central
//! differences in double precision of a network written out in plain loops.

use etastar::config::ModelConfig;
use etastar::curvature::{LossHessian, Pass, gram, pull_back};
use etastar::data::Dataset;
use etastar::linalg::LinearOperator;
use etastar::loss::Loss;
use etastar::net::{Weights, Widths, initial};
use faer::{Mat, Par};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const FACTOR: f64 = 0.7;

struct Problem {
    weights: Weights,
    data: Dataset,
    /// Layer by layer, weights row by row, then biases.
    theta: Vec<f64>,
}

fn problem(widths: &[usize], samples: usize, seed: u64) -> Problem {
    let widths = Widths(widths.to_vec());
    let config =
        ModelConfig { hidden: vec![], init_factor: 2.0, scale_biases: true, init_seed: seed };
    let weights = initial(&widths, &config);
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1);
    let (features, outputs) = (widths.0[0], widths.0[widths.0.len() - 1]);
    let mut draw =
        |count| (0..count).map(|_| random.random_range(-1.0_f32..1.0)).collect::<Vec<_>>();
    let data = Dataset {
        inputs: draw(samples * features),
        targets: draw(samples * outputs),
        samples,
        features,
        outputs,
        digest: String::new(),
    };
    let flat = weights.layers.iter().flat_map(|layer| layer.weight.iter().chain(&layer.bias));
    let theta = flat.map(|&value| f64::from(value)).collect();
    Problem { weights, data, theta }
}

impl Problem {
    /// f(x_i; θ), in plain loops.
    fn outputs(&self, theta: &[f64], sample: usize) -> Vec<f64> {
        let width = self.data.features;
        let mut a: Vec<f64> =
            self.data.inputs[sample * width..][..width].iter().map(|&x| f64::from(x)).collect();
        let mut at = 0;
        for (depth, layer) in self.weights.layers.iter().enumerate() {
            let z: Vec<f64> = (0..layer.outputs)
                .map(|unit| {
                    let row = &theta[at + unit * layer.inputs..][..layer.inputs];
                    let bias = theta[at + layer.outputs * layer.inputs + unit];
                    bias + row.iter().zip(&a).map(|(w, x)| w * x).sum::<f64>()
                })
                .collect();
            at += layer.outputs * (layer.inputs + 1);
            let last = depth + 1 == self.weights.layers.len();
            a = z.into_iter().map(|z| if last { z } else { z.max(0.0) }).collect();
        }
        a
    }

    fn loss(&self, theta: &[f64]) -> f64 {
        let q = self.data.outputs;
        let error = |i: usize| {
            let f = self.outputs(theta, i);
            let y = &self.data.targets[i * q..][..q];
            f.iter().zip(y).map(|(f, y)| (f - f64::from(*y)).powi(2)).sum::<f64>()
        };
        FACTOR * (0..self.data.samples).map(error).sum::<f64>() / self.data.samples as f64
    }

    fn pass(&self) -> Pass {
        Pass::new(&self.weights, &self.data, Loss::squared(FACTOR), Par::Seq)
    }

    /// Rows √(2c) ∇f_k(x_i) by central differences.
    fn jacobian(&self) -> Mat<f64> {
        let (n, q, step) = (self.data.samples, self.data.outputs, 1e-6);
        let mut a = Mat::zeros(n * q, self.theta.len());
        for parameter in 0..self.theta.len() {
            let (mut up, mut down) = (self.theta.clone(), self.theta.clone());
            up[parameter] += step;
            down[parameter] -= step;
            for i in 0..n {
                let (above, below) = (self.outputs(&up, i), self.outputs(&down, i));
                for k in 0..q {
                    a[(i * q + k, parameter)] =
                        (2.0 * FACTOR).sqrt() * (above[k] - below[k]) / (2.0 * step);
                }
            }
        }
        a
    }

    /// ∇²L v by a second difference of the loss along v and every coordinate direction.
    fn hessian_product(&self, v: &[f64]) -> Vec<f64> {
        let step = 2e-4;
        let moved = |parameter: usize, along: f64, coordinate: f64| {
            let mut theta: Vec<f64> =
                self.theta.iter().zip(v).map(|(t, v)| t + along * v).collect();
            theta[parameter] += coordinate;
            self.loss(&theta)
        };
        (0..self.theta.len())
            .map(|p| {
                let corners = moved(p, step, step) - moved(p, step, -step) - moved(p, -step, step)
                    + moved(p, -step, -step);
                corners / (4.0 * step * step)
            })
            .collect()
    }
}

/// Depths one to three; few enough units that no kink of a ReLU lies within the differences' steps.
const SHAPES: [&[usize]; 4] = [&[5, 3], &[4, 6, 2], &[3, 5, 4, 2], &[6, 4, 5, 3, 1]];

#[test]
fn the_gram_matrix_is_that_of_the_jacobian() {
    for (seed, widths) in SHAPES.iter().enumerate() {
        let problem = problem(widths, 7, seed as u64);
        let found = gram(&problem.pass()).unwrap();
        let jacobian = problem.jacobian();
        let expected = &jacobian * jacobian.transpose();
        let error = (found.matrix() - &expected).norm_l2() / expected.norm_l2();
        assert!(error < 1e-8, "{widths:?}: {error:e}");
    }
}

#[test]
fn pulling_back_is_the_transposed_jacobian() {
    for (seed, widths) in SHAPES.iter().enumerate() {
        let problem = problem(widths, 5, 10 + seed as u64);
        let jacobian = problem.jacobian();
        let u: Vec<f64> = (0..jacobian.nrows()).map(|i| (1.0 + i as f64).sin()).collect();
        let found = pull_back(&problem.pass(), &u);
        let expected = jacobian.transpose() * faer::ColRef::from_slice(&u);
        let error = (faer::ColRef::from_slice(&found) - &expected).norm_l2() / expected.norm_l2();
        assert!(error < 1e-8, "{widths:?}: {error:e}");
    }
}

#[test]
fn hessian_products_agree_with_differences_of_the_loss() {
    for (seed, widths) in SHAPES.iter().enumerate() {
        let problem = problem(widths, 6, 20 + seed as u64);
        let pass = problem.pass();
        assert!((pass.loss() - problem.loss(&problem.theta)).abs() < 1e-12);
        let hessian = LossHessian::new(&pass);
        let v: Vec<f64> = (0..hessian.side()).map(|i| (0.3 + i as f64).cos()).collect();
        let mut found = vec![0.0; v.len()];
        hessian.apply(&v, &mut found);
        let expected = problem.hessian_product(&v);
        let norm = expected.iter().map(|x| x * x).sum::<f64>().sqrt();
        let error = found.iter().zip(&expected).map(|(f, e)| (f - e).powi(2)).sum::<f64>().sqrt();
        assert!(error < 2e-6 * norm, "{widths:?}: {:e}", error / norm);
    }
}

#[test]
fn hessian_products_are_symmetric_and_linear() {
    let problem = problem(&[6, 9, 5, 3], 11, 3);
    let pass = problem.pass();
    let hessian = LossHessian::new(&pass);
    let product = |v: &[f64]| {
        let mut out = vec![0.0; v.len()];
        hessian.apply(v, &mut out);
        out
    };
    let a: Vec<f64> = (0..hessian.side()).map(|i| (i as f64).sin()).collect();
    let b: Vec<f64> = (0..hessian.side()).map(|i| (2.0 * i as f64 + 1.0).cos()).collect();
    let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let (ha, hb) = (product(&a), product(&b));
    assert!(
        (dot(&b, &ha) - dot(&a, &hb)).abs() < 1e-11 * dot(&ha, &ha).sqrt() * dot(&b, &b).sqrt()
    );
    let sum: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 2.0 * a - b).collect();
    let expected = ha.iter().zip(&hb).map(|(a, b)| 2.0 * a - b);
    assert!(product(&sum).iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-10));
}

#[test]
fn without_residual_the_hessian_is_the_gauss_newton_matrix() {
    let mut problem = problem(&[5, 8, 2], 6, 4);
    let outputs: Vec<f32> =
        (0..6).flat_map(|i| problem.outputs(&problem.theta, i)).map(|f| f as f32).collect();
    problem.data.targets = outputs;
    let pass = problem.pass();
    let hessian = LossHessian::new(&pass);
    let u: Vec<f64> = (0..12).map(|i| (1.0 + i as f64).cos()).collect();
    let v = pull_back(&pass, &u);
    let mut product = vec![0.0; v.len()];
    hessian.apply(&v, &mut product);
    // H Aᵀu = (1/n) AᵀA Aᵀu = Aᵀ(G u/n).
    let gram = gram(&pass).unwrap();
    let ku: Vec<f64> =
        (gram.matrix() * faer::ColRef::from_slice(&u)).iter().map(|x| x / 6.0).collect();
    let expected = pull_back(&pass, &ku);
    let largest = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    // The targets are the outputs rounded to single precision.
    assert!(product.iter().zip(&expected).all(|(p, e)| (p - e).abs() < 1e-6 * largest));
}

/// A dead sample is one whose output no weight before the dead layer can move.
#[test]
fn dead_samples_are_those_that_no_weight_moves() {
    for (widths, lowered, by) in [(&[5, 6, 3][..], 0, 1.0), (&[5, 9, 6, 3][..], 1, 0.4)] {
        let mut problem = problem(widths, 40, 17);
        let layer = &mut problem.weights.layers[lowered];
        layer.bias.iter_mut().for_each(|bias| *bias -= by);
        let layers = problem.weights.layers.iter();
        let flat = layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias));
        problem.theta = flat.map(|&value| f64::from(value)).collect();
        let before: usize =
            problem.weights.layers[..=lowered].iter().map(|l| l.outputs * (l.inputs + 1)).sum();
        let moves = |i: usize| {
            (0..before).any(|k| {
                let mut theta = problem.theta.clone();
                theta[k] += 1e-7;
                problem.outputs(&theta, i) != problem.outputs(&problem.theta, i)
            })
        };
        let dead = (0..40).filter(|&i| !moves(i)).count();
        assert!((1..40).contains(&dead), "the test needs samples of both kinds, has {dead} dead");
        let pass = Pass::new(&problem.weights, &problem.data, Loss::squared(FACTOR), Par::Seq);
        assert_eq!(pass.dead_samples(), dead, "{widths:?}");
    }
}

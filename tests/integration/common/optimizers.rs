//! Every optimizer, and its step as PyTorch makes it, on dense matrices.

use etastar::optimizer::{Optimizer, OptimizerSettings};
use faer::Mat;

/// Settings of every kind of optimizer but plain SGD.
pub fn variants() -> Vec<OptimizerSettings> {
    let of = |momentum, nesterov, weight_decay, decoupled| OptimizerSettings {
        momentum,
        nesterov,
        weight_decay,
        decoupled,
        dampening: 0.0,
    };
    vec![
        of(0.5, false, 0.0, false),
        of(0.9, false, 0.0, false),
        of(0.9, true, 0.0, false),
        of(0.0, false, 0.05, false),
        of(0.8, false, 0.05, false),
        of(0.8, true, 0.05, false),
        of(0.8, false, 0.05, true),
        OptimizerSettings { dampening: 0.8, ..of(0.8, false, 0.05, true) },
    ]
}

/// The optimizer of `settings`.
pub fn optimizer(settings: OptimizerSettings) -> Optimizer {
    settings.optimizer().unwrap()
}

/// One step (θ, v) ↦ M(θ, v) on the batch of Hessian H: g = Hθ + wθ (coupled), v ← m v + (1 − δ)g, and
/// θ ← θ − ηv, θ ← θ − η(g + m v) (Nesterov) or θ ← (1 − ηw)θ − ηv (decoupled).
pub fn pytorch_step(settings: OptimizerSettings, step_size: f64, hessian: &Mat<f64>) -> Mat<f64> {
    let d = hessian.nrows();
    let OptimizerSettings { momentum: m, nesterov, weight_decay: w, decoupled, dampening } =
        settings;
    let one = Mat::<f64>::identity(d, d);
    let coupled = if decoupled { 0.0 } else { w };
    // g and the new v as matrices that act on (θ, v).
    let g = [hessian + coupled * &one, Mat::zeros(d, d)];
    let v = [(1.0 - dampening) * &g[0], m * &one];
    let kept = if decoupled { 1.0 - step_size * w } else { 1.0 };
    let direction = |k: usize| if nesterov { &g[k] + m * &v[k] } else { v[k].clone() };
    let theta = [kept * &one - step_size * direction(0), -step_size * direction(1)];
    Mat::from_fn(2 * d, 2 * d, |i, j| {
        let parts = if i < d { &theta } else { &v };
        parts[j / d][(i % d, j % d)]
    })
}

/// By how much the gradient of a batch moves θ and v at once: (−η(1 − δ) or, for Nesterov,
/// −η(1 + m); 1 − δ).
pub fn pytorch_response(settings: OptimizerSettings, step_size: f64) -> [f64; 2] {
    let (ahead, new) = (settings.nesterov, 1.0 - settings.dampening);
    [-step_size * if ahead { 1.0 + settings.momentum } else { new }, new]
}

/// The mean Hessian of the samples of `batch`.
pub fn batch_hessian(rows: &Mat<f64>, outputs: usize, batch: &[usize]) -> Mat<f64> {
    let picked = Mat::from_fn(batch.len() * outputs, rows.ncols(), |k, j| {
        rows[(batch[k / outputs] * outputs + k % outputs, j)]
    });
    (1.0 / batch.len() as f64) * (picked.transpose() * &picked)
}

/// All sets of `size` of the first `n` samples.
pub fn batches(n: usize, size: usize) -> Vec<Vec<usize>> {
    let members = |set: usize| (0..n).filter(|i| set >> i & 1 == 1).collect::<Vec<_>>();
    (0..1 << n).map(members).filter(|batch| batch.len() == size).collect()
}

/// log ρ of M ↦ mean over `steps` of P M Pᵀ, by powers of the dense map.
pub fn log_radius_of(steps: &[Mat<f64>]) -> f64 {
    let side = steps[0].nrows();
    let mut moment = Mat::<f64>::identity(side, side);
    let mut total = 0.0;
    const POWERS: usize = 4000;
    for power in 0..2 * POWERS {
        let mut next = Mat::<f64>::zeros(side, side);
        for step in steps {
            next += step * &moment * step.transpose();
        }
        let trace: f64 = (0..side).map(|k| next[(k, k)]).sum();
        moment = next * (1.0 / trace);
        // The trace is that of 1 after the first power. Complex eigenvalues below ρ only matter at first.
        if power >= POWERS {
            total += (trace / steps.len() as f64).ln();
        }
    }
    total / POWERS as f64
}

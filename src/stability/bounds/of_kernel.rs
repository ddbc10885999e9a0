//! Bounds on the generalized sharpness of any optimizer: scales μ at which a quotient is 1.
//!
//! At the scale μ = 2/η every symmetric X gives λ_max(F_μ) ≥ 1 where
//!   ⟨X, (β/n) Σ H_iXH_i⟩ ≥ Σ_ab T_ab X_ab², T_ab = 1/(η²g_ab) + (1 − α)λ_aλ_b = λ_aλ_b/κ_ab
//! in the eigenbasis of H (see `docs/momentum-theorem.md`). The scales at which X = vvᵀ and X = I on range(H) do so
//! are the bounds (17), (27) and (18) of \[M\] for that optimizer. All in units of λ_1.

use faer::Mat;
use rayon::prelude::*;

use super::low_rank::LowRank;
use super::rank_one::{RankOne, normalise};
use crate::optimizer::Kernel;
use crate::process::Coefficients;
use crate::stability::solver::scale::scale_where_one;
use crate::stability::spectrum::Spectrum;

/// (17): the scale for X = vvᵀ with the top eigenvector v of H, where β mean (vᵀH_iv)² = `noise`.
pub fn top_eigenvector_scale(kernel: Kernel, noise: f64) -> f64 {
    let pole = kernel.full_batch_scale();
    scale_where_one(pole, |scale| noise / kernel.at(scale).denominator(1.0, 1.0).value())
}

/// (18): the scale for X = I, where (β/n) Σ‖H_i‖_F² = `noise` and H has the eigenvalues `values`.
pub fn identity_scale(kernel: Kernel, noise: f64, values: &[f64]) -> f64 {
    let total = |scale: f64| -> f64 {
        values.iter().map(|value| kernel.at(scale).denominator(*value, *value).value()).sum()
    };
    scale_where_one(kernel.full_batch_scale(), |scale| noise / total(scale))
}

/// (27): the largest scale for X = vvᵀ found from each of `starts`, vectors in the eigenbasis of H; and above the pole
/// at η*_mean, where a bound is at least that.
///
/// At unit v and u = (v_a²) the quotient is R(v) = β mean (vᵀH_iv)²/(uᵀTu). A step is v ← diag(Tu)⁻¹ M v with
/// M = β mean (vᵀH_iv)H_i: √β mean(xᵀH_ix)² is at least xᵀMx/√(vᵀMv), and √(yᵀTy), concave in y = (x_a²) where
/// T has one positive eigenvalue, at most yᵀTu/√(uᵀTu). So R does not fall, and it rises the scale at which R = 1.
pub fn rank_one_scale(
    spectrum: &Spectrum,
    kernel: Kernel,
    beta: f64,
    starts: &[Vec<f64>],
    first: f64,
) -> f64 {
    /// Ascents, each at the scale that the one before has reached.
    const ROUNDS: usize = 3;
    let problem = RankOne::new(spectrum);
    let rank = spectrum.rank();
    let pole = kernel.full_batch_scale();
    let mut points = Mat::from_fn(rank, starts.len(), |a, c| starts[c][a]);
    let mut best = first.max(pole * (1.0 + 1e-9));
    for _ in 0..ROUNDS {
        let ends = ascend(&problem, kernel.at(best), beta, points);
        raise_to_columns(&mut best, &problem, kernel, beta, &ends);
        points = ends;
    }
    best
}

/// Raises `best` to the scales of all columns of `points`.
fn raise_to_columns(
    best: &mut f64,
    problem: &RankOne<'_>,
    kernel: Kernel,
    beta: f64,
    points: &Mat<f64>,
) {
    let (_, squares, _) = problem.curvatures(points);
    for (c, square) in squares.into_iter().enumerate() {
        let weights: Vec<f64> = points.col(c).iter().map(|v| v * v).collect();
        let quotient =
            |scale: f64| beta * square / form(kernel.at(scale), &problem.values, &weights);
        if quotient(*best) > 1.0 {
            *best = scale_where_one(*best, quotient);
        }
    }
}

/// uᵀTu.
fn form(kernel: Kernel, values: &[f64], weights: &[f64]) -> f64 {
    /// Of the largest weight: the rest adds less than rounding.
    const NEGLIGIBLE: f64 = 1e-18;
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let kept: Vec<(f64, f64)> = values
        .iter()
        .zip(weights)
        .filter(|(_, weight)| **weight > NEGLIGIBLE * largest)
        .map(|(value, weight)| (*value, *weight))
        .collect();
    let row = |(k, (a, u)): (usize, &(f64, f64))| {
        let off: f64 = kept[..k].iter().map(|(b, v)| v * kernel.denominator(*a, *b).value()).sum();
        u * (2.0 * off + u * kernel.denominator(*a, *a).value())
    };
    kept.par_iter().enumerate().map(row).sum()
}

/// Steps from every column of `points` until none gains; the best points of each.
fn ascend(problem: &RankOne<'_>, kernel: Kernel, beta: f64, mut points: Mat<f64>) -> Mat<f64> {
    const STEPS: usize = 100;
    const GAIN: f64 = 1e-7;
    let values = &problem.values;
    let t = LowRank::of(values.len(), |a, b| kernel.denominator(values[a], values[b]).value());
    normalise(&mut points);
    let mut best = points.clone();
    let mut reached = vec![0.0; points.ncols()];
    for _ in 0..STEPS {
        let (_, squares, back) = problem.curvatures(&points);
        let mut next = back;
        let mut rises = false;
        for (c, square) in squares.into_iter().enumerate() {
            let weights: Vec<f64> = points.col(c).iter().map(|v| v * v).collect();
            let slopes = t.times(&weights);
            let form: f64 = slopes.iter().zip(&weights).map(|(slope, u)| slope * u).sum();
            let value = beta * square / form;
            if value > reached[c] {
                rises |= value > reached[c] * (1.0 + GAIN);
                reached[c] = value;
                best.col_mut(c).copy_from(points.col(c));
            }
            for ((x, slope), value) in next.col_mut(c).iter_mut().zip(&slopes).zip(values) {
                *x *= value.sqrt() / slope;
            }
        }
        if !rises {
            break;
        }
        points = next;
        normalise(&mut points);
    }
    best
}

/// The largest (λ_a + λ_b)/2 · η²g_ab at the scale of `kernel`: no X has a larger ⟨X, CX⟩ over Σ X_ab²/(η²g_ab).
pub fn greatest_amplification(kernel: Kernel, values: &[f64]) -> f64 {
    // α = 1: T is 1/(η²g) alone.
    let kernel = kernel.with_alpha(1.0);
    let entry = |a: f64, b: f64| {
        let inverse = kernel.denominator(a, b).value();
        if inverse > 0.0 { 0.5 * (a + b) / inverse } else { f64::INFINITY }
    };
    let row =
        |(k, a): (usize, &f64)| values[..=k].iter().map(|b| entry(*a, *b)).fold(0.0, f64::max);
    values.par_iter().enumerate().map(row).reduce(|| 0.0, f64::max)
}

/// A scale above which all step sizes are stable, given λ_max(C†N) ≤ `noise` of the noise operator
/// N(X) = (α − 1)HXH + (β/n) Σ H_iXH_i.
///
/// ⟨X, N(X)⟩ ≤ noise ⟨X, CX⟩ ≤ noise · [`greatest_amplification`] · Σ X_ab²/(η²g_ab), and the amplification falls as the
/// scale grows.
pub fn upper_scale(kernel: Kernel, noise: f64, values: &[f64]) -> f64 {
    let pole = kernel.full_batch_scale();
    let of_top = scale_where_one(pole, |scale| {
        noise * greatest_amplification(kernel.at(scale), &values[..1])
    });
    // Mostly the largest eigenvalue decides; the rest costs a pass over all pairs for each scale.
    let all = |scale: f64| noise * greatest_amplification(kernel.at(scale), values);
    let margin = of_top * (1.0 + 1e-12);
    if all(margin) <= 1.0 { margin } else { scale_where_one(of_top, all) }
}

/// β mean (vᵀH_iv)² of the top eigenvector and (β/n) Σ‖H_i‖_F², from the \[M\] (17) and (18) of plain SGD.
pub fn noise_of_plain_bounds(
    Coefficients { alpha, .. }: Coefficients,
    (bound_17, bound_18): (f64, f64),
    values: &[f64],
) -> (f64, f64) {
    let trace: f64 = values.iter().sum();
    let squares: f64 = values.iter().map(|value| value * value).sum();
    (bound_17 - alpha, bound_18 * trace - alpha * squares)
}

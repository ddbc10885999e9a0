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
use crate::linalg::Vector;
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

/// Where to look for (27) of one kernel.
#[derive(Debug)]
pub struct RankOneProblem {
    pub kernel: Kernel,
    pub beta: f64,
    /// Vectors in the eigenbasis of H.
    pub starts: Vec<Vec<f64>>,
    /// A scale that is known to be a lower bound.
    pub known: f64,
}

/// (27): for every problem the largest scale for X = vvᵀ found from its starts, at least that which is known, and
/// above the pole at η*_mean, where a bound is at least that.
///
/// At unit v and u = (v_a²) the quotient is R(v) = β mean (vᵀH_iv)²/(uᵀTu). A step is v ← diag(Tu)⁻¹ M v with
/// M = β mean (vᵀH_iv)H_i: √β mean(xᵀH_ix)² is at least xᵀMx/√(vᵀMv), and √(yᵀTy), concave in y = (x_a²) where
/// T has one positive eigenvalue, at most yᵀTu/√(uᵀTu). So R does not fall, and it rises the scale at which R = 1.
pub fn rank_one_scales(spectrum: &Spectrum, problems: &[RankOneProblem]) -> Vec<f64> {
    /// Ascents, each at the scale that the one before has reached.
    const ROUNDS: usize = 3;
    let hessians = RankOne::new(spectrum);
    let owners: Vec<usize> = problems
        .iter()
        .enumerate()
        .flat_map(|(k, problem)| std::iter::repeat_n(k, problem.starts.len()))
        .collect();
    let starts: Vec<&Vec<f64>> = problems.iter().flat_map(|problem| &problem.starts).collect();
    let mut points = Mat::from_fn(spectrum.rank(), starts.len(), |a, c| starts[c][a]);
    let least = |problem: &RankOneProblem| {
        problem.known.max(problem.kernel.full_batch_scale() * (1.0 + 1e-9))
    };
    let mut best: Vec<f64> = problems.iter().map(least).collect();
    for _ in 0..ROUNDS {
        let values = &hessians.values;
        let forms: Vec<LowRank> = problems
            .par_iter()
            .zip(&best)
            .map(|(problem, scale)| denominators(problem.kernel.at(*scale), values))
            .collect();
        let betas: Vec<f64> = problems.iter().map(|problem| problem.beta).collect();
        points = ascend(&hessians, &forms, &betas, &owners, points);
        let (_, squares, _) = hessians.curvatures(&points);
        for (c, square) in squares.into_iter().enumerate() {
            let (problem, best) = (&problems[owners[c]], &mut best[owners[c]]);
            let weights: Vec<f64> = points.col(c).iter().map(|v| v * v).collect();
            let quotient = |scale: f64| {
                let slopes = denominators(problem.kernel.at(scale), values).times(&weights);
                problem.beta * square / slopes.dot(&weights)
            };
            if quotient(*best) > 1.0 {
                *best = scale_where_one(*best, quotient);
            }
        }
    }
    best
}

/// T, a rational function of low degree.
fn denominators(kernel: Kernel, values: &[f64]) -> LowRank {
    LowRank::of(values.len(), |a, b| kernel.denominator(values[a], values[b]).value())
}

/// Steps from every column of `points` until none gains; the best points of each. Column c has the T and β of
/// number `owners[c]`.
fn ascend(
    hessians: &RankOne<'_>,
    forms: &[LowRank],
    betas: &[f64],
    owners: &[usize],
    mut points: Mat<f64>,
) -> Mat<f64> {
    const STEPS: usize = 100;
    const GAIN: f64 = 1e-7;
    normalise(&mut points);
    let mut best = points.clone();
    let mut reached = vec![0.0; points.ncols()];
    for _ in 0..STEPS {
        let (_, squares, back) = hessians.curvatures(&points);
        let mut next = back;
        let mut rises = false;
        for (c, square) in squares.into_iter().enumerate() {
            let weights: Vec<f64> = points.col(c).iter().map(|v| v * v).collect();
            let slopes = forms[owners[c]].times(&weights);
            let form = slopes.dot(&weights);
            let value = betas[owners[c]] * square / form;
            if value > reached[c] {
                rises |= value > reached[c] * (1.0 + GAIN);
                reached[c] = value;
                best.col_mut(c).copy_from(points.col(c));
            }
            let column = next.col_mut(c).iter_mut();
            for ((x, slope), value) in column.zip(&slopes).zip(&hessians.values) {
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

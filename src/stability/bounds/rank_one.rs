//! The optimised rank-one bound \[M\] (27) on the generalized sharpness.

use faer::{Mat, MatRef, Side};
use rayon::prelude::*;

use crate::gram::Gram;
use crate::linalg::product;
use crate::process::Coefficients;
use crate::stability::spectrum::Spectrum;

/// Where to start maximising R for one pair (α, β).
#[derive(Debug, Clone)]
struct StartPoint {
    coefficients: Coefficients,
    /// v in the eigenbasis of H, of any length but zero.
    direction: Vec<f64>,
}

/// The end of an ascent of R.
#[derive(Debug, Clone)]
pub struct Summit {
    /// R in units of λ_1.
    pub value: f64,
    /// v in the eigenbasis of H.
    pub direction: Vec<f64>,
}

/// Steps of an ascent that is to end at a local maximum.
const STEPS: usize = 200;
/// A step that gains less, relative, ends the ascent; and that of the best one.
const GAIN: f64 = 1e-6;
const LAST_GAIN: f64 = 1e-9;
/// Steps of an ascent that tells promising starts from others.
const TRIAL_STEPS: usize = 12;
/// Starts of each pair (α, β) that go on after their trial.
const FINALISTS: usize = 2;
/// Multiplications that a step of all trials together may take…
const TRIAL_COST: usize = 200_000_000;
/// … but for every pair there are at least this many trials, and at most [`MOST_TRIALS`].
const LEAST_TRIALS: usize = 4;
const MOST_TRIALS: usize = 64;

/// \[M\] (27) of plain SGD for every pair (α, β): the largest local maximum of R found.
///
/// R(v) = (α(vᵀHv)² + (β/n) Σ(vᵀH_iv)²)/(vᵀHv·vᵀv) is the Rayleigh quotient of X = vvᵀ, so every
/// value is a lower bound on the generalized sharpness. Ascents start from the top three eigenvectors of
/// H, from the top eigenvectors of the two H_i of largest trace, from `direction` of each pair (the top
/// eigenvector of its second moment X), and from those of all n·q eigenvectors of the H_i that are the
/// highest after a short trial: as many as the cost allows, those of largest R first.
pub fn rank_one_maxima(
    gram: &Gram,
    spectrum: &Spectrum,
    pairs: &[Coefficients],
    directions: &[Vec<f64>],
) -> Vec<Summit> {
    let shared = shared_directions(gram, spectrum);
    let trials = trials(gram, spectrum, pairs);
    let starts: Vec<StartPoint> = trials.iter().flatten().cloned().collect();
    let mut tried = ascend(spectrum, &starts, TRIAL_STEPS, GAIN).into_iter();
    let mut starts = Vec::new();
    let mut lengths = Vec::new();
    for ((&coefficients, direction), trials) in pairs.iter().zip(directions).zip(&trials) {
        let mut summits: Vec<Summit> = tried.by_ref().take(trials.len()).collect();
        summits.sort_by(|a, b| b.value.total_cmp(&a.value));
        let finalists = summits.into_iter().take(FINALISTS).map(|summit| summit.direction);
        let all: Vec<Vec<f64>> =
            shared.iter().cloned().chain([direction.clone()]).chain(finalists).collect();
        lengths.push(all.len());
        starts.extend(all.into_iter().map(|direction| StartPoint { coefficients, direction }));
    }
    let mut maxima = ascend(spectrum, &starts, STEPS, GAIN).into_iter();
    // The best of each pair is followed to the very end.
    let best = |(length, &coefficients): (usize, &Coefficients)| {
        let ends = maxima.by_ref().take(length);
        let best = ends.max_by(|a, b| a.value.total_cmp(&b.value));
        best.map(|end| StartPoint { coefficients, direction: end.direction })
    };
    let best: Vec<StartPoint> = lengths.into_iter().zip(pairs).filter_map(best).collect();
    ascend(spectrum, &best, STEPS, LAST_GAIN)
}

/// Ascends R from each start until a step gains less than `gain`, relative, at most `steps` times.
///
/// One step is v ← (sI + H)⁻¹M v with s = vᵀHv
/// and M = αsH + (β/n) Σ(vᵀH_iv)H_i at unit v. R never falls: by Cauchy–Schwarz the square root
/// of the numerator is at least xᵀMx/√(vᵀMv), and by the means' inequality that of the denominator
/// at most xᵀ(H + sI)x/(2√s), with equality at x = v; and a power step of a pencil of positive
/// semidefinite matrices does not lower its Rayleigh quotient. So no result is below R at its start.
fn ascend(spectrum: &Spectrum, starts: &[StartPoint], steps: usize, gain: f64) -> Vec<Summit> {
    let problem = RankOne::new(spectrum);
    let mut best: Vec<Summit> = starts
        .iter()
        .map(|start| Summit { value: 0.0, direction: start.direction.clone() })
        .collect();
    let mut active: Vec<usize> = (0..starts.len()).collect();
    let mut points = Mat::from_fn(spectrum.rank(), starts.len(), |a, c| starts[c].direction[a]);
    for _ in 0..steps {
        normalise(&mut points);
        let coefficients: Vec<_> = active.iter().map(|&k| starts[k].coefficients).collect();
        let (values, next) = problem.step(&points, &coefficients);
        let mut rising = Vec::new();
        for (c, value) in values.into_iter().enumerate() {
            let known = &mut best[active[c]];
            if value > known.value * (1.0 + gain) {
                rising.push(c);
            }
            if value > known.value {
                let direction = points.col(c).iter().copied().collect();
                *known = Summit { value, direction };
            }
        }
        if rising.is_empty() {
            break;
        }
        active = rising.iter().map(|&c| active[c]).collect();
        points = Mat::from_fn(spectrum.rank(), rising.len(), |a, c| next[(a, rising[c])]);
    }
    best
}

/// An eigenvector v of a sample's H_i: enough to know R(v) for every (α, β).
#[derive(Debug, Clone, Copy)]
struct Candidate {
    sample: usize,
    /// Which eigenvector, in ascending order of the eigenvalues.
    number: usize,
    /// vᵀHv = (1/n) Σ vᵀH_jv.
    mean: f64,
    /// (1/n) Σ (vᵀH_jv)².
    square: f64,
}

impl Candidate {
    fn quotient(&self, Coefficients { alpha, beta }: Coefficients) -> f64 {
        (alpha * self.mean * self.mean + beta * self.square) / self.mean
    }
}

/// The eigenvectors of all H_i. With the eigenpair (κ, u) of G_ii it is v = A_iᵀu/√κ, so that
/// vᵀH_jv = ‖G_jiu‖²/κ: one pass over G.
fn candidates(gram: &Gram) -> Vec<Candidate> {
    let (n, q) = (gram.samples(), gram.outputs());
    let of_sample = |i: usize| {
        let Ok(eigen) = gram.block(i, i).self_adjoint_eigen(Side::Lower) else { return Vec::new() };
        let images = gram.matrix().subcols(i * q, q) * eigen.U();
        let candidate = |number: usize| {
            let value = eigen.S()[number];
            let curvature =
                |j: usize| images.col(number).subrows(j * q, q).squared_norm_l2() / value;
            let (sum, squares) = (0..n)
                .map(curvature)
                .fold((0.0, 0.0), |(sum, squares), c| (sum + c, squares + c * c));
            Candidate { sample: i, number, mean: sum / n as f64, square: squares / n as f64 }
        };
        // An eigenvalue of 0 has no direction in parameter space.
        let floor = q as f64 * f64::EPSILON * eigen.S()[q - 1];
        (0..q).filter(|&k| eigen.S()[k] > floor.max(0.0)).map(candidate).collect()
    };
    (0..n).into_par_iter().flat_map_iter(of_sample).collect()
}

/// Starts from eigenvectors of the H_i for every pair, those of largest R.
fn trials(gram: &Gram, spectrum: &Spectrum, pairs: &[Coefficients]) -> Vec<Vec<StartPoint>> {
    let candidates = candidates(gram);
    let cost = gram.side() * spectrum.rank() * pairs.len().max(1);
    let count = (TRIAL_COST / cost.max(1)).clamp(LEAST_TRIALS, MOST_TRIALS);
    let of_pair = |&coefficients: &Coefficients| {
        let mut order: Vec<Candidate> = candidates.clone();
        order.sort_by(|a, b| b.quotient(coefficients).total_cmp(&a.quotient(coefficients)));
        let start = |found: &Candidate| {
            let direction = eigenvector_of_sample(gram, spectrum, found.sample, found.number)?;
            Some(StartPoint { coefficients, direction })
        };
        order.iter().take(count).filter_map(start).collect()
    };
    pairs.iter().map(of_pair).collect()
}

/// Directions to start from that do not depend on (α, β): the top three eigenvectors of H, and the top eigenvectors of
/// the two H_i with the largest trace.
fn shared_directions(gram: &Gram, spectrum: &Spectrum) -> Vec<Vec<f64>> {
    let rank = spectrum.rank();
    let unit = |k: usize| (0..rank).map(|a| if a == k { 1.0 } else { 0.0 }).collect();
    let mut directions: Vec<Vec<f64>> = (0..rank.min(3)).map(unit).collect();
    let trace = |i: usize| -> f64 { (0..gram.outputs()).map(|k| gram.block(i, i)[(k, k)]).sum() };
    let mut samples: Vec<usize> = (0..gram.samples()).collect();
    samples.sort_by(|&i, &j| trace(j).total_cmp(&trace(i)));
    directions.extend(
        samples
            .iter()
            .take(2)
            .filter_map(|&i| eigenvector_of_sample(gram, spectrum, i, gram.outputs() - 1)),
    );
    directions
}

/// The eigenvector A_iᵀu of H_i, `number` in ascending order, in the eigenbasis of H: Λ^{1/2}V_iᵀu up to
/// its length.
fn eigenvector_of_sample(
    gram: &Gram,
    spectrum: &Spectrum,
    i: usize,
    number: usize,
) -> Option<Vec<f64>> {
    let q = gram.outputs();
    let eigen = gram.block(i, i).self_adjoint_eigen(Side::Lower).ok()?;
    let top = eigen.U().col(number);
    let vectors = spectrum.vectors();
    let along = |(a, value): (usize, &f64)| {
        let rows = &vectors.column(a)[i * q..(i + 1) * q];
        value.sqrt() * rows.iter().zip(top.iter()).map(|(v, u)| v * u).sum::<f64>()
    };
    Some(spectrum.eigenvalues().iter().enumerate().map(along).collect())
}

/// The products with the H_i that an ascent takes.
pub struct RankOne<'a> {
    vectors: MatRef<'a, f64>,
    /// Λ/λ_1.
    pub values: Vec<f64>,
    samples: usize,
}

impl<'a> RankOne<'a> {
    /// Of the H_i in the eigenbasis of H, in units of λ_1.
    pub fn new(spectrum: &'a Spectrum) -> Self {
        let values = spectrum.eigenvalues().iter().map(|v| v / spectrum.sharpness()).collect();
        Self { vectors: spectrum.vectors().view(), values, samples: spectrum.samples() }
    }

    /// vᵀHv, (1/n) Σ(vᵀH_iv)² and Λ^{−1/2}(1/n) Σ(vᵀH_iv)H_iv for every column v of `points`.
    pub fn curvatures(&self, points: &Mat<f64>) -> (Vec<f64>, Vec<f64>, Mat<f64>) {
        // With y = VΛ^{1/2}v: vᵀH_iv = n‖y_i‖² and (1/n) Σ(vᵀH_iv)H_iv = Λ^{1/2}Vᵀ[vᵀH_iv y_i].
        let scaled = Mat::from_fn(points.nrows(), points.ncols(), |a, c| {
            self.values[a].sqrt() * points[(a, c)]
        });
        let mut outputs = product(self.vectors, scaled.as_ref());
        let means = (0..points.ncols()).map(|c| scaled.col(c).squared_norm_l2()).collect();
        let squares =
            (0..points.ncols()).map(|c| self.weigh_by_curvature(&mut outputs, c)).collect();
        (means, squares, product(self.vectors.transpose(), outputs.as_ref()))
    }

    /// R and the next point for every unit column of `points`.
    fn step(&self, points: &Mat<f64>, pairs: &[Coefficients]) -> (Vec<f64>, Mat<f64>) {
        let (means, squares, back) = self.curvatures(points);
        let quotient = |(c, &Coefficients { alpha, beta }): (usize, &Coefficients)| {
            (alpha * means[c] * means[c] + beta * squares[c]) / means[c]
        };
        let next = Mat::from_fn(points.nrows(), points.ncols(), |a, c| {
            let Coefficients { alpha, beta } = pairs[c];
            let (value, mean) = (self.values[a], means[c]);
            let image = alpha * mean * value * points[(a, c)] + beta * value.sqrt() * back[(a, c)];
            image / (mean + value)
        });
        (pairs.iter().enumerate().map(quotient).collect(), next)
    }

    /// y_i ← (vᵀH_iv) y_i in column c; returns (1/n) Σ(vᵀH_iv)².
    fn weigh_by_curvature(&self, outputs: &mut Mat<f64>, c: usize) -> f64 {
        let (n, q) = (self.samples, outputs.nrows() / self.samples);
        let mut sum = 0.0;
        for i in 0..n {
            let rows = i * q..(i + 1) * q;
            let curvature = n as f64 * rows.clone().map(|k| outputs[(k, c)].powi(2)).sum::<f64>();
            rows.for_each(|k| outputs[(k, c)] *= curvature);
            sum += curvature * curvature;
        }
        sum / n as f64
    }
}

/// Divides every column by its length.
pub fn normalise(points: &mut Mat<f64>) {
    for column in points.col_iter_mut() {
        let norm = column.norm_l2();
        column.iter_mut().for_each(|x| *x /= norm);
    }
}

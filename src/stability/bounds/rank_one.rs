//! The optimised rank-one bound \[M\] (27) on the generalized sharpness.

use faer::{Mat, MatRef, Side};

use crate::gram::Gram;
use crate::linalg::product;
use crate::process::Coefficients;
use crate::stability::spectrum::Spectrum;

/// Where to start maximising R for one pair (α, β).
#[derive(Debug, Clone)]
pub struct StartPoint {
    pub coefficients: Coefficients,
    /// v in the eigenbasis of H, of any length but zero.
    pub direction: Vec<f64>,
}

/// The local maximum of R that an ascent from each start reaches, in units of λ_1.
///
/// R(v) = (α(vᵀHv)² + (β/n) Σ(vᵀH_iv)²)/(vᵀHv·vᵀv) is the Rayleigh quotient of X = vvᵀ, so every
/// value is a lower bound on the generalized sharpness. One step is v ← (sI + H)⁻¹M v with s = vᵀHv
/// and M = αsH + (β/n) Σ(vᵀH_iv)H_i at unit v. R never falls: by Cauchy–Schwarz the square root
/// of the numerator is at least xᵀMx/√(vᵀMv), and by the means' inequality that of the denominator
/// at most xᵀ(H + sI)x/(2√s), with equality at x = v; and a power step of a pencil of positive
/// semidefinite matrices does not lower its Rayleigh quotient. So no result is below R at its start.
pub fn local_maxima(spectrum: &Spectrum, starts: &[StartPoint]) -> Vec<f64> {
    /// A step that gains less, relative, ends the ascent.
    const GAIN: f64 = 1e-6;
    const STEPS: usize = 200;
    let problem = RankOne::new(spectrum);
    let mut best = vec![0.0_f64; starts.len()];
    let mut active: Vec<usize> = (0..starts.len()).collect();
    let mut points = Mat::from_fn(spectrum.rank(), starts.len(), |a, c| starts[c].direction[a]);
    for _ in 0..STEPS {
        normalise(&mut points);
        let coefficients: Vec<_> = active.iter().map(|&k| starts[k].coefficients).collect();
        let (values, next) = problem.step(&points, &coefficients);
        let mut rising = Vec::new();
        for (c, value) in values.into_iter().enumerate() {
            if value > best[active[c]] * (1.0 + GAIN) {
                rising.push(c);
            }
            best[active[c]] = value.max(best[active[c]]);
        }
        if rising.is_empty() {
            break;
        }
        active = rising.iter().map(|&c| active[c]).collect();
        points = Mat::from_fn(spectrum.rank(), rising.len(), |a, c| next[(a, rising[c])]);
    }
    best.into_iter().map(|value| value * spectrum.sharpness()).collect()
}

/// Directions to start from that do not depend on (α, β): the top three eigenvectors of H, and the top eigenvectors of
/// the two H_i with the largest trace.
pub fn shared_directions(gram: &Gram, spectrum: &Spectrum) -> Vec<Vec<f64>> {
    let rank = spectrum.rank();
    let unit = |k: usize| (0..rank).map(|a| if a == k { 1.0 } else { 0.0 }).collect();
    let mut directions: Vec<Vec<f64>> = (0..rank.min(3)).map(unit).collect();
    let trace = |i: usize| -> f64 { (0..gram.outputs()).map(|k| gram.block(i, i)[(k, k)]).sum() };
    let mut samples: Vec<usize> = (0..gram.samples()).collect();
    samples.sort_by(|&i, &j| trace(j).total_cmp(&trace(i)));
    directions.extend(samples.iter().take(2).filter_map(|&i| top_of_sample(gram, spectrum, i)));
    directions
}

/// The top eigenvector A_iᵀu of H_i in the eigenbasis of H: Λ^{1/2}V_iᵀu up to its length.
fn top_of_sample(gram: &Gram, spectrum: &Spectrum, i: usize) -> Option<Vec<f64>> {
    let q = gram.outputs();
    let eigen = gram.block(i, i).self_adjoint_eigen(Side::Lower).ok()?;
    let top = eigen.U().col(q - 1);
    let vectors = spectrum.vectors();
    let along = |(a, value): (usize, &f64)| {
        let rows = &vectors.column(a)[i * q..(i + 1) * q];
        value.sqrt() * rows.iter().zip(top.iter()).map(|(v, u)| v * u).sum::<f64>()
    };
    Some(spectrum.eigenvalues().iter().enumerate().map(along).collect())
}

struct RankOne<'a> {
    vectors: MatRef<'a, f64>,
    /// Λ/λ_1.
    values: Vec<f64>,
    samples: usize,
}

impl<'a> RankOne<'a> {
    fn new(spectrum: &'a Spectrum) -> Self {
        let values = spectrum.eigenvalues().iter().map(|v| v / spectrum.sharpness()).collect();
        Self { vectors: spectrum.vectors().view(), values, samples: spectrum.samples() }
    }

    /// R and the next point for every unit column of `points`.
    fn step(&self, points: &Mat<f64>, pairs: &[Coefficients]) -> (Vec<f64>, Mat<f64>) {
        // With y = VΛ^{1/2}v: vᵀH_iv = n‖y_i‖² and (1/n) Σ(vᵀH_iv)H_iv = Λ^{1/2}Vᵀ[vᵀH_iv y_i].
        let scaled = Mat::from_fn(points.nrows(), points.ncols(), |a, c| {
            self.values[a].sqrt() * points[(a, c)]
        });
        let mut outputs = product(self.vectors, scaled.as_ref());
        let mut values = Vec::with_capacity(pairs.len());
        let mut means = Vec::with_capacity(pairs.len());
        for (c, &Coefficients { alpha, beta }) in pairs.iter().enumerate() {
            let mean: f64 = scaled.col(c).squared_norm_l2();
            let square = self.weigh_by_curvature(&mut outputs, c);
            values.push((alpha * mean * mean + beta * square) / mean);
            means.push(mean);
        }
        let back = product(self.vectors.transpose(), outputs.as_ref());
        let next = Mat::from_fn(points.nrows(), points.ncols(), |a, c| {
            let Coefficients { alpha, beta } = pairs[c];
            let (value, mean) = (self.values[a], means[c]);
            let image = alpha * mean * value * points[(a, c)] + beta * value.sqrt() * back[(a, c)];
            image / (mean + value)
        });
        (values, next)
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

fn normalise(points: &mut Mat<f64>) {
    for column in points.col_iter_mut() {
        let norm = column.norm_l2();
        column.iter_mut().for_each(|x| *x /= norm);
    }
}

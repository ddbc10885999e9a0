//! The optimised rank-one bound \[M\] (27) on the generalized sharpness.

use faer::{Accum, Mat, MatRef, Side, get_global_parallelism, linalg::matmul::matmul};

use super::spectrum::Spectrum;
use crate::curvature::gram::Gram;
use crate::process::Coefficients;

/// A direction v in which to start, for one pair (α, β): coordinates in the eigenbasis of H.
#[derive(Debug, Clone)]
pub struct Start {
    /// The bound to maximise.
    pub coefficients: Coefficients,
    /// v, of any length but zero.
    pub direction: Vec<f64>,
}

/// Climbs from every start at once; returns where each ends, in units of λ_1.
///
/// R(v) = (α(vᵀHv)² + (β/n) Σ(vᵀH_iv)²)/(vᵀHv·vᵀv) is the Rayleigh quotient of X = vvᵀ, so every
/// value is a lower bound on the generalized sharpness. One step is v ← (sI + H)⁻¹M v with s = vᵀHv
/// and M = αsH + (β/n) Σ(vᵀH_iv)H_i at unit v. It never descends: by Cauchy–Schwarz the square root
/// of the numerator is at least xᵀMx/√(vᵀMv), and by the means' inequality that of the denominator
/// at most xᵀ(H + sI)x/(2√s), with equality at x = v; and a power step of a pencil of positive
/// semidefinite matrices does not lower its Rayleigh quotient. So no result is below its start.
pub fn climb(spectrum: &Spectrum, starts: &[Start]) -> Vec<f64> {
    /// A step that gains less, relative, ends the climb.
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
        let mut climbing = Vec::new();
        for (c, value) in values.into_iter().enumerate() {
            if value > best[active[c]] * (1.0 + GAIN) {
                climbing.push(c);
            }
            best[active[c]] = value.max(best[active[c]]);
        }
        if climbing.is_empty() {
            break;
        }
        active = climbing.iter().map(|&c| active[c]).collect();
        points = Mat::from_fn(spectrum.rank(), climbing.len(), |a, c| next[(a, climbing[c])]);
    }
    best.into_iter().map(|value| value * spectrum.sharpness()).collect()
}

/// Starts that do not depend on (α, β): the top three eigenvectors of H, and the top eigenvectors of
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

fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut result = Mat::zeros(a.nrows(), b.ncols());
    matmul(&mut result, Accum::Replace, a, b, 1.0, get_global_parallelism());
    result
}

fn normalise(points: &mut Mat<f64>) {
    for column in points.col_iter_mut() {
        let norm = column.norm_l2();
        column.iter_mut().for_each(|x| *x /= norm);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::Sampling;
    use crate::stability::generalized_sharpness::Effort;
    use crate::stability::thresholds::{Request, thresholds};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    /// R(v) with the H_i = A_iᵀA_i written out in three dimensions.
    fn quotient(rows: &Mat<f64>, q: usize, pair: Coefficients, v: [f64; 3]) -> f64 {
        let n = rows.nrows() / q;
        let output = |k: usize| (0..3).map(|a| rows[(k, a)] * v[a]).sum::<f64>();
        let curvature = |i: usize| (i * q..(i + 1) * q).map(|k| output(k).powi(2)).sum::<f64>();
        let mean = (0..n).map(curvature).sum::<f64>() / n as f64;
        let square = (0..n).map(|i| curvature(i).powi(2)).sum::<f64>() / n as f64;
        let length: f64 = v.iter().map(|x| x * x).sum();
        (pair.alpha * mean * mean + pair.beta * square) / (mean * length)
    }

    /// The greatest R on a grid over half of the sphere.
    fn greatest(rows: &Mat<f64>, q: usize, pair: Coefficients) -> f64 {
        const STEPS: usize = 500;
        let angle = |k: usize| std::f64::consts::PI * (k as f64 + 0.5) / STEPS as f64;
        let at = |j: usize, k: usize| {
            let (polar, around) = (angle(j), angle(k));
            let flat = polar.sin();
            quotient(rows, q, pair, [flat * around.cos(), flat * around.sin(), polar.cos()])
        };
        (0..STEPS).flat_map(|j| (0..STEPS).map(move |k| at(j, k))).fold(0.0, f64::max)
    }

    #[test]
    fn climbs_end_at_the_greatest_quotient_of_a_sphere() {
        for (seed, q) in [(0, 1), (1, 2), (2, 1), (3, 3)] {
            let n = 7;
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let rows = Mat::from_fn(n * q, 3, |_, _| rng.random_range(-1.0_f64..1.0).powi(3));
            let gram = Gram::new(&rows * rows.transpose(), q).unwrap();
            let batch_sizes = vec![1, 2, 5];
            let request =
                Request { batch_sizes, sampling: Sampling::Distinct, effort: Effort::default() };
            for found in thresholds(&gram, &request, &mut |_| ()).unwrap().thresholds {
                let pair = Sampling::Distinct.coefficients(n, found.batch_size).unwrap();
                let expected = greatest(&rows, q, pair);
                let ratio = found.bound_27 / expected;
                assert!(
                    (1.0 - 1e-5..1.0 + 1e-4).contains(&ratio),
                    "B = {}: {ratio}",
                    found.batch_size
                );
                assert!(found.bound_17 < expected, "so that (17) does not pass for (27)");
            }
        }
    }
}

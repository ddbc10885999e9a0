//! A proved enclosure of the generalized sharpness from one approximate Perron vector.
//!
//! Take blocks m ≻ 0, a scale μ > αλ_1 and the map F_μ of [`super::block_map`].
//!
//! **Upper end** (Collatz–Wielandt). If F_μ(m) ⪯ c m with c ≥ 1, then μ° ≤ cμ, where μ° is the
//! largest Rayleigh quotient of the pencil. For 1/(cμy − α) = c⁻¹/(μy − α/c), and
//! 1/(μy − α) − 1/(μy − α/c) = (α − α/c)/((μy − α)(μy − α/c)) is a product of two positive
//! semidefinite kernels of y = (1/λ_a + 1/λ_b)/2; hence F_{cμ}(m) ⪯ F_μ(m)/c ⪯ m. A positive map with
//! F(m) ⪯ m for an interior m has spectral radius at most 1, and the radius falls as μ grows and is 1
//! at μ°. In the terms of Schneider (1965) and Damm (2004, Thm 3.2.1), Y = V[κ ∘ (VᵀmV)]Vᵀ is
//! positive and satisfies μC(Y) − D(Y) = βn(m − F_μ(m)) ⪰ 0; as the right-hand side is block
//! diagonal, checking it takes n Cholesky factorisations of q × q blocks, none of the whole.
//!
//! **Lower end**: the Rayleigh quotient of Z = κ ∘ (VᵀmV), whose error is quadratic in that of m.
//!
//! **Rounding.** Both ends are first proved for exactly the floating-point V and Λ at hand:
//! - |Vᵀ|·|m|·|V| ≤ ‖m‖ entrywise, as the columns of V have norm ≤ 1 + ω, and |κ_ab| ≤ √(κ_aa κ_bb).
//!   So the computed F_μ(m) is off by at most γ‖m‖ s sᵀ in each block, s_k = Σ_a |v_ka| √κ_aa, where γ
//!   counts the operations. That slack is added to F_μ(m) before the Cholesky factorisations, which
//!   are of matrices shifted by their own backward error (Higham, Accuracy and Stability, Thm 10.3).
//! - With W = VZVᵀ, ‖VᵀV − I‖ ≤ ω costs a factor (1 ± ω)²/(1 ∓ ω), for every V.
//! - The generalized sharpness is monotone in K, since its reciprocal minimises Tr(W²K⁻¹), and
//!   h_ab = 2λ_aλ_b/(λ_a + λ_b) grows by at most 2t when every eigenvalue grows by t. So K and VΛVᵀ,
//!   at distance δ, differ in it by at most 2δ(α + βn).

use faer::{Mat, Side, get_global_parallelism};

use rayon::prelude::*;

use super::blocks::{Blocks, frobenius, view};
use super::dense_map::{DenseMap, Image};
use crate::linalg::{Stop, Vector, largest_eigenpairs, quasirandom};
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

const UNIT: f64 = f64::EPSILON / 2.0;

/// What one application of F_μ in double precision proves, in units of λ_1.
#[derive(Debug)]
pub struct Enclosure {
    /// The Rayleigh quotient as computed.
    pub value: f64,
    /// Proved lower end.
    pub lower: f64,
    /// Proved upper end; infinite if the Collatz–Wielandt test failed.
    pub upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser's approximation X.
    pub effective_rank: f64,
    /// F_μ(m).
    pub image: Blocks,
    /// About the top eigenvector of X, in the eigenbasis of H.
    pub direction: Vec<f64>,
}

/// Proves an enclosure of the generalized sharpness for α of `kernel` and `beta` from m, at the scale of
/// `kernel` (units of λ_1).
pub fn certify(
    map: &DenseMap<f64>,
    spectrum: &Spectrum,
    kernel: Kernel,
    beta: f64,
    m: &Blocks,
) -> Enclosure {
    let (alpha, noise) = (kernel.alpha, beta * map.samples() as f64);
    let image = map.image(m, kernel);
    let slack = rounding_slack(map, kernel, m.largest_norm());
    let quotient = Quotient::of(map, &image, &slack);

    let direction = top_direction(map, &image);
    let mut image = image.blocks;
    image.scale(noise);
    let factor = collatz_wielandt(m, &image, |i| noise * slack[i]);
    let skew = spectrum.skewness();
    let drift = 2.0 * (2.0 * spectrum.residual() / spectrum.sharpness()) * (alpha + noise);
    let lower = quotient.lower(alpha, noise) * (1.0 - skew).powi(2) / (1.0 + skew);
    let upper = kernel.scale * factor * (1.0 + skew).powi(2) / (1.0 - skew);
    Enclosure {
        value: quotient.value(alpha, noise),
        lower: (lower - drift) * (1.0 - 8.0 * UNIT),
        upper: (upper + drift) * (1.0 + 8.0 * UNIT),
        effective_rank: quotient.trace.powi(2) / quotient.square,
        image,
        direction,
    }
}

/// The Rayleigh quotient of the image of m at `kernel`, in double precision, units of λ_1.
pub fn rayleigh_quotient(map: &DenseMap<f64>, kernel: Kernel, beta: f64, m: &Blocks) -> f64 {
    let image = map.image(m, kernel);
    let exactly = vec![0.0; map.samples()];
    Quotient::of(map, &image, &exactly).value(kernel.alpha, beta * map.samples() as f64)
}

/// A few Lanczos steps on X_ab = Z_ab/√(λ_aλ_b).
pub fn top_direction(map: &DenseMap<f64>, image: &Image<f64>) -> Vec<f64> {
    const STEPS: usize = 8;
    let roots: Vec<f64> = map.eigenvalues().iter().map(|value| value.sqrt()).collect();
    let half = image.half.view();
    let scaled = |x: &Mat<f64>| Mat::from_fn(x.nrows(), 1, |a, _| x[(a, 0)] / roots[a]);
    let start = quasirandom(roots.len(), 1);
    largest_eigenpairs(start, Stop { tolerance: 0.0, products: STEPS }, |x| {
        let x = scaled(x);
        scaled(&(half * &x + half.transpose() * &x))
    })
    .swap_remove(0)
    .vector
}

/// A bound on the error of each block of w in double precision, in Frobenius norm, for ‖m‖ ≤ `size`.
pub fn rounding_slack(map: &DenseMap<f64>, kernel: Kernel, size: f64) -> Vec<f64> {
    let (values, vectors, q) = (map.eigenvalues(), map.vectors(), map.outputs());
    let mut weights = vec![0.0; vectors.rows()];
    for (a, &value) in values.iter().enumerate() {
        let root = kernel.entry(value, value).sqrt();
        for (weight, v) in weights.iter_mut().zip(vectors.column(a)) {
            *weight += v.abs() * root;
        }
    }
    let operations = (map.additions() + 2 * q + 16) as f64;
    let gamma = 2.0 * (operations + kernel.roundings(values)) * UNIT * size;
    weights.chunks(q).map(|s| gamma * s.iter().map(|s| s * s).sum::<f64>()).collect()
}

/// The sums of which the Rayleigh quotient and the effective rank consist.
struct Quotient {
    plain: f64,
    metric: f64,
    blocks: f64,
    blocks_low: f64,
    trace: f64,
    square: f64,
    rounding: f64,
}

impl Quotient {
    fn of(map: &DenseMap<f64>, image: &Image<f64>, slack: &[f64]) -> Self {
        let inverses: Vec<f64> = map.eigenvalues().iter().map(|value| 1.0 / value).collect();
        let (mut plain, mut metric, mut square, mut trace) = (0.0, 0.0, 0.0, 0.0);
        for (b, &inverse) in inverses.iter().enumerate() {
            let column = &image.half.column(b)[b..];
            let diagonal = 2.0 * column[0];
            let mut sums = [diagonal.powi(2), diagonal.powi(2), (diagonal * inverse).powi(2)];
            sums[1] *= inverse;
            trace += diagonal * inverse;
            for (z, other) in column.iter().zip(&inverses[b..]).skip(1) {
                let z2 = 2.0 * z * z;
                sums[0] += z2;
                sums[1] += z2 * 0.5 * (other + inverse);
                sums[2] += z2 * other * inverse;
            }
            plain += sums[0];
            metric += sums[1];
            square += sums[2];
        }
        let norms = image.blocks.iter().map(frobenius);
        let blocks = norms.clone().map(|norm| norm * norm).sum();
        let blocks_low = norms.zip(slack).map(|(norm, e)| (norm - e).max(0.0).powi(2)).sum();
        let rounding = (2 * inverses.len() + 2 * slack.len() + 32) as f64 * UNIT;
        Self { plain, metric, blocks, blocks_low, trace, square, rounding }
    }

    fn value(&self, alpha: f64, noise: f64) -> f64 {
        (alpha * self.plain + noise * self.blocks) / self.metric
    }

    fn lower(&self, alpha: f64, noise: f64) -> f64 {
        let numerator = alpha * self.plain + noise * self.blocks_low;
        numerator * (1.0 - self.rounding) / (self.metric * (1.0 + self.rounding))
    }
}

/// The least c ≥ 1 (to relative 1e-12 of its excess) for which c m_i − f_i − slack_i I ≻ 0 is
/// proved for every i; infinite if some m_i is not positive definite.
pub fn collatz_wielandt(m: &Blocks, image: &Blocks, slack: impl Fn(usize) -> f64 + Sync) -> f64 {
    let factor = |i| dominating_factor(m.block(i), image.block(i), slack(i), m.outputs());
    (0..m.len()).into_par_iter().map(factor).reduce(|| 1.0, f64::max)
}

fn dominating_factor(m: &[f64], f: &[f64], slack: f64, q: usize) -> f64 {
    if is_dominated(1.0, m, f, slack, q) {
        return 1.0;
    }
    let Some(estimate) = largest_quotient(m, f, slack, q) else { return f64::INFINITY };
    let mut excess = (estimate - 1.0).max(UNIT);
    for _ in 0..60 {
        excess *= 1.0 + 1e-12;
        excess += UNIT;
        if is_dominated(1.0 + excess, m, f, slack, q) {
            return 1.0 + excess;
        }
        excess *= 1.5;
    }
    f64::INFINITY
}

/// A c, little above the least one, for which c m_i − f_i − slack_i I ≻ 0 is proved for every i; infinite if some m_i
/// is not positive definite.
pub fn proved_factor(m: &Blocks, image: &Blocks, slack: impl Fn(usize) -> f64 + Sync) -> f64 {
    let q = m.outputs();
    let factor = |i| {
        let (m, f, slack) = (m.block(i), image.block(i), slack(i));
        /// Proved just as well where a sample has no curvature.
        const LEAST: f64 = 1e-3;
        let Some(estimate) = largest_quotient(m, f, slack, q) else { return f64::INFINITY };
        let estimate = estimate.max(LEAST);
        let doublings = (0..52).map(|k| estimate * (1.0 + f64::EPSILON * f64::from(k).exp2()));
        doublings.into_iter().find(|c| is_dominated(*c, m, f, slack, q)).unwrap_or(f64::INFINITY)
    };
    (0..m.len()).into_par_iter().map(factor).reduce(|| 0.0, f64::max)
}

/// Proves c·m − f − slack·I ≻ 0 by a Cholesky factorisation that its own rounding cannot mislead.
fn is_dominated(c: f64, m: &[f64], f: &[f64], slack: f64, q: usize) -> bool {
    let size = c * frobenius(m) + frobenius(f) + slack;
    // Twice the backward error (q + 1)u·Tr of the factorisation, and Tr ≤ √q ‖·‖_F.
    let shift = slack + (2 * q + 8) as f64 * (q as f64).sqrt() * UNIT * size;
    if q == 1 {
        return c * m[0] - f[0] - shift > 0.0;
    }
    let difference = Mat::from_fn(q, q, |i, j| {
        let k = j * q + i;
        c * m[k] - f[k] - if i == j { shift } else { 0.0 }
    });
    difference.llt(Side::Lower).is_ok()
}

/// λ_max(m^{−1/2} (f + slack·I) m^{−1/2}), None if m is not positive definite.
fn largest_quotient(m: &[f64], f: &[f64], slack: f64, q: usize) -> Option<f64> {
    if q == 1 {
        return (m[0] > 0.0).then(|| (f[0] + slack) / m[0]);
    }
    let factor = view(m, q).llt(Side::Lower).ok()?;
    let lower = factor.L();
    let shifted = Mat::from_fn(q, q, |i, j| f[j * q + i] + if i == j { slack } else { 0.0 });
    let half = solve_lower(lower, shifted);
    let whole = solve_lower(lower, half.transpose().to_owned());
    whole.self_adjoint_eigenvalues(Side::Lower).ok()?.last().copied()
}

fn solve_lower(lower: faer::MatRef<'_, f64>, mut right: Mat<f64>) -> Mat<f64> {
    faer::linalg::triangular_solve::solve_lower_triangular_in_place(
        lower,
        right.as_mut(),
        get_global_parallelism(),
    );
    right
}

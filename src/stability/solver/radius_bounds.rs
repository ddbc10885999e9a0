//! Proved bounds on the spectral radius of the block map F_μ of any optimizer, from one application of it.
//!
//! By `docs/momentum-theorem.md` a step size η < η*_mean is stable in mean square exactly
//! where λ_max(F_μ) < 1 at μ = 2/η. F_μ is symmetric, so every m gives ⟨m, F_μ(m)⟩/⟨m, m⟩ ≤ λ_max; it maps
//! blocks ⪰ 0 to blocks ⪰ 0, so every m ≻ 0 with F_μ(m) ⪯ c m gives λ_max ≤ c (Collatz–Wielandt).
//!
//! **Rounding.** The image of m is off by at most `rounding_slack` in each block (see `certificate`), V by its
//! skewness ω = ‖VᵀV − I‖, and VΛVᵀ from K by δ:
//! - F_μ = βn B (κ ∘) Bᵀ, where V enters through B. In place of V put its orthogonal polar factor U, V = UP with
//!   ‖P − I‖ ≤ ω: this moves F_μ by at most βn max κ ((1 + ω)⁴ − 1).
//! - ‖VΛVᵀ − UΛUᵀ‖_F ≤ (2ω + ω²)‖Λ‖_F. Between two matrices K and K' at a distance of δ in Frobenius norm F_μ
//!   moves by at most 2βn L δ, if |∂κ/∂λ_a| ≤ L: for each λ_b, ‖f(K') − f(K)‖_F ≤ L δ with f = κ(·, λ_b).

use super::blocks::{Blocks, frobenius};
use super::certificate::{proved_factor, rounding_slack, top_direction};
use super::dense_map::{DenseMap, Image};
use crate::linalg::Vector;
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

const UNIT: f64 = f64::EPSILON / 2.0;

/// What one application of F_μ in double precision proves at the scale μ, in units of λ_1.
#[derive(Debug)]
pub struct RadiusBounds {
    /// ⟨m, F_μ(m)⟩/⟨m, m⟩ as computed.
    pub rayleigh: f64,
    /// λ_max(F_μ) is at least this.
    pub lower: f64,
    /// λ_max(F_μ) is at most this; infinite if the Collatz–Wielandt test failed.
    pub upper: f64,
    /// By how much λ_max(F_μ) may differ from that of the exact K; taken off or added above.
    pub perturbation: f64,
    /// −∂⟨m, F_μ(m)⟩/∂μ over ⟨m, m⟩, where 1/κ is affine in μ.
    pub slope: Option<f64>,
    /// F_μ(m).
    pub image: Blocks,
    /// (Tr X)²/‖X‖_F² of the second moment X that grows first.
    pub effective_rank: f64,
    /// About the top eigenvector of X, in the eigenbasis of H.
    pub direction: Vec<f64>,
}

impl RadiusBounds {
    /// A scale up to which λ_max(F_μ) ≥ 1 is proved: `scale` itself where the lower bound reaches 1, or where the
    /// tangent of the convex function μ ↦ ⟨m, F_μ(m)⟩ does.
    pub fn unstable_scale(&self, scale: f64) -> Option<f64> {
        if self.lower >= 1.0 {
            return Some(scale);
        }
        let gap = 1.0 + 2.0 * self.perturbation - self.lower;
        let slope = self.slope.filter(|slope| *slope > 0.0)?;
        Some(scale - gap / slope * (1.0 + 1e-9)).filter(|scale| *scale > 0.0)
    }

    /// Applies F_μ of `kernel` and `beta` to m.
    pub fn of(
        map: &DenseMap<f64>,
        spectrum: &Spectrum,
        kernel: Kernel,
        beta: f64,
        m: &Blocks,
    ) -> Self {
        let noise = beta * map.samples() as f64;
        let image = map.image(m, kernel);
        let slack = rounding_slack(map, kernel, m.largest_norm());
        let perturbation = perturbation(spectrum, map.eigenvalues(), kernel, noise);
        let sums = Sums::of(map, &image, kernel);
        let direction = top_direction(map, &image);
        let mut blocks = image.blocks;
        blocks.scale(noise);
        let norm = m.dot(m);
        let rounding = (2 * slack.len() * m.outputs() + 16) as f64 * UNIT;
        let slack_total: f64 =
            slack.iter().zip(m.iter()).map(|(slack, block)| slack * frobenius(block)).sum();
        let rayleigh = m.dot(&blocks) / norm;
        let lower = rayleigh * (1.0 - rounding) - noise * slack_total / norm - perturbation;
        let factor = proved_factor(m, &blocks, |i| noise * slack[i]);
        Self {
            rayleigh,
            lower,
            upper: factor * (1.0 + 4.0 * UNIT) + perturbation,
            perturbation,
            slope: sums.slope.map(|slope| noise * slope / norm),
            image: blocks,
            effective_rank: sums.trace.powi(2) / sums.square,
            direction,
        }
    }
}

/// By how much λ_max(F_μ) may differ from that of the exact K, λ_1 = 1.
fn perturbation(spectrum: &Spectrum, values: &[f64], kernel: Kernel, noise: f64) -> f64 {
    let skew = spectrum.skewness();
    let largest = values.iter().map(|value| kernel.entry(*value, *value)).fold(0.0, f64::max);
    let norm: f64 = values.iter().map(|value| value * value).sum::<f64>().sqrt();
    let distance = spectrum.residual() / spectrum.sharpness() + (2.0 * skew + skew * skew) * norm;
    let rotation = (1.0 + skew).powi(4) - 1.0;
    noise * (largest * rotation + 2.0 * kernel.steepness(values) * distance)
}

/// Sums over the entries of Z = κ ∘ (VᵀmV).
struct Sums {
    /// Σ slope_ab Z_ab²/(λ_aλ_b), with λ_aλ_b/κ_ab = μ slope_ab + …
    slope: Option<f64>,
    /// Σ Z_aa/λ_a = Tr X.
    trace: f64,
    /// Σ Z_ab²/(λ_aλ_b) = ‖X‖_F².
    square: f64,
}

impl Sums {
    fn of(map: &DenseMap<f64>, image: &Image<f64>, kernel: Kernel) -> Self {
        let values = map.eigenvalues();
        let (mut slope, mut trace, mut square) = (0.0, 0.0, 0.0);
        for (b, &value) in values.iter().enumerate() {
            let column = &image.half.column(b)[b..];
            for (k, (z, other)) in column.iter().zip(&values[b..]).enumerate() {
                // The diagonal is stored halved, the rest once for both triangles.
                let weight = if k == 0 { 4.0 } else { 2.0 };
                let term = weight * z * z / (value * other);
                square += term;
                slope +=
                    kernel.pencil(*other, value).map_or(f64::NAN, |pencil| term * pencil.slope);
            }
            trace += 2.0 * column[0] / value;
        }
        Self { slope: Some(slope).filter(|slope| !slope.is_nan()), trace, square }
    }
}

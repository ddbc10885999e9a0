//! All bounds on the generalized sharpness at one minimum, for any optimizer.

use super::of_kernel::{
    RankOneProblem, identity_scale, noise_of_plain_bounds, rank_one_scales, top_eigenvector_scale,
    upper_scale,
};
use super::one_step::one_step_upper;
use super::rank_one::{Summit, rank_one_maxima};
use super::rayleigh::{TopEigenpair, bound_18};
use crate::gram::Gram;
use crate::optimizer::{Kernel, Optimizer};
use crate::process::Coefficients;
use crate::stability::spectrum::Spectrum;

/// The bounds at one batch size, in units of λ_1.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// \[M\] (17), from below.
    pub bound_17: f64,
    /// \[M\] (18), from below.
    pub bound_18: f64,
    /// \[M\] (27), from below and at least (17).
    pub bound_27: f64,
    /// From above.
    pub one_step_upper: f64,
}

/// The bounds for every pair (α, β). `directions` are those from which (27) is maximised besides its own, one for each
/// pair.
pub fn bounds(
    gram: &Gram,
    spectrum: &Spectrum,
    optimizer: Optimizer,
    pairs: &[Coefficients],
    directions: &[Vec<f64>],
) -> Vec<Bounds> {
    let (n, sharpness) = (gram.samples(), spectrum.sharpness());
    let top = TopEigenpair { sharpness, vector: spectrum.top_vector().to_vec() };
    let maxima = rank_one_maxima(gram, spectrum, pairs, directions);
    let plain = |(pair, summit): (&Coefficients, &Summit)| {
        let bound_17 = top.bound_17(n, *pair);
        let bound_27 = (summit.value * sharpness).max(bound_17);
        Bounds {
            bound_17,
            bound_18: bound_18(gram, *pair),
            bound_27,
            one_step_upper: f64::INFINITY,
        }
    };
    let mut found: Vec<Bounds> = pairs.iter().zip(&maxima).map(plain).collect();
    if optimizer.rule().has_additive_kernel() {
        let upper = one_step_upper(gram, spectrum, pairs);
        found.iter_mut().zip(upper).for_each(|(found, upper)| found.one_step_upper = upper);
        return found;
    }
    // N(X) = D(X) − HXH.
    let noise_pairs: Vec<Coefficients> =
        pairs.iter().map(|pair| Coefficients { alpha: pair.alpha - 1.0, ..*pair }).collect();
    let noise = one_step_upper(gram, spectrum, &noise_pairs);
    let values: Vec<f64> = spectrum.eigenvalues().iter().map(|v| v / sharpness).collect();
    let unit = optimizer.in_units_of(sharpness);
    let kernel = |k: usize| Kernel::new(unit, 1.0, pairs[k].alpha);
    // At β = 0 the full batch is all there is.
    let noisy: Vec<usize> = (0..pairs.len()).filter(|&k| pairs[k].beta > 0.0).collect();
    let full_batch = |k: usize| kernel(k).full_batch_scale();
    let mut scales: Vec<[f64; 4]> = (0..pairs.len()).map(|k| [full_batch(k); 4]).collect();
    for &k in &noisy {
        let plain = (found[k].bound_17 / sharpness, found[k].bound_18 / sharpness);
        let (of_top, of_identity) = noise_of_plain_bounds(pairs[k], plain, &values);
        scales[k][0] = top_eigenvector_scale(kernel(k), of_top);
        scales[k][1] = identity_scale(kernel(k), of_identity, &values);
        scales[k][3] = upper_scale(kernel(k), (noise[k] / sharpness).max(0.0), &values);
    }
    let problem = |&k: &usize| RankOneProblem {
        kernel: kernel(k),
        beta: pairs[k].beta,
        starts: vec![maxima[k].direction.clone(), directions[k].clone()],
        known: scales[k][0],
    };
    let problems: Vec<RankOneProblem> = noisy.iter().map(problem).collect();
    for (&k, scale) in noisy.iter().zip(rank_one_scales(spectrum, &problems)) {
        scales[k][2] = scale;
    }
    let in_units = |scales: [f64; 4]| {
        let [bound_17, bound_18, bound_27, one_step_upper] = scales.map(|scale| scale * sharpness);
        Bounds { bound_17, bound_18, bound_27, one_step_upper }
    };
    scales.into_iter().map(in_units).collect()
}

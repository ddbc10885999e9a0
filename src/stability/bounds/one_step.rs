//! The one-step contraction condition: a cheap upper bound on the generalized sharpness.

use faer::{Mat, MatRef};

use crate::gram::Gram;
use crate::linalg::{Stop, largest_eigenpairs, product, quasirandom};
use crate::process::Coefficients;
use crate::stability::spectrum::Spectrum;

/// λ_max(H^{†/2} [αH² + (β/n) Σ H_i²] H^{†/2}) for every pair (α, β), units of λ_1.
///
/// It is the least s for which E‖(I − ηH_B)x‖² never grows at η = 2/s. On range(H) the matrix is
/// Vᵀ(αK + β Bd(G))V, as H_i² = A_iᵀG_iiA_i; found by Lanczos, all pairs in lockstep.
pub fn one_step_upper(gram: &Gram, spectrum: &Spectrum, pairs: &[Coefficients]) -> Vec<f64> {
    let stop = Stop { tolerance: RESIDUAL, products: 400 };
    let vectors = spectrum.vectors().view();
    let start = quasirandom(spectrum.rank(), pairs.len());
    let apply = |x: &Mat<f64>| {
        let mut image = product(vectors, x.as_ref());
        let blocks = times_blocks(gram, image.as_ref());
        for (c, pair) in pairs.iter().enumerate() {
            let target = image.col_mut(c).iter_mut();
            target.zip(blocks.col(c).iter()).for_each(|(x, b)| *x = pair.beta * b);
        }
        let mut result = product(vectors.transpose(), image.as_ref());
        for (c, pair) in pairs.iter().enumerate() {
            for (k, value) in spectrum.eigenvalues().iter().enumerate() {
                result[(k, c)] += pair.alpha * value * x[(k, c)];
            }
        }
        result
    };
    // A Ritz value is below the eigenvalue by at most its residual.
    let found = largest_eigenpairs(start, stop, apply).into_iter();
    found.map(|pair| pair.value * (1.0 + RESIDUAL)).collect()
}

/// Relative residual of the eigenpairs.
const RESIDUAL: f64 = 1e-11;

/// Bd(G) x.
fn times_blocks(gram: &Gram, x: MatRef<'_, f64>) -> Mat<f64> {
    let q = gram.outputs();
    Mat::from_fn(x.nrows(), x.ncols(), |row, c| {
        let (i, k) = (row / q, row % q);
        (0..q).map(|l| gram.block(i, i)[(k, l)] * x[(i * q + l, c)]).sum()
    })
}

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
    with_products(gram, spectrum, pairs, 400)
}

/// The same by at most so many products with the matrix. Where they are too few the bound is the norm of
/// its parts, αλ_1 + β max ‖G_ii‖, as ‖V‖ = 1.
fn with_products(
    gram: &Gram,
    spectrum: &Spectrum,
    pairs: &[Coefficients],
    products: usize,
) -> Vec<f64> {
    let stop = Stop { tolerance: RESIDUAL, products };
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
    let found = largest_eigenpairs(start, stop, apply).into_iter();
    found
        .zip(pairs)
        .map(|(pair, coefficients)| match pair.converged {
            // A Ritz value is below the eigenvalue by at most its residual.
            true => pair.value * (1.0 + RESIDUAL),
            false => norm_of_parts(gram, spectrum, *coefficients),
        })
        .collect()
}

/// |α|λ_1 + β max ‖G_ii‖.
fn norm_of_parts(gram: &Gram, spectrum: &Spectrum, coefficients: Coefficients) -> f64 {
    let largest = |i| gram.sample_eigenvalues(i).last().copied().unwrap_or(f64::INFINITY);
    let block = (0..gram.samples()).map(largest).fold(0.0, f64::max);
    coefficients.alpha.abs() * spectrum.sharpness() + coefficients.beta * block
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

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_bound_is_one_where_the_products_are_too_few() {
        let mut random = ChaCha8Rng::seed_from_u64(5);
        let rows = Mat::from_fn(40, 30, |_, _| random.random_range(-1.0_f64..1.0));
        let gram = Gram::new(&rows * rows.transpose(), 2).unwrap();
        let spectrum = Spectrum::of(&gram).unwrap();
        let pairs =
            [(0.0, 1.0), (0.5, 0.5), (0.9, 0.1)].map(|(alpha, beta)| Coefficients { alpha, beta });
        let exact = one_step_upper(&gram, &spectrum, &pairs);
        for products in [1, 2, 4] {
            let few = with_products(&gram, &spectrum, &pairs, products);
            for (few, exact) in few.into_iter().zip(&exact) {
                assert!(few >= *exact && few < 3.0 * exact, "{products}: {few} {exact}");
            }
        }
    }
}

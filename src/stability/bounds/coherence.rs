//! Coherence of the per-sample Hessians and the divergence condition built on it (\[D\]).

use faer::Mat;

use crate::gram::Gram;
use crate::linalg::{Stop, largest_eigenpairs, product, quasirandom};

/// σ = λ_1(S)/max_i λ_1(H_i) with S_ij = ‖H_i^{1/2}H_j^{1/2}‖_F = ‖G_ij‖_F (\[D\] Def. 1).
///
/// Between 1 (orthogonal samples) and n (equal samples) if the H_i have rank one, as for q = 1.
pub fn coherence(gram: &Gram) -> f64 {
    let n = gram.samples();
    let overlaps = Mat::from_fn(n, n, |i, j| gram.block(i, j).norm_l2());
    let stop = Stop { tolerance: 1e-9, products: 300 };
    let top =
        largest_eigenpairs(quasirandom(n, 1), stop, |x| product(overlaps.as_ref(), x.as_ref()));
    let largest = (0..n).map(|i| largest_eigenvalue(gram, i)).fold(0.0, f64::max);
    top[0].value / largest
}

/// λ_1(H_i) = λ_1(G_ii); the trace, which bounds it, if the decomposition fails.
fn largest_eigenvalue(gram: &Gram, i: usize) -> f64 {
    gram.sample_eigenvalues(i).last().copied().unwrap_or_else(|| {
        let block = gram.block(i, i);
        (0..gram.outputs()).map(|k| block[(k, k)]).sum()
    })
}

/// \[D\] Thm 1 as a number to compare with the generalized sharpness: SGD with Bernoulli sampling
/// diverges in mean square if 2/η is below max{λ_1, 2λ_1 √(n/B − 1)/σ}.
///
/// The theorem says so for λ_1 > 2/η or λ_1 > (σ/η)(n/B − 1)^{−1/2}. So 2/this is the largest step
/// size that Thm 1 does not exclude. Units of λ_1.
pub fn dexter_bound(sharpness: f64, coherence: f64, samples: usize, batch_size: usize) -> f64 {
    let ratio = samples as f64 / batch_size as f64;
    sharpness * (2.0 * (ratio - 1.0).max(0.0).sqrt() / coherence).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// \[D\]'s family: `sigma` copies of m e_1e_1ᵀ, the rest m e_ke_kᵀ with different k.
    fn family(n: usize, sigma: usize) -> Gram {
        let m = 2.0 * n as f64 / sigma as f64;
        let same = |i: usize, j: usize| i == j || (i < sigma && j < sigma);
        Gram::new(Mat::from_fn(n, n, |i, j| if same(i, j) { m } else { 0.0 }), 1).unwrap()
    }

    #[test]
    fn coherence_of_the_synthetic_family_is_its_parameter() {
        for sigma in [1, 3, 17, 40] {
            assert!((coherence(&family(40, sigma)) - sigma as f64).abs() < 1e-8);
        }
    }

    #[test]
    fn largest_diverging_coherence_matches_the_table() {
        // n = 100, λ_1 = 2: (η, B) and the largest σ for which Thm 1 says divergence.
        let table = [((0.5, 5), 4), ((0.5, 10), 2), ((0.8, 2), 11), ((0.8, 20), 3)];
        for ((eta, batch_size), expected) in table {
            let diverges =
                |sigma: &usize| dexter_bound(2.0, *sigma as f64, 100, batch_size) > 2.0 / eta;
            assert_eq!((1..=100).filter(diverges).max(), Some(expected), "{eta} {batch_size}");
        }
    }
}

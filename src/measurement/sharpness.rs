//! The largest eigenvalues at a minimum: λ_1 of the Gauss–Newton Hessian and λ_max of the true one.
//!
//! Either is found to the tolerance that was asked for, or the answer is why not.

use std::fmt;

use faer::Par;

use crate::config::AnalysisConfig;
use crate::curvature::{self, LossHessian, Pass};
use crate::gram::Gram;
use crate::linalg::{Eigenpair, Stop, Symmetric, largest_eigenpair};
use crate::stability::bounds::rayleigh::TopEigenpair;
use crate::stability::spectrum::Spectrum;

/// An eigenvalue that the search did not find to the tolerance.
#[derive(Debug)]
pub struct Unconverged {
    found: Eigenpair,
}

impl fmt::Display for Unconverged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Eigenpair { value, residual, products, .. } = self.found;
        write!(
            f,
            "did not converge: relative residual {:.0e} after {products} products, raise \
             analysis.eigen_iterations",
            residual / value.abs()
        )
    }
}

/// λ_1 and its eigenvector of K = G/n, whose λ_1 is that of the Gauss–Newton Hessian.
///
/// By Lanczos' method; where that does not reach the tolerance, or stays at another eigenvalue, and λ_1
/// is `known` from the whole spectrum, by the decomposition of G.
///
/// # Errors
/// Neither found it.
pub fn gauss_newton(
    gram: &Gram,
    settings: &AnalysisConfig,
    known: Option<f64>,
    par: Par,
) -> Result<TopEigenpair, Unconverged> {
    let kernel = Symmetric { matrix: gram.matrix(), factor: 1.0 / gram.samples() as f64, par };
    let start: Vec<f64> = (0..gram.side()).map(|i| 1.0 + 1e-3 * (i % 7) as f64).collect();
    let found = largest_eigenpair(&kernel, &start, stop(settings));
    // Both have errors: Lanczos' one within its tolerance, the decomposition's one of rounding.
    let error = settings.eigen_tolerance.max(gram.side() as f64 * f64::EPSILON);
    let is_largest = |known: f64| (found.value - known).abs() <= error * known;
    if found.converged && known.is_none_or(is_largest) {
        return Ok(TopEigenpair { sharpness: found.value, vector: found.vector });
    }
    match known.and_then(|_| Spectrum::of(gram).ok()) {
        Some(spectrum) => Ok(TopEigenpair {
            sharpness: spectrum.sharpness(),
            vector: spectrum.top_vector().to_vec(),
        }),
        None => Err(Unconverged { found }),
    }
}

/// λ_max(∇²L), started at the Gauss–Newton eigenvector, or at what there is of it: at a small loss the
/// two nearly coincide.
///
/// # Errors
/// The search did not converge.
pub fn true_hessian(
    pass: &Pass,
    top: &Result<TopEigenpair, Unconverged>,
    settings: &AnalysisConfig,
) -> Result<f64, Unconverged> {
    let vector = match top {
        Ok(top) => &top.vector,
        Err(unconverged) => &unconverged.found.vector,
    };
    let start = curvature::pull_back(pass, vector);
    let found = largest_eigenpair(&LossHessian::new(pass), &start, stop(settings));
    if found.converged { Ok(found.value) } else { Err(Unconverged { found }) }
}

fn stop(settings: &AnalysisConfig) -> Stop {
    Stop { tolerance: settings.eigen_tolerance, products: settings.eigen_iterations }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use faer::Mat;

    fn settings(products: usize) -> AnalysisConfig {
        let overrides = [format!("analysis.eigen_iterations={products}")];
        Config::parse("", "test", "results/x".into(), &overrides).unwrap().analysis
    }

    /// diag(1, …, 40): its eigenvalues over n are known.
    fn ladder() -> Gram {
        Gram::new(Mat::from_fn(40, 40, |i, j| if i == j { 1.0 + i as f64 } else { 0.0 }), 1)
            .unwrap()
    }

    #[test]
    fn what_did_not_converge_is_no_value() {
        let error = gauss_newton(&ladder(), &settings(3), None, Par::Seq).unwrap_err().to_string();
        assert!(error.starts_with("did not converge: "), "{error}");
        assert!(error.contains("after 3 products, raise analysis.eigen_iterations"), "{error}");
        let found = gauss_newton(&ladder(), &settings(500), None, Par::Seq).unwrap();
        assert!((found.sharpness - 1.0).abs() < 1e-10, "{}", found.sharpness);
    }

    #[test]
    fn the_spectrum_takes_over_what_it_knows() {
        let found = gauss_newton(&ladder(), &settings(3), Some(1.0), Par::Seq).unwrap();
        assert!((found.sharpness - 1.0).abs() < 1e-14, "{}", found.sharpness);
        assert!((found.vector[39].abs() - 1.0).abs() < 1e-12);
    }

    /// [`gauss_newton`]'s start has no part along the largest eigenvector u, so that Lanczos' method
    /// ends, converged, at the second eigenvalue.
    #[test]
    fn another_eigenvalue_is_not_taken_for_the_largest() {
        let u = [1.001, -1.0];
        let length = 1.001_f64.powi(2) + 1.0;
        let matrix = Mat::from_fn(2, 2, |i, j| {
            let identity = if i == j { 1.0 } else { 0.0 };
            2.0 * (identity + 2.0 * u[i] * u[j] / length)
        });
        let gram = Gram::new(matrix, 1).unwrap();
        let alone = gauss_newton(&gram, &settings(500), None, Par::Seq).unwrap();
        assert!((alone.sharpness - 1.0).abs() < 1e-6, "{}", alone.sharpness);
        let found = gauss_newton(&gram, &settings(500), Some(3.0), Par::Seq).unwrap();
        assert!((found.sharpness - 3.0).abs() < 1e-12, "{}", found.sharpness);
    }
}

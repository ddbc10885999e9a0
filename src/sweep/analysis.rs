//! Everything measured at one minimum.

use faer::Par;
use serde::{Deserialize, Serialize};

use crate::config::RunSpec;
use crate::curvature::{
    self, GramError, LossHessian, Pass, Search, Symmetric, TopEigenpair, top_eigenpair,
};
use crate::data::Dataset;
use crate::net::Weights;
use crate::stability::bounds::TopCurvature;
use crate::stability::sampling::{Sampling, SamplingError};

/// A minimum that cannot be analysed at all.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error(transparent)]
    Gram(#[from] GramError),
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The network and the data have different shapes.
    #[error("the network {network} does not fit the data: {features} inputs, {outputs} classes")]
    Shape {
        network: String,
        features: usize,
        outputs: usize,
    },
}

/// A quantity that was asked for and could not be had.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Missing {
    pub quantity: String,
    pub reason: String,
}

/// Curvature and thresholds at one minimum, for one step size and batch size.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    /// Full-data loss in double precision.
    pub loss: f64,
    /// λ_1 of the Gauss–Newton Hessian.
    pub sharpness_gn: f64,
    /// λ_max of the true Hessian.
    pub sharpness_hessian: Option<f64>,
    /// Tr H of the Gauss–Newton Hessian.
    pub trace: f64,
    /// 2/λ_1.
    pub eta_mean: f64,
    /// [M] (17).
    pub bound_17: f64,
    /// [M] (18).
    pub bound_18: f64,
    pub missing: Vec<Missing>,
}

/// Measures `weights` on `data` as `spec` asks, with `par` threads.
///
/// # Errors
/// Shapes that do not fit, or curvature that is not finite.
pub fn analyse(
    spec: &RunSpec,
    weights: &Weights,
    data: &Dataset,
    par: Par,
) -> Result<Analysis, AnalysisError> {
    check_shape(weights, data)?;
    let pass = Pass::new(weights, data, spec.loss.factor, par);
    let gram = curvature::gram(&pass)?;
    let search = Search {
        tolerance: spec.analysis.eigen_tolerance,
        products: spec.analysis.eigen_iterations,
    };
    let kernel = Symmetric {
        matrix: gram.matrix(),
        factor: 1.0 / gram.samples() as f64,
        par,
    };
    let start: Vec<f64> = (0..gram.side())
        .map(|i| 1.0 + 1e-3 * (i % 7) as f64)
        .collect();
    let top = top_eigenpair(&kernel, &start, search);
    let mut missing = Vec::new();
    note_unconverged("sharpness_gn", &top, &mut missing);
    let coefficients = Sampling::Distinct.coefficients(gram.samples(), spec.train.batch_size)?;
    let curvature = TopCurvature::new(&gram, top.value, &top.vector);
    Ok(Analysis {
        loss: pass.loss(),
        sharpness_gn: top.value,
        sharpness_hessian: spec
            .analysis
            .hessian
            .then(|| hessian(&pass, &top, search, &mut missing))
            .flatten(),
        trace: curvature.trace(),
        eta_mean: 2.0 / top.value,
        bound_17: curvature.bound_17(coefficients),
        bound_18: curvature.bound_18(coefficients),
        missing,
    })
}

fn check_shape(weights: &Weights, data: &Dataset) -> Result<(), AnalysisError> {
    let widths = weights.widths();
    if widths.0.first() == Some(&data.features) && widths.0.last() == Some(&data.outputs) {
        return Ok(());
    }
    Err(AnalysisError::Shape {
        network: widths.to_string(),
        features: data.features,
        outputs: data.outputs,
    })
}

/// λ_max(∇²L), from the Gauss–Newton eigenvector: at a small loss the two nearly coincide.
fn hessian(
    pass: &Pass,
    top: &TopEigenpair,
    search: Search,
    missing: &mut Vec<Missing>,
) -> Option<f64> {
    let start = curvature::pull_back(pass, &top.vector);
    let found = top_eigenpair(&LossHessian::new(pass), &start, search);
    note_unconverged("sharpness_hessian", &found, missing);
    found.converged.then_some(found.value)
}

fn note_unconverged(quantity: &str, pair: &TopEigenpair, missing: &mut Vec<Missing>) {
    if !pair.converged {
        missing.push(Missing {
            quantity: quantity.to_owned(),
            reason: format!(
                "Lanczos stopped after {} products at {} with residual {:.1e}; raise analysis.eigen_iterations",
                pair.products, pair.value, pair.residual
            ),
        });
    }
}

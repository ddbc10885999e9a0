//! Everything measured at one minimum.

use faer::Par;
use serde::{Deserialize, Serialize};

use super::coverage::same_thresholds;
use super::simulated::{Simulated, simulated};
use crate::config::{AnalysisConfig, RunSpec};
use crate::curvature::{
    self, Eigenpair, Gram, GramError, LossHessian, Pass, Search, Symmetric, top_eigenpair,
};
use crate::data::Dataset;
use crate::memory::{self, TooLittle};
use crate::net::Weights;
use crate::stability::accelerator::Accelerator;
use crate::stability::bounds::{TopEigenpair, bound_18};
use crate::stability::generalized_sharpness::{Effort, Status};
use crate::stability::sampling::{Sampling, SamplingError};
use crate::stability::thresholds::{Request, thresholds_on};

/// A minimum that cannot be analysed at all.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error(transparent)]
    Gram(#[from] GramError),
    #[error(transparent)]
    Sampling(#[from] SamplingError),
    /// The network and the data have different shapes.
    #[error("the network {network} does not fit the data: {features} inputs, {outputs} classes")]
    Shape { network: String, features: usize, outputs: usize },
    #[error(transparent)]
    Memory(#[from] TooLittle),
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
    /// Samples that no hidden unit sees (`Pass::dead_samples`); `None` in records of earlier versions.
    #[serde(default)]
    pub dead_samples: Option<usize>,
    /// λ_1 of the Gauss–Newton Hessian.
    pub sharpness_gn: f64,
    /// λ_max of the true Hessian.
    pub sharpness_hessian: Option<f64>,
    /// Tr H of the Gauss–Newton Hessian.
    pub trace: f64,
    /// 2/λ_1.
    pub eta_mean: f64,
    /// \[M\] (17).
    pub bound_17: f64,
    /// \[M\] (18).
    pub bound_18: f64,
    /// What needs the whole spectrum of G.
    pub mean_square: Option<MeanSquare>,
    /// What needs simulation of the linearised process.
    #[serde(default, rename = "almost_sure")]
    pub simulated: Option<Simulated>,
    /// The leading eigenvalues of the Gauss–Newton Hessian, largest first; at most the
    /// `analysis.spectrum` that were asked for, and none without `analysis.thresholds`.
    #[serde(default)]
    pub spectrum: Vec<f64>,
    pub missing: Vec<Missing>,
}

/// The exact mean-square threshold and its company, for batches of distinct samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MeanSquare {
    /// λ_max(C†D), the best Rayleigh quotient.
    pub generalized_sharpness: f64,
    /// Proved ends of its enclosure.
    pub lower: f64,
    pub upper: Option<f64>,
    /// Whether the enclosure is as narrow as asked for.
    pub converged: bool,
    /// η*_var = 2/λ_max(C†D).
    pub eta_var: f64,
    /// \[M\] (27).
    pub bound_27: f64,
    /// The one-step contraction bound, from above.
    pub one_step_upper: f64,
    /// (Tr X)²/‖X‖_F² of the maximiser X.
    pub effective_rank: f64,
    /// λ_max(C†E) of \[M\] Prop 8.
    pub noise_sharpness: f64,
    /// σ of [D].
    pub coherence: f64,
    /// [D] Thm 1 on the scale of the generalized sharpness.
    pub dexter_bound: f64,
    /// Numerical rank of G.
    pub rank: usize,
    /// The smallest eigenvalue of H above rounding.
    #[serde(default)]
    pub smallest_curvature: f64,
}

/// What was measured at the same minimum before.
#[derive(Debug, Clone, Copy)]
pub struct Known<'k> {
    pub analysis: &'k Analysis,
    /// What was asked for then.
    pub asked: &'k AnalysisConfig,
}

impl<'k> Known<'k> {
    /// The exact thresholds, if they are those that `asked` asks for.
    fn thresholds(self, asked: &AnalysisConfig) -> Option<&'k MeanSquare> {
        let found = self.analysis.mean_square.as_ref();
        found.filter(|found| found.converged && same_thresholds(self.asked, asked))
    }
}

/// Measures `weights` on `data` as `spec` asks, with `par` threads and, where it can, `accelerator`.
/// What takes long and is `known` is taken over.
///
/// # Errors
/// Shapes that do not fit, or curvature that is not finite.
pub fn analyse(
    spec: &RunSpec,
    weights: &Weights,
    data: &Dataset,
    par: Par,
    accelerator: Option<&dyn Accelerator>,
    known: Option<Known<'_>>,
) -> Result<Analysis, AnalysisError> {
    check_shape(weights, data)?;
    memory::check_run(spec, data)?;
    let pass = Pass::new(weights, data, spec.loss.factor, par);
    let gram = curvature::gram(&pass)?;
    let asked = &spec.analysis;
    let search = Search { tolerance: asked.eigen_tolerance, products: asked.eigen_iterations };
    let kernel = Symmetric { matrix: gram.matrix(), factor: 1.0 / gram.samples() as f64, par };
    let start: Vec<f64> = (0..gram.side()).map(|i| 1.0 + 1e-3 * (i % 7) as f64).collect();
    let top = top_eigenpair(&kernel, &start, search);
    let mut missing = Vec::new();
    note_unconverged("sharpness_gn", &top, &mut missing);
    let sharpness_hessian =
        asked.hessian.then(|| hessian(&pass, &top, search, &mut missing)).flatten();
    let coefficients = Sampling::Distinct.coefficients(gram.samples(), spec.train.batch_size)?;
    let along_top = TopEigenpair { sharpness: top.value, vector: top.vector };
    let known = known.and_then(|known| Some((known.thresholds(asked)?, known.analysis)));
    let exact = match known {
        Some((found, analysis)) => Some((found.clone(), analysis.spectrum.clone())),
        None => asked.thresholds.then(|| exact(spec, &gram, accelerator, &mut missing)).flatten(),
    };
    let (mean_square, spectrum) = exact.map_or((None, Vec::new()), |(m, s)| (Some(m), s));
    let known = known.and_then(|(_, analysis)| analysis.simulated.as_ref());
    let simulated =
        mean_square.as_ref().and_then(|exact| simulated(spec, &gram, exact, known, &mut missing));
    Ok(Analysis {
        loss: pass.loss(),
        dead_samples: Some(pass.dead_samples()),
        sharpness_gn: top.value,
        sharpness_hessian,
        trace: (0..gram.side()).map(|k| gram.matrix()[(k, k)]).sum::<f64>() / gram.samples() as f64,
        eta_mean: 2.0 / top.value,
        bound_17: along_top.bound_17(gram.samples(), coefficients),
        bound_18: bound_18(&gram, coefficients),
        mean_square,
        simulated,
        spectrum,
        missing,
    })
}

/// The exact threshold at the run's own batch size, and the leading eigenvalues; batches of an epoch
/// are distinct samples too.
fn exact(
    spec: &RunSpec,
    gram: &Gram,
    accelerator: Option<&dyn Accelerator>,
    missing: &mut Vec<Missing>,
) -> Option<(MeanSquare, Vec<f64>)> {
    let request = Request {
        batch_sizes: vec![spec.train.batch_size],
        sampling: Sampling::Distinct,
        effort: Effort { tolerance: spec.analysis.tolerance, ..Effort::default() },
    };
    let note = |reason: String| Missing { quantity: "generalized_sharpness".to_owned(), reason };
    let report = match thresholds_on(accelerator, gram, &request, &mut |_| ()) {
        Ok(report) => report,
        Err(error) => {
            missing.push(note(error.to_string()));
            return None;
        }
    };
    let found = report.thresholds.first()?;
    let enclosure = found.generalized_sharpness;
    let converged = found.status == Status::Converged;
    if !converged {
        let width = enclosure.relative_width();
        missing.push(note(format!("only enclosed to a relative width of {width:.1e}")));
    }
    let mean_square = MeanSquare {
        generalized_sharpness: enclosure.value,
        lower: enclosure.lower,
        upper: Some(enclosure.upper).filter(|upper| upper.is_finite()),
        converged,
        eta_var: found.eta_var,
        bound_27: found.bound_27,
        one_step_upper: found.one_step_upper,
        effective_rank: found.effective_rank,
        noise_sharpness: report.noise_sharpness,
        coherence: report.coherence,
        dexter_bound: found.dexter_bound,
        rank: report.rank,
        smallest_curvature: report.smallest_curvature,
    };
    let kept = report.eigenvalues.into_iter().take(spec.analysis.spectrum);
    Some((mean_square, kept.collect()))
}

/// Refuses a network whose inputs are not the features of the data, or its outputs not the classes.
///
/// # Errors
/// [`AnalysisError::Shape`].
pub fn check_shape(weights: &Weights, data: &Dataset) -> Result<(), AnalysisError> {
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
    top: &Eigenpair,
    search: Search,
    missing: &mut Vec<Missing>,
) -> Option<f64> {
    let start = curvature::pull_back(pass, &top.vector);
    let found = top_eigenpair(&LossHessian::new(pass), &start, search);
    note_unconverged("sharpness_hessian", &found, missing);
    found.converged.then_some(found.value)
}

fn note_unconverged(quantity: &str, pair: &Eigenpair, missing: &mut Vec<Missing>) {
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

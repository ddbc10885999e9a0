//! Measures curvature and thresholds at a minimum.

use faer::Par;

use super::analysis::{Analysis, MeanSquare, Missing};
use super::requested::same_thresholds;
use super::simulate::simulate;
use crate::config::{AnalysisConfig, RunSpec};
use crate::curvature::{self, LossHessian, Pass};
use crate::data::Dataset;
use crate::gram::{Gram, GramError};
use crate::linalg::{Eigenpair, Stop, Symmetric, largest_eigenpair};
use crate::loss::Loss;
use crate::memory::{self, NotEnoughMemory};
use crate::net::Weights;
use crate::process::{Sampling, SamplingError};
use crate::stability::bounds::rayleigh::{TopEigenpair, bound_18};
use crate::stability::solver::accelerator::Accelerator;
use crate::stability::solver::{SolverOptions, Status};
use crate::stability::thresholds::{Request, thresholds_on};

/// A minimum that cannot be measured at all.
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
    Memory(#[from] NotEnoughMemory),
}

/// An earlier measurement of the same minimum.
#[derive(Debug, Clone, Copy)]
pub struct EarlierAnalysis<'a> {
    pub analysis: &'a Analysis,
    /// The settings it was made with.
    pub settings: &'a AnalysisConfig,
}

impl<'a> EarlierAnalysis<'a> {
    /// The exact thresholds, if `settings` requests the same ones.
    fn thresholds(self, settings: &AnalysisConfig) -> Option<&'a MeanSquare> {
        let found = self.analysis.mean_square.as_ref();
        found.filter(|found| found.converged && same_thresholds(self.settings, settings))
    }
}

/// Measures `weights` on `data` as `spec.analysis` requests, with `par` threads and, for the exact
/// threshold, `accelerator`. Thresholds and simulations that `earlier` has are not computed again.
///
/// # Errors
/// Shapes that do not fit, too little memory, or curvature that is not finite.
pub fn analyse(
    spec: &RunSpec,
    weights: &Weights,
    data: &Dataset,
    par: Par,
    accelerator: Option<&dyn Accelerator>,
    earlier: Option<EarlierAnalysis<'_>>,
) -> Result<Analysis, AnalysisError> {
    check_shape(weights, data)?;
    memory::check_run(spec, data.shape())?;
    let pass = Pass::new(weights, data, Loss::from(&spec.loss), par);
    let gram = curvature::gram(&pass)?;
    let settings = &spec.analysis;
    let stop = Stop { tolerance: settings.eigen_tolerance, products: settings.eigen_iterations };
    let kernel = Symmetric { matrix: gram.matrix(), factor: 1.0 / gram.samples() as f64, par };
    let start: Vec<f64> = (0..gram.side()).map(|i| 1.0 + 1e-3 * (i % 7) as f64).collect();
    let top = largest_eigenpair(&kernel, &start, stop);
    let mut missing = Vec::new();
    note_unconverged("sharpness_gn", &top, &mut missing);
    let sharpness_hessian =
        settings.hessian.then(|| hessian(&pass, &top, stop, &mut missing)).flatten();
    let process = spec.train.batches().process(gram.samples())?;
    let coefficients = process.coefficients(gram.samples())?;
    let along_top = TopEigenpair { sharpness: top.value, vector: top.vector };
    let earlier =
        earlier.and_then(|earlier| Some((earlier.thresholds(settings)?, earlier.analysis)));
    let exact = match earlier {
        Some((mean_square, analysis)) => Some((mean_square.clone(), analysis.spectrum.clone())),
        None => settings
            .thresholds
            .then(|| exact_threshold(spec, &gram, accelerator, &mut missing))
            .flatten(),
    };
    let (mean_square, spectrum) = exact.map_or((None, Vec::new()), |(m, s)| (Some(m), s));
    let earlier = earlier.and_then(|(_, analysis)| analysis.simulated.as_ref());
    let simulated = mean_square
        .as_ref()
        .and_then(|mean_square| simulate(spec, &gram, mean_square, earlier, &mut missing));
    Ok(Analysis {
        loss: pass.loss(),
        dead_samples: Some(pass.dead_samples()),
        sharpness_gn: top.value,
        sharpness_hessian,
        trace: (0..gram.side()).map(|k| gram.matrix()[(k, k)]).sum::<f64>() / gram.samples() as f64,
        eta_mean: spec.train.optimizer().rule().eta_mean(top.value),
        bound_17: along_top.bound_17(gram.samples(), coefficients),
        bound_18: bound_18(&gram, coefficients),
        mean_square,
        simulated,
        spectrum,
        missing,
    })
}

/// The exact threshold at the run's own batch size, and the leading eigenvalues. Batches of a shuffled
/// epoch are treated as independent batches of distinct samples.
fn exact_threshold(
    spec: &RunSpec,
    gram: &Gram,
    accelerator: Option<&dyn Accelerator>,
    missing: &mut Vec<Missing>,
) -> Option<(MeanSquare, Vec<f64>)> {
    let request = Request {
        batch_sizes: vec![spec.train.batch_size],
        sampling: Sampling::Distinct,
        optimizer: spec.train.optimizer(),
        options: SolverOptions { tolerance: spec.analysis.tolerance, ..SolverOptions::default() },
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
    let leading = report.eigenvalues.into_iter().take(spec.analysis.spectrum);
    Some((mean_square, leading.collect()))
}

/// Checks that the network has an input per feature and an output per class of the data.
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

/// λ_max(∇²L), started at the Gauss–Newton eigenvector: at a small loss the two nearly coincide.
fn hessian(pass: &Pass, top: &Eigenpair, stop: Stop, missing: &mut Vec<Missing>) -> Option<f64> {
    let start = curvature::pull_back(pass, &top.vector);
    let found = largest_eigenpair(&LossHessian::new(pass), &start, stop);
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

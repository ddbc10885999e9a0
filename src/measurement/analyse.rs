//! Measures curvature and thresholds at a minimum.

use faer::Par;

use super::analysis::{Analysis, MeanSquare, Missing};
use super::requested::same_thresholds;
use super::sharpness;
use super::simulate::simulate;
use crate::config::{AnalysisConfig, RunSpec};
use crate::curvature::{self, Pass};
use crate::data::Dataset;
use crate::gram::{Gram, GramError};
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
    let mut missing = Vec::new();
    let process = spec.train.batches().process(gram.samples())?;
    let coefficients = process.coefficients(gram.samples())?;
    let earlier =
        earlier.and_then(|earlier| Some((earlier.thresholds(settings)?, earlier.analysis)));
    let exact = match earlier {
        Some((mean_square, analysis)) => Some(Exact::of_earlier(mean_square, analysis)),
        None => settings
            .thresholds
            .then(|| exact_threshold(spec, &gram, accelerator, &mut missing))
            .flatten(),
    };
    let known = exact.as_ref().and_then(|exact| exact.sharpness);
    let top = sharpness::gauss_newton(&gram, settings, known, par);
    note(&DERIVED_FROM_TOP, top.as_ref().err(), &mut missing);
    let true_sharpness = settings.hessian.then(|| sharpness::true_hessian(&pass, &top, settings));
    let reason = true_sharpness.as_ref().and_then(|found| found.as_ref().err());
    note(&["sharpness_hessian"], reason, &mut missing);
    let bounds = exact.as_ref().map_or((None, None), |exact| exact.bounds);
    let (mean_square, spectrum) =
        exact.map_or((None, Vec::new()), |exact| (Some(exact.mean_square), exact.spectrum));
    let earlier = earlier.and_then(|(_, analysis)| analysis.simulated.as_ref());
    let simulated = mean_square
        .as_ref()
        .and_then(|mean_square| simulate(spec, &gram, mean_square, earlier, &mut missing));
    let optimizer = spec.train.optimizer();
    let eta_mean = top.as_ref().map(|top| optimizer.rule().eta_mean(top.sharpness));
    let bounds = if optimizer.is_plain() {
        let of_top = |top: &TopEigenpair| top.bound_17(gram.samples(), coefficients);
        (top.as_ref().ok().map(of_top), Some(bound_18(&gram, coefficients)))
    } else {
        if bounds.1.is_none() && !settings.thresholds {
            note(&["bound_17", "bound_18"], Some(&NEEDS_THRESHOLDS), &mut missing);
        }
        bounds
    };
    Ok(Analysis {
        loss: pass.loss(),
        dead_samples: Some(pass.dead_samples()),
        sharpness_gn: top.as_ref().ok().map(|top| top.sharpness),
        sharpness_hessian: true_sharpness.and_then(Result::ok),
        trace: (0..gram.side()).map(|k| gram.matrix()[(k, k)]).sum::<f64>() / gram.samples() as f64,
        eta_mean: eta_mean.ok(),
        bound_17: bounds.0,
        bound_18: bounds.1,
        mean_square,
        simulated,
        spectrum,
        missing,
    })
}

/// Quantities that λ_1 of the Gauss–Newton Hessian and its eigenvector give.
const DERIVED_FROM_TOP: [&str; 3] = ["sharpness_gn", "eta_mean", "bound_17"];

/// Why bounds are not known.
const NEEDS_THRESHOLDS: &str =
    "with momentum or weight decay they need the exact threshold: analysis.thresholds = true";

/// Notes `reason`, if there is one, for each of `quantities`.
fn note(quantities: &[&str], reason: Option<&impl ToString>, missing: &mut Vec<Missing>) {
    let Some(reason) = reason.map(ToString::to_string) else { return };
    missing.extend(
        quantities
            .iter()
            .map(|&quantity| Missing { quantity: quantity.to_owned(), reason: reason.clone() }),
    );
}

/// What the whole spectrum of G gives.
struct Exact {
    mean_square: MeanSquare,
    /// The leading eigenvalues, as many as requested.
    spectrum: Vec<f64>,
    /// λ_1.
    sharpness: Option<f64>,
    /// (17) and (18) of the optimizer.
    bounds: (Option<f64>, Option<f64>),
}

impl Exact {
    /// That of an earlier measurement. A λ_1 that did not converge is not in it.
    fn of_earlier(mean_square: &MeanSquare, analysis: &Analysis) -> Self {
        let spectrum = analysis.spectrum.clone();
        let sharpness = spectrum.first().copied().or(analysis.sharpness_gn);
        let bounds = (analysis.bound_17, analysis.bound_18);
        Self { mean_square: mean_square.clone(), spectrum, sharpness, bounds }
    }
}

/// The exact threshold at the run's own batch size, and the leading eigenvalues. Batches of a shuffled
/// epoch are treated as independent batches of distinct samples.
fn exact_threshold(
    spec: &RunSpec,
    gram: &Gram,
    accelerator: Option<&dyn Accelerator>,
    missing: &mut Vec<Missing>,
) -> Option<Exact> {
    let request = Request {
        batch_sizes: vec![spec.train.batch_size],
        sampling: Sampling::Distinct,
        optimizer: spec.train.optimizer(),
        options: SolverOptions { tolerance: spec.analysis.tolerance, ..SolverOptions::default() },
    };
    let report = match thresholds_on(accelerator, gram, &request, &mut |_| ()) {
        Ok(report) => report,
        Err(error) => {
            let listed = usize::from(spec.analysis.spectrum > 0);
            note(&["generalized_sharpness", "spectrum"][..=listed], Some(&error), missing);
            return None;
        }
    };
    let found = report.thresholds.first()?;
    let enclosure = found.generalized_sharpness;
    let converged = found.status == Status::Converged;
    if !converged {
        let width = enclosure.relative_width();
        let reason = format!("only enclosed to a relative width of {width:.1e}");
        note(&["generalized_sharpness"], Some(&reason), missing);
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
    let spectrum = report.eigenvalues.into_iter().take(spec.analysis.spectrum).collect();
    let bounds = (Some(found.bound_17), Some(found.bound_18));
    Some(Exact { mean_square, spectrum, sharpness: Some(report.sharpness), bounds })
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

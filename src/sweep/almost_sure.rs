//! Almost-sure stability at one minimum, as the record keeps it.

use serde::{Deserialize, Serialize};

use super::analysis::{MeanSquare, Missing};
use crate::config::{Algorithm, RunSpec, Schedule};
use crate::curvature::Gram;
use crate::stability::batches::Process;
use crate::stability::lyapunov::{
    AlmostSureThreshold, Decay, Effort, Factor, Linearised, LyapunovError, Violation,
};
use crate::stability::sampling::{Sampling, SamplingError};

/// λ at the run's own η, and where λ changes its sign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlmostSure {
    pub exponent: Option<Exponent>,
    pub eta_as: Option<AlmostSureThreshold>,
}

/// λ(η, B) with its interval; units 1 per step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Exponent {
    /// `None` is −∞: everything died out.
    pub value: Option<f64>,
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Whether the interval holds 0.
    pub undecided: bool,
    /// Whether the growth had stopped changing.
    pub settled: bool,
    /// Why the sign need not decide.
    pub violations: Vec<Violation>,
}

/// Measures what `spec` asks for; what fails is in `missing` with its reason.
pub fn almost_sure(
    spec: &RunSpec,
    gram: &Gram,
    mean_square: &MeanSquare,
    missing: &mut Vec<Missing>,
) -> Option<AlmostSure> {
    let asked = &spec.analysis;
    if !(asked.lyapunov || asked.eta_as) {
        return None;
    }
    let mut note = |quantity: &str, error: LyapunovError| {
        missing.push(Missing { quantity: quantity.to_owned(), reason: error.to_string() });
    };
    let prepared = Factor::of(gram)
        .map_err(LyapunovError::from)
        .and_then(|factor| Ok((factor, process(&spec.train, gram.samples())?)));
    let (factor, process) = prepared.map_err(|error| note("lyapunov", error)).ok()?;
    let decay = Decay {
        generalized_sharpness: mean_square.upper.unwrap_or(f64::INFINITY),
        smallest_curvature: mean_square.smallest_curvature,
    };
    let linearised =
        Linearised { gram, factor: &factor, process, decay, effort: Effort::default() };
    let mut found = AlmostSure::default();
    if asked.lyapunov {
        match exponent(&linearised, spec.train.learning_rate) {
            Ok(exponent) => found.exponent = Some(exponent),
            Err(error) => note("lyapunov", error),
        }
    }
    if asked.eta_as {
        match linearised.eta_as() {
            Ok(threshold) => found.eta_as = Some(threshold),
            Err(error) => note("eta_as", error),
        }
    }
    Some(found)
}

/// The process whose linearisation `schedule` trains by; batches of an epoch count as independent.
fn process(schedule: &Schedule, samples: usize) -> Result<Process, SamplingError> {
    let batch_size = schedule.batch_size;
    match schedule.algorithm {
        Algorithm::Sgd => Ok(Process::Sgd { sampling: Sampling::Distinct, batch_size }),
        Algorithm::Mixture => Process::equivalent_mixture(samples, batch_size),
    }
}

fn exponent(linearised: &Linearised<'_>, learning_rate: f64) -> Result<Exponent, LyapunovError> {
    let found = linearised.exponent(learning_rate)?;
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    Ok(Exponent {
        value: finite(found.exponent.value),
        low: finite(found.exponent.low),
        high: finite(found.exponent.high),
        undecided: found.exponent.undecided,
        settled: found.exponent.settled,
        violations: found.violations,
    })
}

//! Almost-sure stability at one minimum, as the record keeps it.

use serde::{Deserialize, Serialize};

use super::analysis::{MeanSquare, Missing};
use crate::config::{Algorithm, BatchSampling, RunSpec, Schedule};
use crate::curvature::Gram;
use crate::stability::batches::Process;
use crate::stability::lyapunov::{
    AlmostSureThreshold, Decay, Effort, Factor, Linearised, LyapunovError, Violation,
};
use crate::stability::sampling::{Sampling, SamplingError};

/// λ at the run's own η, and where λ changes its sign; batches of an epoch count as independent but
/// where epochs are named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AlmostSure {
    pub exponent: Option<Exponent>,
    /// λ of shuffled epochs, if the run had them.
    #[serde(default)]
    pub epoch_exponent: Option<Exponent>,
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

/// Measures what `spec` asks for and `known` does not have; what fails is in `missing` with its reason.
pub fn almost_sure(
    spec: &RunSpec,
    gram: &Gram,
    mean_square: &MeanSquare,
    known: Option<&AlmostSure>,
    missing: &mut Vec<Missing>,
) -> Option<AlmostSure> {
    let asked = &spec.analysis;
    let epochs = asked.lyapunov_epoch
        && spec.train.sampling == BatchSampling::Epoch
        && spec.train.algorithm == Algorithm::Sgd;
    if !(asked.lyapunov || epochs || asked.eta_as) {
        return None;
    }
    let mut found = known.cloned().unwrap_or_default();
    let lacks_exponent = asked.lyapunov && found.exponent.is_none();
    let lacks_epochs = epochs && found.epoch_exponent.is_none();
    let lacks_eta_as = asked.eta_as && found.eta_as.is_none();
    if !(lacks_exponent || lacks_epochs || lacks_eta_as) {
        return Some(found);
    }
    let mut note = |quantity: &str, error: LyapunovError| {
        missing.push(Missing { quantity: quantity.to_owned(), reason: error.to_string() });
    };
    let prepared = Factor::of(gram)
        .map_err(LyapunovError::from)
        .and_then(|factor| Ok((factor, process(&spec.train, gram.samples())?)));
    let (factor, process) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            note("lyapunov", error);
            return Some(found);
        }
    };
    let decay = Decay {
        generalized_sharpness: mean_square.upper.unwrap_or(f64::INFINITY),
        smallest_curvature: mean_square.smallest_curvature,
    };
    let linearised =
        Linearised { gram, factor: &factor, process, decay, effort: Effort::default() };
    if lacks_exponent {
        match exponent(&linearised, spec.train.learning_rate) {
            Ok(exponent) => found.exponent = Some(exponent),
            Err(error) => note("lyapunov", error),
        }
    }
    if lacks_epochs {
        let process = Process::Epochs { batch_size: spec.train.batch_size };
        let decay = Decay::of_contractions(gram);
        match exponent(&Linearised { process, decay, ..linearised }, spec.train.learning_rate) {
            Ok(exponent) => found.epoch_exponent = Some(exponent),
            Err(error) => note("lyapunov_epoch", error),
        }
    }
    if lacks_eta_as {
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

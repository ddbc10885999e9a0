//! What simulation of linearised SGD says of one minimum, as the record keeps it.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::analysis::{MeanSquare, Missing};
use crate::config::{Algorithm, BatchSampling, RunSpec, Schedule};
use crate::curvature::Gram;
use crate::stability::batches::Process;
use crate::stability::lyapunov::{
    AlmostSureThreshold, Decay, Effort, Factor, Linearised, LyapunovError, Violation,
};
use crate::stability::moment::{MomentThreshold, eta_var_of_epochs};
use crate::stability::sampling::{Sampling, SamplingError};

/// λ at the run's own η, where λ changes its sign, and where E‖θ‖² stops shrinking; batches of an
/// epoch count as independent but where epochs are named.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Simulated {
    pub exponent: Option<Exponent>,
    /// λ of shuffled epochs, if the run had them.
    #[serde(default)]
    pub epoch_exponent: Option<Exponent>,
    pub eta_as: Option<AlmostSureThreshold>,
    /// η*_as of shuffled epochs.
    #[serde(default)]
    pub epoch_eta_as: Option<AlmostSureThreshold>,
    /// η*_var of shuffled epochs.
    #[serde(default)]
    pub epoch_eta_var: Option<MomentThreshold>,
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
pub fn simulated(
    spec: &RunSpec,
    gram: &Gram,
    mean_square: &MeanSquare,
    known: Option<&Simulated>,
    missing: &mut Vec<Missing>,
) -> Option<Simulated> {
    let asked = Asked::of(spec);
    if !asked.anything() {
        return None;
    }
    let mut found = known.cloned().unwrap_or_default();
    let lacking = asked.but(&found);
    if !lacking.anything() {
        return Some(found);
    }
    let factor = Factor::of(gram).map_err(LyapunovError::from);
    let process = process(&spec.train, gram.samples()).map_err(LyapunovError::from);
    let prepared = factor.and_then(|factor| Ok((factor, process?)));
    let Some((factor, process)) = keep("lyapunov", prepared, missing) else { return Some(found) };
    let decay = Decay {
        generalized_sharpness: mean_square.upper.unwrap_or(f64::INFINITY),
        smallest_curvature: mean_square.smallest_curvature,
    };
    let independent =
        Linearised { gram, factor: &factor, process, decay, effort: Effort::default() };
    let epochs = || independent.on_shuffled_epochs(spec.train.batch_size);
    let rate = spec.train.learning_rate;
    if lacking.exponent {
        found.exponent = keep("lyapunov", exponent(&independent, rate), missing);
    }
    if lacking.epoch_exponent {
        found.epoch_exponent = keep("lyapunov_epoch", exponent(&epochs(), rate), missing);
    }
    if lacking.eta_as {
        found.eta_as = keep("eta_as", independent.eta_as(), missing);
    }
    if lacking.epoch_eta_as {
        found.epoch_eta_as = keep("eta_as_epoch", epochs().eta_as(), missing);
    }
    if lacking.epoch_eta_var {
        // Of the full batch, one of distinct samples, both edges are the same.
        let independent = mean_square.eta_var;
        let batch_size = spec.train.batch_size;
        let edge = eta_var_of_epochs(&factor, batch_size, independent, independent);
        found.epoch_eta_var = keep("eta_var_epoch", edge, missing);
    }
    Some(found)
}

/// What was found, or else the reason why not in `missing`.
fn keep<T, E: Display>(
    quantity: &str,
    result: Result<T, E>,
    missing: &mut Vec<Missing>,
) -> Option<T> {
    let note = |error: E| {
        missing.push(Missing { quantity: quantity.to_owned(), reason: error.to_string() });
    };
    result.map_err(note).ok()
}

/// Which of the numbers are wanted.
#[derive(Debug, Clone, Copy)]
struct Asked {
    exponent: bool,
    epoch_exponent: bool,
    eta_as: bool,
    epoch_eta_as: bool,
    epoch_eta_var: bool,
}

impl Asked {
    fn of(spec: &RunSpec) -> Self {
        let asked = &spec.analysis;
        let shuffled =
            spec.train.sampling == BatchSampling::Epoch && spec.train.algorithm == Algorithm::Sgd;
        Self {
            exponent: asked.lyapunov,
            epoch_exponent: shuffled && asked.lyapunov_epoch,
            eta_as: asked.eta_as,
            epoch_eta_as: shuffled && asked.eta_as_epoch,
            epoch_eta_var: shuffled && asked.eta_var_epoch,
        }
    }

    fn but(self, found: &Simulated) -> Self {
        Self {
            exponent: self.exponent && found.exponent.is_none(),
            epoch_exponent: self.epoch_exponent && found.epoch_exponent.is_none(),
            eta_as: self.eta_as && found.eta_as.is_none(),
            epoch_eta_as: self.epoch_eta_as && found.epoch_eta_as.is_none(),
            epoch_eta_var: self.epoch_eta_var && found.epoch_eta_var.is_none(),
        }
    }

    fn anything(self) -> bool {
        self.exponent
            || self.epoch_exponent
            || self.eta_as
            || self.epoch_eta_as
            || self.epoch_eta_var
    }
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

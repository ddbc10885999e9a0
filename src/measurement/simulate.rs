//! Simulates SGD linearised at a minimum.

use std::fmt::Display;

use super::analysis::{Exponent, MeanSquare, Missing, Simulated};
use crate::config::RunSpec;
use crate::gram::Gram;
use crate::stability::almost_sure::{DecayBound, ExponentOptions, LinearisedSgd, LyapunovError};
use crate::stability::linearised::{Dynamics, GramFactor};
use crate::stability::simulated_mean_square::eta_var_of_epochs;

/// The quantities that `spec` requests: those of `earlier`, and the others by simulation. What fails is
/// listed in `missing` with the reason. `None` if nothing is requested.
pub fn simulate(
    spec: &RunSpec,
    gram: &Gram,
    mean_square: &MeanSquare,
    earlier: Option<&Simulated>,
    missing: &mut Vec<Missing>,
) -> Option<Simulated> {
    let requested = Quantities::requested_by(spec);
    if !requested.any() {
        return None;
    }
    let mut found = earlier.cloned().unwrap_or_default();
    let remaining = requested.without(&found);
    if !remaining.any() {
        return Some(found);
    }
    let factor = GramFactor::of(gram).map_err(LyapunovError::from);
    let process = spec.train.batches().process(gram.samples()).map_err(LyapunovError::from);
    let prepared = factor.and_then(|factor| Ok((factor, process?.with_independent_batches())));
    let Some((factor, process)) = ok_or_note("lyapunov", prepared, missing) else {
        return Some(found);
    };
    let optimizer = spec.train.optimizer();
    let decay = DecayBound {
        optimizer,
        generalized_sharpness: mean_square.upper.unwrap_or(f64::INFINITY),
        smallest_curvature: mean_square.smallest_curvature,
    };
    let independent = LinearisedSgd {
        gram,
        factor: &factor,
        dynamics: Dynamics { optimizer, process },
        decay,
        options: ExponentOptions::default(),
    };
    let epochs = || independent.on_shuffled_epochs(spec.train.batch_size);
    let rate = spec.train.learning_rate;
    if remaining.exponent {
        found.exponent = ok_or_note("lyapunov", exponent(&independent, rate), missing);
    }
    if remaining.epoch_exponent {
        found.epoch_exponent = ok_or_note("lyapunov_epoch", exponent(&epochs(), rate), missing);
    }
    if remaining.eta_as {
        found.eta_as = ok_or_note("eta_as", independent.eta_as(), missing);
    }
    if remaining.epoch_eta_as {
        found.epoch_eta_as = ok_or_note("eta_as_epoch", epochs().eta_as(), missing);
    }
    if remaining.epoch_eta_var {
        // Both are the threshold of batches of distinct samples, which for the full batch is 2/λ_1.
        let independent = mean_square.eta_var;
        let batch_size = spec.train.batch_size;
        let edge = eta_var_of_epochs(&factor, optimizer, batch_size, independent, independent);
        found.epoch_eta_var = ok_or_note("eta_var_epoch", edge, missing);
    }
    Some(found)
}

/// The value of `result`; its error is added to `missing`.
fn ok_or_note<T, E: Display>(
    quantity: &str,
    result: Result<T, E>,
    missing: &mut Vec<Missing>,
) -> Option<T> {
    let note = |error: E| {
        missing.push(Missing { quantity: quantity.to_owned(), reason: error.to_string() });
    };
    result.map_err(note).ok()
}

/// A subset of the quantities of [`Simulated`].
#[derive(Debug, Clone, Copy)]
struct Quantities {
    exponent: bool,
    epoch_exponent: bool,
    eta_as: bool,
    epoch_eta_as: bool,
    epoch_eta_var: bool,
}

impl Quantities {
    fn requested_by(spec: &RunSpec) -> Self {
        let settings = &spec.analysis;
        let shuffled = spec.train.batches().shuffles_epochs();
        Self {
            exponent: settings.lyapunov,
            epoch_exponent: shuffled && settings.lyapunov_epoch,
            eta_as: settings.eta_as,
            epoch_eta_as: shuffled && settings.eta_as_epoch,
            epoch_eta_var: shuffled && settings.eta_var_epoch,
        }
    }

    fn without(self, found: &Simulated) -> Self {
        Self {
            exponent: self.exponent && found.exponent.is_none(),
            epoch_exponent: self.epoch_exponent && found.epoch_exponent.is_none(),
            eta_as: self.eta_as && found.eta_as.is_none(),
            epoch_eta_as: self.epoch_eta_as && found.epoch_eta_as.is_none(),
            epoch_eta_var: self.epoch_eta_var && found.epoch_eta_var.is_none(),
        }
    }

    fn any(self) -> bool {
        self.exponent
            || self.epoch_exponent
            || self.eta_as
            || self.epoch_eta_as
            || self.epoch_eta_var
    }
}

fn exponent(linearised: &LinearisedSgd<'_>, learning_rate: f64) -> Result<Exponent, LyapunovError> {
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

//! `--shuffle`: the mean-square thresholds of shuffled epochs.

use etastar::stability::linearised::GramFactor;
use etastar::stability::simulated_mean_square::{
    SimulatedThreshold, SimulationError, eta_var_of_epochs,
};
use etastar::stability::thresholds::Report;
use etastar::text::number;
use serde::Serialize;

use super::missing::{to_lines, value_or_reason};
use crate::cli::text_table::table_with_header;

/// The threshold at one batch size.
#[derive(Serialize)]
pub struct Found {
    #[serde(skip)]
    batch_size: usize,
    eta_var_epoch: Option<SimulatedThreshold>,
    /// Why there is no threshold.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_var_epoch_missing: Option<String>,
}

/// One threshold for each of `report`, which are those of independent batches.
pub fn compute(
    factor: &GramFactor,
    report: &Report,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Found>, SimulationError> {
    let is_reason = |error: &_| {
        matches!(error, SimulationError::NeverUnstable(_) | SimulationError::NoCrossing(_))
    };
    let mut all = Vec::new();
    for independent in &report.thresholds {
        let batch_size = independent.batch_size;
        let result = eta_var_of_epochs(
            factor,
            report.optimizer,
            batch_size,
            independent.eta_mean,
            independent.eta_var,
        );
        let (eta_var_epoch, eta_var_epoch_missing) = value_or_reason(result, is_reason)?;
        all.push(Found { batch_size, eta_var_epoch, eta_var_epoch_missing });
        progress(&format!("B = {batch_size}: shuffled epochs done"));
    }
    Ok(all)
}

impl Found {
    /// The threshold, if there is one.
    pub fn threshold(&self) -> Option<SimulatedThreshold> {
        self.eta_var_epoch
    }

    fn cells(&self) -> Vec<String> {
        let Some(known) = self.eta_var_epoch else {
            return ["–", "", "", ""].map(str::to_owned).to_vec();
        };
        let mark = match (known.exact, known.settled) {
            (true, _) => "exact",
            (false, true) => "",
            (false, false) => "not settled",
        };
        let numbers = [known.value, known.low, known.high].map(number);
        numbers.into_iter().chain([mark.to_owned()]).collect()
    }
}

/// The thresholds as text.
pub fn to_text(all: &[Found]) -> String {
    let header = ["B", "η*_var of shuffled epochs", "from", "to", ""];
    let row = |found: &Found| [vec![found.batch_size.to_string()], found.cells()].concat();
    let reasons = to_lines(all.iter().map(|found| found.eta_var_epoch_missing.as_deref()));
    let legend = "\nlargest step size stable in mean square if every epoch is a new permutation of\n\
                  the samples: by simulation, with its 95% interval, or exact for few samples\n";
    format!("\n{}{reasons}{legend}", table_with_header(header, all.iter().map(row)))
}

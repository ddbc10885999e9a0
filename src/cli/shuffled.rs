//! The shuffled epochs of `etastar thresholds`: where they lose mean-square stability.

use etastar::stability::linearised::GramFactor;
use etastar::stability::simulated_mean_square::{
    SimulatedThreshold, SimulationError, eta_var_of_epochs,
};
use etastar::stability::thresholds::Report;
use serde::Serialize;

use super::format::{headed, number};

/// What was found at one batch size.
#[derive(Serialize)]
pub struct Answer {
    #[serde(skip)]
    batch_size: usize,
    eta_var_epoch: Option<SimulatedThreshold>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_var_epoch_missing: Option<String>,
}

/// One answer for every threshold of `report`, which are those of independent batches.
pub fn answers(
    factor: &GramFactor,
    report: &Report,
    progress: &mut dyn FnMut(&str),
) -> Result<Vec<Answer>, SimulationError> {
    let mut answers = Vec::new();
    for found in &report.thresholds {
        let batch_size = found.batch_size;
        let (eta_var_epoch, eta_var_epoch_missing) = match eta_var_of_epochs(
            factor,
            report.optimizer,
            batch_size,
            found.eta_mean,
            found.eta_var,
        ) {
            Ok(found) => (Some(found), None),
            Err(error @ (SimulationError::NeverUnstable(_) | SimulationError::NoCrossing(_))) => {
                (None, Some(error.to_string()))
            }
            Err(error) => return Err(error),
        };
        answers.push(Answer { batch_size, eta_var_epoch, eta_var_epoch_missing });
        progress(&format!("B = {batch_size}: shuffled epochs done"));
    }
    Ok(answers)
}

/// The answers as text.
pub fn page(answers: &[Answer]) -> String {
    let header = ["B", "η*_var of shuffled epochs", "from", "to"];
    let row = |answer: &Answer| {
        let found = answer.eta_var_epoch.map(|found| [found.value, found.low, found.high]);
        let cells = found.map_or(["–", "", ""].map(str::to_owned), |values| values.map(number));
        std::iter::once(answer.batch_size.to_string()).chain(cells).collect()
    };
    let reasons = answers.iter().filter_map(|answer| answer.eta_var_epoch_missing.as_deref());
    let reasons: String = reasons.map(|reason| format!("{reason}\n")).collect();
    format!("\n{}{reasons}", headed(header, answers.iter().map(row)))
}

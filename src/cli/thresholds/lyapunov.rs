//! `--lyapunov`: η*_as and Lyapunov exponents of linearised SGD.

use etastar::gram::Gram;
use etastar::process::BatchProcess;
use etastar::stability::almost_sure::{
    AlmostSureThreshold, ExponentAt, ExponentOptions, LinearisedSgd, LyapunovError,
};
use etastar::stability::linearised::{Dynamics, GramFactor};
use etastar::stability::thresholds::{Report, Threshold};
use etastar::text::number;
use serde::Serialize;

use super::missing::{to_lines, value_or_reason};
use crate::cli::text_table::table_with_header;

/// The process that is simulated and the step sizes of its exponents.
pub struct Simulation<'a> {
    pub gram: &'a Gram,
    /// Of `gram`.
    pub factor: &'a GramFactor,
    /// Step sizes at which λ is computed.
    pub learning_rates: &'a [f64],
    /// Whether batches are drawn by shuffling every epoch instead of independently.
    pub shuffle: bool,
}

/// η*_as and the exponents at one batch size.
#[derive(Serialize)]
pub struct Found {
    #[serde(skip)]
    batch_size: usize,
    eta_as: Option<AlmostSureThreshold>,
    /// Why there is no `eta_as`.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_as_missing: Option<String>,
    lyapunov: Vec<ExponentAt>,
}

impl Simulation<'_> {
    /// Simulates at the batch size of every threshold of `report`.
    pub fn run(
        &self,
        report: &Report,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Found>, LyapunovError> {
        let mut all = Vec::new();
        for threshold in &report.thresholds {
            let Threshold { batch_size, sampling, .. } = *threshold;
            let independent = LinearisedSgd {
                gram: self.gram,
                factor: self.factor,
                dynamics: Dynamics {
                    optimizer: report.optimizer,
                    process: BatchProcess::independent(sampling, batch_size),
                },
                decay: report.decay(threshold),
                options: ExponentOptions::default(),
            };
            let linearised =
                if self.shuffle { independent.on_shuffled_epochs(batch_size) } else { independent };
            all.push(self.at(batch_size, &linearised)?);
            progress(&format!("B = {batch_size}: Lyapunov exponents done"));
        }
        Ok(all)
    }

    fn at(
        &self,
        batch_size: usize,
        linearised: &LinearisedSgd<'_>,
    ) -> Result<Found, LyapunovError> {
        let is_reason = |error: &_| matches!(error, LyapunovError::NeverUnstable(_));
        let (eta_as, eta_as_missing) = value_or_reason(linearised.eta_as(), is_reason)?;
        let exponent = |&rate: &f64| linearised.exponent(rate);
        let lyapunov = self.learning_rates.iter().map(exponent).collect::<Result<_, _>>()?;
        Ok(Found { batch_size, eta_as, eta_as_missing, lyapunov })
    }
}

impl Found {
    /// The exponents, one for each step size.
    pub fn exponents(&self) -> &[ExponentAt] {
        &self.lyapunov
    }
}

/// The thresholds as text; the exponents are in the table of the step sizes.
pub fn to_text(all: &[Found], shuffle: bool) -> String {
    let header = ["B", "η*_as", "from", "to", ""];
    let reasons = to_lines(all.iter().map(|found| found.eta_as_missing.as_deref()));
    let process = if shuffle { "shuffled epochs" } else { "independent batches" };
    let legend = format!(
        "\nη*_as        largest step size stable almost surely, with {process}:\n             \
         between the ends the Lyapunov exponent turns positive; undecided:\n             \
         they are further apart than asked for\n"
    );
    format!("\n{}{reasons}{legend}", table_with_header(header, all.iter().map(threshold_cells)))
}

fn threshold_cells(found: &Found) -> Vec<String> {
    let cells = found.eta_as.map(|threshold| {
        let mark = if threshold.undecided { "undecided" } else { "" };
        let [value, low, high] = [threshold.value, threshold.low, threshold.high].map(number);
        [value, low, high, mark.to_owned()]
    });
    let cells = cells.unwrap_or_else(|| ["–", "", "", ""].map(str::to_owned));
    std::iter::once(found.batch_size.to_string()).chain(cells).collect()
}

//! The Lyapunov part of `etastar thresholds`.

use etastar::gram::Gram;
use etastar::process::BatchProcess;
use etastar::stability::almost_sure::{
    AlmostSureThreshold, ExponentAt, ExponentOptions, LinearisedSgd, LyapunovError,
};
use etastar::stability::linearised::{Dynamics, GramFactor};
use etastar::stability::thresholds::{Report, Threshold};
use serde::Serialize;

use super::format::{number, table};

/// What is asked.
pub struct AlmostSure<'a> {
    pub gram: &'a Gram,
    /// Of `gram`.
    pub factor: &'a GramFactor,
    /// Step sizes at which λ is wanted.
    pub learning_rates: &'a [f64],
    /// Whether batches are drawn by shuffling every epoch, and are not independent.
    pub shuffle: bool,
}

/// What was found at one batch size.
#[derive(Serialize)]
pub struct Answer {
    #[serde(skip)]
    batch_size: usize,
    eta_as: Option<AlmostSureThreshold>,
    /// Why there is no `eta_as`.
    #[serde(skip_serializing_if = "Option::is_none")]
    eta_as_missing: Option<String>,
    lyapunov: Vec<ExponentAt>,
}

impl AlmostSure<'_> {
    /// One answer for every threshold of `report`.
    pub fn answers(
        &self,
        report: &Report,
        progress: &mut dyn FnMut(&str),
    ) -> Result<Vec<Answer>, LyapunovError> {
        let mut answers = Vec::new();
        for found in &report.thresholds {
            let Threshold { batch_size, sampling, .. } = *found;
            let independent = LinearisedSgd {
                gram: self.gram,
                factor: self.factor,
                dynamics: Dynamics {
                    optimizer: report.optimizer,
                    process: BatchProcess::independent(sampling, batch_size),
                },
                decay: report.decay(found),
                options: ExponentOptions::default(),
            };
            let linearised =
                if self.shuffle { independent.on_shuffled_epochs(batch_size) } else { independent };
            answers.push(self.answer(batch_size, &linearised)?);
            progress(&format!("B = {batch_size}: Lyapunov exponents done"));
        }
        Ok(answers)
    }

    fn answer(
        &self,
        batch_size: usize,
        linearised: &LinearisedSgd<'_>,
    ) -> Result<Answer, LyapunovError> {
        let (eta_as, eta_as_missing) = match linearised.eta_as() {
            Ok(found) => (Some(found), None),
            Err(error @ LyapunovError::NeverUnstable(_)) => (None, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        let at = |&rate: &f64| linearised.exponent(rate);
        let lyapunov = self.learning_rates.iter().map(at).collect::<Result<_, _>>()?;
        Ok(Answer { batch_size, eta_as, eta_as_missing, lyapunov })
    }
}

/// The answers as text.
pub fn page(answers: &[Answer]) -> String {
    let header = ["B", "η*_as", "from", "to", "", "η", "λ", "from", "to", ""];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    let mut warnings = Vec::new();
    for answer in answers {
        let mut cells = threshold_cells(answer);
        for at in &answer.lyapunov {
            rows.push([cells, exponent_cells(at)].concat());
            cells = vec![String::new(); 5];
            let warning = |v| format!("not regular at η = {}: {v}\n", number(at.learning_rate));
            warnings.extend(at.violations.iter().map(warning));
        }
        if answer.lyapunov.is_empty() {
            rows.push(cells);
        }
    }
    if answers.iter().all(|answer| answer.lyapunov.is_empty()) {
        rows[0].truncate(5);
    }
    warnings.dedup();
    let reasons = answers.iter().filter_map(|answer| answer.eta_as_missing.as_deref());
    let reasons = reasons.map(|reason| format!("{reason}\n"));
    format!("\n{}{}", table(&rows), reasons.chain(warnings).collect::<String>())
}

fn threshold_cells(answer: &Answer) -> Vec<String> {
    let found = answer.eta_as.map(|found| {
        let mark = if found.undecided { "undecided" } else { "" };
        [number(found.value), number(found.low), number(found.high), mark.to_owned()]
    });
    let found = found.unwrap_or_else(|| ["–", "", "", ""].map(str::to_owned));
    std::iter::once(answer.batch_size.to_string()).chain(found).collect()
}

fn exponent_cells(at: &ExponentAt) -> Vec<String> {
    let found = at.exponent;
    let mark = if found.undecided {
        "undecided"
    } else if found.value < 0.0 {
        "stable"
    } else {
        "unstable"
    };
    let mut cells = [at.learning_rate, found.value, found.low, found.high].map(number).to_vec();
    cells.push(mark.to_owned());
    cells
}

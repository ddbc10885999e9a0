//! What is told of one run: the columns of the table and the lines of its own card.

use super::content::Run;
use crate::measurement::Analysis;
use crate::record::RunState;
use crate::text::{duration, number};
use crate::train::StopReason;

/// A cell: what is read, and what it is sorted by.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub text: String,
    pub order: Option<f64>,
}

/// Where a fact is shown beside the run's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Card,
    Table,
    /// In the table and when a point of a figure is looked at.
    Pointed,
}

/// One thing that is known of a run.
pub struct Fact {
    pub label: &'static str,
    /// What the label means.
    pub meaning: &'static str,
    pub place: Place,
    pub of: fn(&Run) -> Cell,
}

const fn fact(
    label: &'static str,
    meaning: &'static str,
    place: Place,
    of: fn(&Run) -> Cell,
) -> Fact {
    Fact { label, meaning, place, of }
}

/// All facts, in order.
pub const FACTS: [Fact; 26] = [
    fact("η", "step size", Place::Pointed, |run| real(Some(run.plan.learning_rate))),
    fact("B", "batch size", Place::Pointed, |run| whole(Some(run.plan.batch_size as u64))),
    fact("seed", "seed of the batches", Place::Table, |run| whole(Some(run.plan.seed))),
    fact("algorithm", "how a step is made", Place::Table, |run| word(run.plan.algorithm.name())),
    fact("outcome", "how the run ended", Place::Pointed, |run| word(outcome(run))),
    fact("epochs", "until the stop", Place::Table, |run| {
        whole(run.record.as_ref().map(|record| record.epochs))
    }),
    fact("loss", "over all samples, at the end", Place::Table, |run| {
        real(run.record.as_ref().and_then(|record| record.final_loss))
    }),
    fact("2/η", "sharpness at which full-batch descent is unstable", Place::Pointed, |run| {
        real(Some(2.0 / run.plan.learning_rate))
    }),
    fact("sharpness", "λ_max of the Gauss–Newton Hessian", Place::Pointed, |run| {
        real(sharpness(run))
    }),
    fact("sharpness × η/2", "sharpness as a share of 2/η", Place::Table, |run| {
        real(sharpness_share(run))
    }),
    fact("exact", "the generalized sharpness λ_max(C†D)", Place::Pointed, |run| {
        real(exact(run))
    }),
    fact("exact × η/2", "1 is the edge of mean-square stability", Place::Pointed, |run| {
        real(exact_share(run))
    }),
    fact(
        "η* mean square",
        "η*_var, the largest step size stable in mean square",
        Place::Table,
        |run| real(measured(run, |a| a.mean_square.as_ref().map(|m| m.eta_var))),
    ),
    fact("time", "training and measuring", Place::Table, seconds),
    fact("η* mean", "η*_mean, the largest step size stable in the mean", Place::Card, |run| {
        real(measured(run, |a| Some(a.eta_mean)))
    }),
    fact("Lyapunov", "exponent of the linearised process, per step", Place::Card, |run| {
        real(measured(run, |a| a.simulated.as_ref()?.exponent.as_ref()?.value))
    }),
    fact("bound (17)", "lower bound on the generalized sharpness", Place::Card, |run| {
        real(measured(run, |a| Some(a.bound_17)))
    }),
    fact("bound (18)", "lower bound on the generalized sharpness", Place::Card, |run| {
        real(measured(run, |a| Some(a.bound_18)))
    }),
    fact("bound (27)", "best rank-one lower bound", Place::Card, |run| {
        real(measured(run, |a| a.mean_square.as_ref().map(|m| m.bound_27)))
    }),
    fact("true sharpness", "λ_max of the Hessian of the loss", Place::Card, |run| {
        real(measured(run, |a| a.sharpness_hessian))
    }),
    fact("trace", "of the Gauss–Newton Hessian", Place::Card, |run| {
        real(measured(run, |a| Some(a.trace)))
    }),
    fact("effective rank", "of the dominant second moment", Place::Card, |run| {
        real(measured(run, |a| a.mean_square.as_ref().map(|m| m.effective_rank)))
    }),
    fact("coherence", "σ of Dexter et al.", Place::Card, |run| {
        real(measured(run, |a| a.mean_square.as_ref().map(|m| m.coherence)))
    }),
    fact("dead samples", "all units of a hidden layer are off", Place::Card, |run| {
        whole(measured(run, |a| a.dead_samples).map(|dead| dead as u64))
    }),
    fact("steps", "of SGD", Place::Card, |run| {
        whole(run.record.as_ref().map(|record| record.steps))
    }),
    fact("finished", "UTC", Place::Card, |run| {
        word(run.record.as_ref().map_or("–", |record| &record.provenance.finished))
    }),
];

/// λ_max of the run's minimum, if it converged.
pub fn sharpness(run: &Run) -> Option<f64> {
    measured(run, |a| Some(a.sharpness_gn))
}

/// λ_max·η/2.
pub fn sharpness_share(run: &Run) -> Option<f64> {
    sharpness(run).map(|value| value * run.plan.learning_rate / 2.0)
}

/// λ_max(C†D)·η/2.
pub fn exact_share(run: &Run) -> Option<f64> {
    exact(run).map(|value| value * run.plan.learning_rate / 2.0)
}

/// How the run ended, or where it stands.
pub fn outcome(run: &Run) -> &'static str {
    match &run.state {
        RunState::Finished { stop_reason: StopReason::Converged, .. } => "converged",
        RunState::Finished { stop_reason: StopReason::MaxEpochs, .. } => "not converged",
        RunState::Finished { stop_reason: StopReason::Diverged, .. } => "diverged",
        RunState::Running => "running",
        RunState::Queued { .. } => "queued",
        RunState::Failed { .. } => "failed",
        RunState::Left => "left",
    }
}

/// A number with a proper minus sign and powers of ten.
pub fn pretty(value: f64) -> String {
    let text = number(value).replace('-', "−");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let raised = exponent.chars().map(|c| match c {
        '−' => '⁻',
        c => c.to_digit(10).map_or(c, |digit| SUPERSCRIPTS[digit as usize]),
    });
    format!("{digits}×10{}", raised.collect::<String>())
}

const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];

fn exact(run: &Run) -> Option<f64> {
    measured(run, |a| a.mean_square.as_ref().map(|m| m.generalized_sharpness))
}

fn measured<T>(run: &Run, quantity: impl Fn(&Analysis) -> Option<T>) -> Option<T> {
    run.record.as_ref().and_then(|record| record.analysis.as_ref()).and_then(quantity)
}

fn real(value: Option<f64>) -> Cell {
    Cell { text: value.map_or("–".to_owned(), pretty), order: value }
}

fn whole(value: Option<u64>) -> Cell {
    Cell {
        text: value.map_or("–".to_owned(), |value| value.to_string()),
        order: value.map(|value| value as f64),
    }
}

fn word(text: &str) -> Cell {
    Cell { text: text.to_owned(), order: None }
}

fn seconds(run: &Run) -> Cell {
    let seconds = run.record.as_ref().map(|record| record.train_seconds + record.analysis_seconds);
    Cell { text: seconds.map_or("–".to_owned(), duration), order: seconds }
}

#[cfg(test)]
mod tests {
    use super::pretty;

    #[test]
    fn powers_of_ten_are_set_as_such() {
        for (value, text) in [(9.9e-7, "9.900×10⁻⁷"), (-0.5, "−0.5000"), (2e12, "2.000×10¹²")]
        {
            assert_eq!(pretty(value), text);
        }
    }
}

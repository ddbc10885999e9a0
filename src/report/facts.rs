//! The facts about one run: the columns of the table and the lines of the run's card.

use super::data::{ReportData, Run};
use crate::cell;
use crate::measurement::Analysis;
use crate::optimizer::Optimizer;
use crate::record::{Record, RunState};
use crate::text::{duration, number};

/// A cell: its text, and the number by which it is sorted.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    pub text: String,
    pub order: Option<f64>,
}

/// Where a fact is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// On the run's card.
    Card,
    /// On the card and in the table.
    Table,
    /// On the card, in the table and in the tooltip of a point in a figure.
    Tooltip,
}

/// A quantity of a run.
struct Fact {
    label: &'static str,
    /// What the label means.
    meaning: &'static str,
    visibility: Visibility,
    cell: fn(&Run) -> Cell,
}

const fn fact(
    label: &'static str,
    meaning: &'static str,
    visibility: Visibility,
    cell: fn(&Run) -> Cell,
) -> Fact {
    Fact { label, meaning, visibility, cell }
}

/// All facts, in order.
const FACTS: [Fact; 26] = [
    fact("η", "step size", Visibility::Tooltip, |run| number_cell(Some(run.plan.learning_rate))),
    fact("B", "batch size", Visibility::Tooltip, |run| {
        integer_cell(Some(run.plan.batch_size as u64))
    }),
    fact("seed", "seed of the batches", Visibility::Table, |run| integer_cell(Some(run.plan.seed))),
    fact("algorithm", "how a step is made", Visibility::Table, |run| {
        text_cell(run.plan.algorithm.name())
    }),
    fact("outcome", "how the run ended", Visibility::Tooltip, |run| text_cell(outcome(run))),
    fact("epochs", "until the stop", Visibility::Table, |run| {
        integer_cell(run.record.as_ref().map(|record| record.epochs))
    }),
    fact("loss", "over all samples, at the end", Visibility::Table, |run| {
        number_cell(run.record.as_ref().and_then(|record| record.final_loss))
    }),
    fact(
        "2/η",
        "sharpness at which SGD is unstable; of the full batch λ_max",
        Visibility::Tooltip,
        |run| number_cell(Some(optimizer(run).rule().edge(run.plan.learning_rate))),
    ),
    fact("sharpness", "λ_max of the Gauss–Newton Hessian", Visibility::Tooltip, |run| {
        number_cell(sharpness(run))
    }),
    fact("sharpness × η/2", "sharpness as a share of 2/η", Visibility::Table, |run| {
        number_cell(sharpness_share(run))
    }),
    fact("exact", "the generalized sharpness λ_max(C†D)", Visibility::Tooltip, |run| {
        number_cell(exact(run))
    }),
    fact("exact × η/2", "1 is the edge of mean-square stability", Visibility::Tooltip, |run| {
        number_cell(exact_share(run))
    }),
    fact(
        "η* mean square",
        "η*_var, the largest step size stable in mean square",
        Visibility::Table,
        |run| number_cell(measured(run, |a| a.mean_square.as_ref().map(|m| m.eta_var))),
    ),
    fact("time", "training and measuring", Visibility::Table, seconds_cell),
    fact(
        "η* mean",
        "η*_mean, the largest step size stable in the mean",
        Visibility::Card,
        |run| number_cell(measured(run, |a| a.eta_mean)),
    ),
    fact("Lyapunov", "exponent of the linearised process, per step", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.simulated.as_ref()?.exponent.as_ref()?.value))
    }),
    fact("bound (17)", "lower bound on the generalized sharpness", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.bound_17))
    }),
    fact("bound (18)", "lower bound on the generalized sharpness", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.bound_18))
    }),
    fact("bound (27)", "best rank-one lower bound", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.mean_square.as_ref().map(|m| m.bound_27)))
    }),
    fact("true sharpness", "λ_max of the Hessian of the loss", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.sharpness_hessian))
    }),
    fact("trace", "of the Gauss–Newton Hessian", Visibility::Card, |run| {
        number_cell(measured(run, |a| Some(a.trace)))
    }),
    fact("effective rank", "of the dominant second moment", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.mean_square.as_ref().map(|m| m.effective_rank)))
    }),
    fact("coherence", "σ of Dexter et al.", Visibility::Card, |run| {
        number_cell(measured(run, |a| a.mean_square.as_ref().map(|m| m.coherence)))
    }),
    fact("dead samples", "all units of a hidden layer are off", Visibility::Card, |run| {
        integer_cell(measured(run, |a| a.dead_samples).map(|dead| dead as u64))
    }),
    fact("steps", "of SGD", Visibility::Card, |run| {
        integer_cell(run.record.as_ref().map(|record| record.steps))
    }),
    fact("finished", "UTC", Visibility::Card, |run| {
        text_cell(run.record.as_ref().map_or("–", |record| &record.provenance.finished))
    }),
];

/// What is said of runs with other optimizers than plain SGD, whose λ_max has an edge of its own.
const OPTIMIZER_FACTS: [Fact; 3] = [
    fact("optimizer", "momentum and weight decay of a step", Visibility::Tooltip, |run| {
        let known = run.record.as_ref().map(|_| optimizer(run).rule().description());
        text_cell(&known.unwrap_or_else(|| "–".to_owned()))
    }),
    fact("full-batch edge", "λ_max at which the full batch is unstable", Visibility::Card, |run| {
        number_cell(run.record.as_ref().map(|_| full_batch_edge(run)))
    }),
    fact("sharpness / its edge", "sharpness over the full-batch edge", Visibility::Table, |run| {
        number_cell(sharpness(run).map(|value| value / full_batch_edge(run)))
    }),
];

/// A column of the table and a line of the cards.
pub struct Column {
    pub label: String,
    /// What the label means.
    pub meaning: String,
    pub visibility: Visibility,
    source: Source,
}

enum Source {
    Fact(fn(&Run) -> Cell),
    /// A setting of a further axis.
    Setting(String),
}

/// The number of [`FACTS`] before the settings on further axes.
const FACTS_BEFORE_SETTINGS: usize = 4;

/// All columns of a report, with one for each of its further axes.
pub fn columns(data: &ReportData) -> Vec<Column> {
    let further_axes = &data.further_axes;
    let fact = |fact: &Fact| Column {
        label: fact.label.to_owned(),
        meaning: fact.meaning.to_owned(),
        visibility: fact.visibility,
        source: Source::Fact(fact.cell),
    };
    let setting = |key: &String| Column {
        label: key.clone(),
        meaning: format!("the setting {key}"),
        visibility: Visibility::Tooltip,
        source: Source::Setting(key.clone()),
    };
    let (first, others) = FACTS.split_at(FACTS_BEFORE_SETTINGS);
    let settings = further_axes.iter().map(setting);
    let is_other = |record: &Record| !record.spec.train.optimizer().is_plain();
    let of_optimizer: &[Fact] = if data.records().any(is_other) { &OPTIMIZER_FACTS } else { &[] };
    let facts = of_optimizer.iter().chain(others).map(fact);
    first.iter().map(fact).chain(settings).chain(facts).collect()
}

impl Column {
    /// The cell of a run.
    pub fn cell(&self, run: &Run) -> Cell {
        match &self.source {
            Source::Fact(cell) => cell(run),
            Source::Setting(key) => {
                let text = run.facet.value(key).to_owned();
                Cell { order: cell::number(&text), text }
            }
        }
    }
}

/// λ_max of the run's minimum, if it converged.
pub fn sharpness(run: &Run) -> Option<f64> {
    measured(run, |a| a.sharpness_gn)
}

/// λ_max·η/2.
pub fn sharpness_share(run: &Run) -> Option<f64> {
    sharpness(run).map(|value| fraction_of_edge(run, value))
}

/// λ_max(C†D)·η/2.
pub fn exact_share(run: &Run) -> Option<f64> {
    exact(run).map(|value| fraction_of_edge(run, value))
}

/// `sharpness` over the edge of stability of the run's optimizer.
fn fraction_of_edge(run: &Run, sharpness: f64) -> f64 {
    optimizer(run).rule().fraction_of_edge(sharpness, run.plan.learning_rate)
}

/// The optimizer of a finished run.
pub fn optimizer(run: &Run) -> Optimizer {
    run.record.as_ref().map(|record| record.spec.train.optimizer()).unwrap_or_default()
}

/// λ_max at which the full batch is unstable at the run's η.
pub fn full_batch_edge(run: &Run) -> f64 {
    optimizer(run).rule().full_batch_edge(run.plan.learning_rate)
}

/// How the run ended, or its present state.
pub fn outcome(run: &Run) -> &'static str {
    match &run.state {
        RunState::Finished { stop_reason, .. } => stop_reason.description(),
        RunState::Running => "running",
        RunState::Queued { .. } => "queued",
        RunState::Failed { .. } => "failed",
        RunState::Left => "left",
    }
}

/// A number with a minus sign and powers of ten as in print.
pub fn format_number(value: f64) -> String {
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

fn number_cell(value: Option<f64>) -> Cell {
    Cell { text: value.map_or("–".to_owned(), format_number), order: value }
}

fn integer_cell(value: Option<u64>) -> Cell {
    Cell {
        text: value.map_or("–".to_owned(), |value| value.to_string()),
        order: value.map(|value| value as f64),
    }
}

fn text_cell(text: &str) -> Cell {
    Cell { text: text.to_owned(), order: None }
}

fn seconds_cell(run: &Run) -> Cell {
    let seconds = run.record.as_ref().map(|record| record.train_seconds + record.analysis_seconds);
    Cell { text: seconds.map_or("–".to_owned(), duration), order: seconds }
}

#[cfg(test)]
mod tests {
    use super::format_number;

    #[test]
    fn powers_of_ten_are_typeset() {
        for (value, text) in [(9.9e-7, "9.900×10⁻⁷"), (-0.5, "−0.5000"), (2e12, "2.000×10¹²")]
        {
            assert_eq!(format_number(value), text);
        }
    }
}

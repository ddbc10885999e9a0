//! What several figures share.

use super::chart::PowerLine;
use super::runs::Run;
use super::style::{BLACK, Colour, Dash, Marker, Style};
use super::summary::{Measured, Point, summarise};

/// The largest sharpness at which gradient descent is stable, 2/η.
pub fn two_over_eta() -> PowerLine {
    PowerLine {
        label: "2/*η*".to_owned(),
        style: Style::reference(BLACK, Dash::Dashed),
        factor: 2.0,
        exponent: -1,
    }
}

/// The look of the `index`-th of `count` batch sizes, the same in every figure.
pub fn batch_look(index: usize, count: usize) -> Style {
    Style::curve(Colour::sequential(index, count), Marker::nth(index))
}

/// A quantity against η; runs without it are passed over.
pub fn against_step_size<'r>(
    runs: impl Iterator<Item = &'r Run>,
    quantity: impl Fn(&Run) -> Option<Measured>,
) -> Vec<Point> {
    summarise(runs.filter_map(|run| Some((run.learning_rate, quantity(run)?))))
}

/// λ_max of the Gauss–Newton Hessian.
pub fn sharpness(run: &Run) -> Option<Measured> {
    run.sharpness.map(Into::into)
}

/// λ_max(C†D) with its enclosure where the record has one.
pub fn generalized_sharpness(run: &Run) -> Option<Measured> {
    let value = run.generalized?;
    Some(Measured {
        value,
        low: run.generalized_lower.unwrap_or(value),
        high: run.generalized_upper.unwrap_or(value),
    })
}

//! The plan as a grid: a cell for every run, batch sizes upwards, step sizes to the right.

use super::data::{ReportData, Run};
use super::facts::outcome;

/// The cell of one run, in the unit of the grid.
#[derive(Debug, Clone, PartialEq)]
pub struct GridCell {
    /// Index in the list of runs.
    pub run: usize,
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
    /// CSS class.
    pub class: String,
}

/// The grid.
#[derive(Debug, Clone, PartialEq)]
pub struct RunGrid {
    pub width: f64,
    pub height: f64,
    pub cells: Vec<GridCell>,
    /// y position and batch size of every row's label.
    pub rows: Vec<(f64, usize)>,
    /// Width of the labels to the left of the cells.
    pub left: f64,
}

/// Width of all columns.
const WIDTH: f64 = 560.0;
const LEFT: f64 = 34.0;

impl RunGrid {
    /// Lays out the plan; seeds, algorithms and further axes divide the cell of their step size and batch
    /// size.
    pub fn new(data: &ReportData) -> Self {
        let (rates, sizes) = (data.learning_rates(), data.batch_sizes());
        let (seeds, algorithms) = (data.seeds(), data.algorithms());
        let facets = data.facets();
        let parts = seeds.len() * algorithms.len() * facets.len();
        let step = WIDTH / rates.len().max(1) as f64;
        let row = (step * 0.62).clamp(12.0, 20.0);
        let top = |index: usize| row * (sizes.len() - 1 - index) as f64;
        let gap = (step * 0.12).min(1.5);
        let cell = |(index, run): (usize, &Run)| {
            let column = rates.iter().position(|&rate| rate == run.plan.learning_rate)?;
            let line = sizes.iter().position(|&size| size == run.plan.batch_size)?;
            let seed = seeds.iter().position(|&seed| seed == run.plan.seed)?;
            let algorithm = algorithms.iter().position(|&known| known == run.plan.algorithm)?;
            let facet = facets.iter().position(|&known| *known == run.facet)?;
            let part = (facet * algorithms.len() + algorithm) * seeds.len() + seed;
            let width = (step - gap) / parts as f64;
            Some(GridCell {
                run: index,
                x: round(LEFT + step * column as f64 + width * part as f64),
                y: round(top(line)),
                width: round(width - if parts > 1 { 0.4 } else { 0.0 }),
                height: round(row - 1.5),
                class: outcome(run).replace(' ', "-"),
            })
        };
        Self {
            cells: data.runs.iter().enumerate().filter_map(cell).collect(),
            rows: sizes.iter().enumerate().map(|(i, &b)| (round(top(i) + row / 2.0), b)).collect(),
            width: LEFT + WIDTH,
            height: round(row * sizes.len() as f64),
            left: LEFT,
        }
    }
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

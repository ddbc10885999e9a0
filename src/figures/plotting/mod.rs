//! A small plotting library: a [`chart::Chart`] says what to show, [`layout`] places it on a page and
//! writes the SVG, [`png`] rasterises it. It knows nothing of runs.
//!
//! The SVG is written here rather than by a plotting crate: publication figures need hairlines at
//! fractions of a point, italics and subscripts in labels, and the same bytes on every machine.

pub mod axes;
pub mod canvas;
pub mod chart;
pub mod layout;
pub mod legend;
pub mod markup;
pub mod png;
pub mod scale;
pub mod style;
pub mod ticks;

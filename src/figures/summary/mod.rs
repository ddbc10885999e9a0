//! The figures of `summary.csv`: minima of real networks over step sizes and batch sizes.

mod algorithms;
mod bounds;
mod caption;
mod catalog;
mod draw;
mod edge;
mod embedded;
pub(in crate::figures) mod facets;
mod quantities;
mod runs;
mod sharpness;
mod sharpness_vs_batch;

pub use draw::draw_all;
pub use embedded::{EmbeddedFigure, EmbeddedFigures, PointTarget, embedded_figures};

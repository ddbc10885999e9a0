//! Our runs compared with the published curves of Mulayoff & Michaeli (COLT 2024), Figures 1(a) to 3.

mod comparison;
mod edge;
mod error;
mod published;
mod runs;

pub use crate::statistics::Range;
pub use comparison::{Comparison, Deviation, by_facet, compare};
pub use edge::{EdgeStatistics, SignCounts};
pub use error::CompareError;
pub use published::{PublishedPoint, read_published};
pub use runs::read_runs;

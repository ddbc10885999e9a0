//! What is measured at one minimum: curvature, thresholds, simulations of linearised SGD.
//!
//! `analysis` has the results, as a record keeps them; the other files compute them.

mod analyse;
mod analysis;
mod requested;
mod sharpness;
mod simulate;
mod verdict;

pub use analyse::{AnalysisError, EarlierAnalysis, analyse, check_shape};
pub use analysis::{Analysis, Exponent, MeanSquare, Missing, Simulated};
pub use requested::{includes, union};
pub use verdict::{AgainstThreshold, ExponentSign, Verdict};

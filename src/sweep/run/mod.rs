//! One run: trained from its initial point or its last checkpoint, measured and recorded.

mod context;
mod error;
mod monitor;
mod results;
mod train;

pub use context::RunContext;
pub use error::RunError;
pub use results::TrainedRun;
pub use train::RunEnd;

//! Sweeps: trains and measures every run of a grid, and survives interruptions and failures.
//!
//! `execute` starts a sweep. `pool` has the workers, each of which takes one run after the other;
//! `run` is one run from its initial point to its record; `rows` trains many runs at once on a GPU.

mod checkpoint;
mod context;
mod device_handle;
mod events;
mod execute;
mod interrupt;
mod options;
mod outcome;
mod pool;
mod rows;
mod run;

pub use events::{Event, Reporter, Silent};
pub use execute::{SweepError, sweep};
pub use interrupt::Interrupt;
pub use options::SweepOptions;
pub use outcome::Outcome;

//! A sweep as a Slurm job array.
//!
//! What is submitted is frozen in the results folder, so that a task means the same runs whatever
//! happens to the configuration file meanwhile:
//!
//! ```text
//! slurm/N/config.toml    the configuration, as it was
//! slurm/N/tasks.json     the runs of each task
//! slurm/N/array.sh       the job array; each task is `etastar sweep config.toml --task I`
//! slurm/N/gather.sh      a last job that gathers the summary and draws the figures
//! slurm/N/jobs.json      the numbers that Slurm gave
//! slurm/N/ends.json      how tasks ended, for when Slurm has forgotten it
//! slurm/N/I.log          what task I printed
//! ```

mod error;
mod places;
mod prepare;
mod requeue;
mod submission;
mod submit;

pub use error::LaunchError;
pub use places::places;
pub use prepare::{Order, Prepared, array_script, prepare};
pub use requeue::{Requeue, requeue};
pub use submission::{Jobs, Submission, submissions};
pub use submit::{Submitted, submit};

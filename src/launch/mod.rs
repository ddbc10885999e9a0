//! A sweep as a Slurm job array.
//!
//! A submission is saved in the results folder, so that later changes to the configuration file do not
//! change the runs of its tasks:
//!
//! ```text
//! slurm/N/config.toml    a copy of the configuration
//! slurm/N/tasks.json     the runs of each task
//! slurm/N/array.sh       the job array; each task is `etastar sweep config.toml --task I`
//! slurm/N/gather.sh      a last job that writes the summary and draws the figures
//! slurm/N/jobs.json      the job numbers
//! slurm/N/ends.json      how tasks ended, which Slurm forgets
//! slurm/N/I.log          output of task I
//! slurm/N/slurm.log      Slurm's own messages, if the path holds a backslash: `scripts`
//! ```
//!
//! `jobs.json` is written after `sbatch` has answered. A launcher that is ended before leaves a folder
//! without it; the next one finds the job by the path of its script, or removes the folder: `unfinished`.

mod error;
mod request;
mod requeue;
mod scripts;
mod submission;
mod submit;
mod task_states;
mod tasks;
mod undo;
mod unfinished;

pub use error::LaunchError;
pub use request::SubmissionRequest;
pub use requeue::{Requeue, requeue_at_time_limit, watch_for_preemption};
pub use scripts::array_script;
pub use submission::{JobNumbers, Submission, submissions};
pub use submit::{Submitted, submit};
pub use task_states::task_states;
pub use tasks::{PlannedTasks, plan_tasks};

//! What a results folder says of its runs: identities, plan, records, summary, status.

mod coverage;
mod estimate;
mod experiment;
mod failure;
mod grid_plan;
mod identity;
mod origin;
mod provenance;
mod run_plan;
mod run_record;
mod saved_minimum;
mod status;
mod summary;

pub use coverage::{finished_record, has_requested_measurements, is_complete, is_finished};
pub use estimate::Estimate;
pub use experiment::{
    ExperimentError, FurtherAxis, PlannedRun, check_experiment, further_axes, read_plan, register,
    shared_settings,
};
pub use failure::Failure;
pub use grid_plan::PlanError;
pub use identity::{FORMAT, run_id};
pub use origin::Origin;
pub use provenance::{GIT_COMMIT, Provenance, VERSION};
pub use run_plan::{Run, RunPlan};
pub use run_record::Record;
pub use saved_minimum::{SavedMinimum, SavedMinimumError};
pub use status::{RunState, RunStatus, Status, TaskState, status};
pub use summary::{
    SummaryError, finished_records, further_columns, summarized_records, summary_csv,
    update_summary, write_summary,
};

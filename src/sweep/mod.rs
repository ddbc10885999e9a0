//! Sweeps: every run of a grid trained, analysed and kept, whatever happens meanwhile.

mod analysis;
mod checkpoint;
mod claim;
mod coverage;
mod estimate;
mod experiment;
mod identity;
mod interrupt;
mod job;
mod placed;
mod pool;
mod progress;
mod provenance;
mod record;
mod row;
mod simulated;
mod status;
mod store;
mod summary;
mod watch;

pub use analysis::{Analysis, AnalysisError, Missing, analyse, check_shape};
pub use estimate::Estimate;
pub use experiment::{ExperimentError, Planned, belongs, register, settings};
pub use identity::{RunId, run_id};
pub use interrupt::Interrupt;
pub use job::{JobError, Origin, is_finished};
pub use pool::{Outcome, SweepError, SweepOptions, sweep};
pub use progress::{Event, Reporter, Silent};
pub use provenance::{GIT_COMMIT, Provenance, VERSION};
pub use record::{FORMAT, Record};
pub use simulated::{Exponent, Simulated};
pub use status::{Place, RunState, RunStatus, Status, status};
pub use store::{Store, StoreError, read_json, write as write_file, write_json};
pub use summary::{SummaryError, bring_up_to_date, records, to_csv};

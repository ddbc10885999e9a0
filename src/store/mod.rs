//! A results folder on disk: files that are always whole, and claims that let one process write.
//!
//! ```text
//! experiment.json            the settings that all runs of the folder share
//! plan.json                  every run that was ever planned here
//! summary.csv, figures/      made from the records
//! runs/ID/record.json        written last: the run is finished
//! runs/ID/minimum.safetensors, history.csv, failure.json
//! runs/ID/claim-N, .lock-N   which process is working here: see `claim`
//! ```

mod claim;
mod error;
mod files;
mod folder;
mod run_id;

pub use claim::Claim;
pub use error::StoreError;
pub use files::{read_file, read_json, remove_file, set_aside, write_file, write_json};
pub use folder::Store;
pub use run_id::RunId;

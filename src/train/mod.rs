//! Training: SGD with a warm-up, from the initial point to a minimum.

mod engine;
mod error;
mod factory;
pub mod fused;
mod fused_engine;
mod history;
mod motion;
mod progress;
pub mod row;
mod snapshot;
mod stop;
mod tensor_engine;
mod trainer;
mod training_point;
mod warmup;

pub use engine::Engine;
pub use error::EngineError;
pub use factory::{engine_at, engine_of_run, start_of_run};
pub use fused_engine::FusedEngine;
pub use history::{HistoryPoint, to_csv as history_to_csv};
pub use motion::Motion;
pub use progress::{Outcome, Progress};
pub use snapshot::Snapshot;
pub use stop::{StopReason, StopRule};
pub use tensor_engine::TensorEngine;
pub use trainer::{NoObserver, Observer, train};
pub use training_point::TrainingPoint;
pub use warmup::learning_rate;

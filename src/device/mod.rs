//! What tensors are computed on: backends, their GPUs, and a device that is known to work.

mod analysis;
mod backend;
mod catalogue;
mod engine;
mod gpu;
mod open;

pub use analysis::{AnalysisBackend, AnalysisDevice};
pub use backend::Backend;
pub use catalogue::{BackendInfo, all_backends, best_backend};
pub use engine::EngineKind;
pub use gpu::{DeviceMemory, Gpu, gpus};
pub use open::{DeviceError, open_device, open_device_for};

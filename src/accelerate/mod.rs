//! The iterations of the exact threshold on a Burn device, such as a GPU.
//!
//! The Gram matrix itself stays in double precision on the CPU: the certificate needs it there, and
//! computing it takes far less time than its eigendecomposition.

mod device;
mod panics;
mod tensor_map;

pub use device::{DeviceAccelerator, Notify};

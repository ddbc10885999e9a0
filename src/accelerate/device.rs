//! A Burn device as an accelerator.

use std::sync::{Mutex, PoisonError};

use burn_tensor::Device;

use super::panics::catch_panics;
use super::tensor_map::TensorMap;
use crate::device::{AnalysisBackend, AnalysisDevice, DeviceError, DeviceMemory};
use crate::stability::solver::accelerator::{
    Accelerator, AcceleratorError, CachedDecision, DeviceMap, Policy,
};
use crate::stability::spectrum::Spectrum;

/// Shows a message to the user.
pub type Notify<'a> = Box<dyn Fn(&str) + Sync + 'a>;

/// A Burn device, used by one analysis at a time: its memory holds several nq × r matrices.
pub struct DeviceAccelerator<'a> {
    device: Device,
    name: String,
    memory: DeviceMemory,
    policy: Policy,
    decision: CachedDecision,
    in_use: Mutex<()>,
    notify: Notify<'a>,
}

impl<'a> DeviceAccelerator<'a> {
    /// Opens the device of `choice`, `None` for the CPU's own kernels. `key` is the option or the key of
    /// the configuration that has the choice, for messages.
    ///
    /// # Errors
    /// A backend that is not there although it was chosen by its name; `auto` takes the CPU then.
    pub fn open(
        choice: AnalysisBackend,
        index: usize,
        key: &str,
        notify: Notify<'a>,
    ) -> Result<Option<Self>, DeviceError> {
        let found = choice.open(key, index)?;
        Ok(found.map(|AnalysisDevice { device, name, memory, only_if_faster }| {
            let policy = if only_if_faster { Policy::IfFaster } else { Policy::Always };
            let (decision, in_use) = (CachedDecision::default(), Mutex::new(()));
            Self { device: device.inner(), name, memory, policy, decision, in_use, notify }
        }))
    }

    /// Whether the matrices of one analysis fit: V, mV, VᵀmV, κ, their quotient and P.
    fn check_memory(&self, spectrum: &Spectrum) -> Result<(), AcceleratorError> {
        const MATRICES: u64 = 6;
        let side = spectrum.samples() * spectrum.outputs();
        let one = 4 * (side * spectrum.rank()) as u64;
        let fits = |room: Option<u64>, need: u64| room.is_none_or(|room| need <= room);
        // Half of the memory may be taken by the runs being trained there.
        let room = self.memory.total.map(|total| total / 2);
        if fits(room, MATRICES * one) && fits(self.memory.buffer, one) {
            return Ok(());
        }
        let mebibytes = (MATRICES * one) >> 20;
        Err(AcceleratorError(format!(
            "its memory is too small for {MATRICES} matrices, {mebibytes} MiB"
        )))
    }
}

impl Accelerator for DeviceAccelerator<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn load<'a>(
        &'a self,
        spectrum: &Spectrum,
    ) -> Result<Box<dyn DeviceMap + 'a>, AcceleratorError> {
        self.check_memory(spectrum)?;
        let guard = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        let map = catch_panics(|| Ok(TensorMap::new(spectrum, &self.device, guard)))?;
        Ok(Box::new(map))
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn decision(&self) -> &CachedDecision {
        &self.decision
    }

    fn notify(&self, text: &str) {
        (self.notify)(text);
    }
}

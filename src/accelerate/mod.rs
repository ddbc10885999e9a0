//! The iterations of the exact threshold on a Burn device.
//!
//! The Gram matrix itself stays in double precision on the CPU: the certificate needs it there, and
//! it takes far less time than its eigendecomposition.

mod block_map;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;

use crate::device::{AnalysisBackend, AnalysisDevice, DeviceError, DeviceMemory};
use crate::stability::accelerator::{Accelerator, DeviceMap, Fault, Policy, Verdict};
use crate::stability::spectrum::Spectrum;
use crate::text::panic_text;
use block_map::TensorMap;

/// Takes what is to be told to the user.
pub type Say<'a> = Box<dyn Fn(&str) + Sync + 'a>;

/// A device of Burn's, used by one analysis at a time: its memory holds several nq × r matrices.
pub struct OnDevice<'a> {
    device: Device,
    name: String,
    memory: DeviceMemory,
    policy: Policy,
    verdict: Verdict,
    turn: Mutex<()>,
    say: Say<'a>,
}

impl<'a> OnDevice<'a> {
    /// The device that `wanted` stands for here, `None` for the CPU's own kernels; `key` is what
    /// the user writes before the backend.
    ///
    /// # Errors
    /// A backend that was named and is absent; `auto` takes the CPU then.
    pub fn open(
        wanted: AnalysisBackend,
        index: usize,
        key: &str,
        say: Say<'a>,
    ) -> Result<Option<Self>, DeviceError> {
        let found = wanted.open(key, index)?;
        Ok(found.map(|AnalysisDevice { device, name, memory, only_if_faster }| {
            let policy = if only_if_faster { Policy::IfFaster } else { Policy::Always };
            let (verdict, turn) = (Verdict::default(), Mutex::new(()));
            Self { device: device.inner(), name, memory, policy, verdict, turn, say }
        }))
    }

    /// Whether the matrices of one analysis fit: V, mV, VᵀmV, κ, their quotient and P.
    fn check_room(&self, spectrum: &Spectrum) -> Result<(), Fault> {
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
        Err(Fault(format!("its memory is too small for {MATRICES} matrices, {mebibytes} MiB")))
    }
}

impl Accelerator for OnDevice<'_> {
    fn name(&self) -> &str {
        &self.name
    }

    fn load<'a>(&'a self, spectrum: &Spectrum) -> Result<Box<dyn DeviceMap + 'a>, Fault> {
        self.check_room(spectrum)?;
        let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let map = caught(|| Ok(TensorMap::new(spectrum, &self.device, turn)))?;
        Ok(Box::new(map))
    }

    fn policy(&self) -> Policy {
        self.policy
    }

    fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    fn say(&self, text: &str) {
        (self.say)(text);
    }
}

/// Burn's GPU runtimes report a lost device and a full memory by a panic.
fn caught<T>(work: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|panic| Err(Fault(format!("it failed: {}", panic_text(panic.as_ref())))))
}

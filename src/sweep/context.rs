//! What all runs of a sweep share.

use faer::Par;

use super::device_handle::DeviceHandle;
use super::events::Reporter;
use super::interrupt::Interrupt;
use super::options::SweepOptions;
use super::run::RunContext;
use crate::accelerate::DeviceAccelerator;
use crate::record::Run;
use crate::stability::solver::accelerator::Accelerator;
use crate::store::{Claim, Store};

/// What all runs of a sweep share.
pub struct SweepContext<'a> {
    pub store: &'a Store,
    pub par: Par,
    pub reporter: &'a dyn Reporter,
    pub interrupt: &'a Interrupt,
    pub options: SweepOptions,
    pub device: DeviceHandle,
    pub accelerator: Option<DeviceAccelerator<'a>>,
}

impl SweepContext<'_> {
    /// The context of one run, which `worker` has claimed.
    pub fn of_run<'r>(&'r self, worker: usize, run: &'r Run, claim: &'r Claim) -> RunContext<'r> {
        RunContext {
            store: self.store,
            claim,
            spec: &run.spec,
            id: &run.id,
            data: &run.data,
            par: self.par,
            worker,
            reporter: self.reporter,
            interrupt: self.interrupt,
            checkpoint_interval: self.options.checkpoint_interval,
            device: &self.device,
            accelerator: self.accelerator.as_ref().map(|device| device as &dyn Accelerator),
        }
    }
}

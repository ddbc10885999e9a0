//! A device, such as a GPU, for the iterations of the exact threshold.
//!
//! The dense products of F_μ (see `block_map`) may be computed on a device in single precision: their
//! results are a vector and a scale, from which the CPU proves the enclosure in double precision. A
//! device that is slower, fails or is not accurate enough costs time but no accuracy: the CPU takes
//! over.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::block_map::BlockMap;
use super::blocks::Blocks;
use super::dense_map::DenseMap;
use crate::optimizer::Kernel;
use crate::stability::spectrum::Spectrum;

/// Why a device cannot be used, as text for the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AcceleratorError(pub String);

/// F_μ up to the factor βn on a device.
pub trait DeviceMap {
    /// w = Bd(V [κ ∘ (VᵀmV)] Vᵀ), whose relative error is that of single precision.
    ///
    /// # Errors
    /// The device failed.
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Result<Blocks, AcceleratorError>;

    /// ‖κ ∘ (VᵀmV)‖_F².
    ///
    /// # Errors
    /// The device failed.
    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> Result<f64, AcceleratorError>;
}

/// When a device is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// For every problem that single precision can do.
    Always,
    /// If it is faster than the CPU, by timing one application of F_μ on the first problem that is large
    /// enough.
    IfFaster,
}

/// Whether the device is used, once that is decided: by timing it, or by an error.
#[derive(Debug, Default)]
pub struct CachedDecision(Mutex<Option<bool>>);

impl CachedDecision {
    /// The decision, if there is one.
    pub fn get(&self) -> Option<bool> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides.
    pub fn set(&self, used: bool) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(used);
    }
}

/// A device that can apply F_μ in single precision.
pub trait Accelerator: Sync {
    /// Its name in messages.
    fn name(&self) -> &str;

    /// Copies V and Λ to the device.
    ///
    /// # Errors
    /// They do not fit, or the device failed.
    fn load<'a>(&'a self, spectrum: &Spectrum)
    -> Result<Box<dyn DeviceMap + 'a>, AcceleratorError>;

    /// When to use it.
    fn policy(&self) -> Policy;

    /// Shared by all problems.
    fn decision(&self) -> &CachedDecision;

    /// Shows `text` to the user.
    fn notify(&self, text: &str);
}

/// Makes the CPU's map when it is needed.
pub type MakeMap<'a> = Box<dyn Fn() -> Box<dyn BlockMap + 'a> + 'a>;

/// F_μ on a device until that fails or is not accurate enough, then on the CPU.
pub struct OffloadedMap<'a> {
    accelerator: &'a dyn Accelerator,
    device: Option<Box<dyn DeviceMap + 'a>>,
    cpu: Option<Box<dyn BlockMap + 'a>>,
    make_cpu: MakeMap<'a>,
}

impl<'a> OffloadedMap<'a> {
    /// On `device`, which `accelerator` has loaded.
    pub fn new(
        accelerator: &'a dyn Accelerator,
        device: Box<dyn DeviceMap + 'a>,
        make_cpu: MakeMap<'a>,
    ) -> Self {
        Self { accelerator, device: Some(device), cpu: None, make_cpu }
    }

    /// The result of the device, or of the CPU if the device has failed.
    fn compute<T>(
        &mut self,
        on_device: impl FnOnce(&mut dyn DeviceMap) -> Result<T, AcceleratorError>,
        on_cpu: impl FnOnce(&mut dyn BlockMap) -> T,
    ) -> T {
        match self.device.as_mut().map(|map| on_device(map.as_mut())) {
            Some(Ok(found)) => return found,
            Some(Err(error)) => self.fall_back(&error.to_string()),
            None => {}
        }
        on_cpu(self.cpu.get_or_insert_with(&self.make_cpu).as_mut())
    }

    fn fall_back(&mut self, reason: &str) {
        self.device = None;
        disable(self.accelerator, reason);
    }
}

impl BlockMap for OffloadedMap<'_> {
    fn apply(&mut self, m: &Blocks, kernel: Kernel) -> Blocks {
        self.compute(|map| map.apply(m, kernel), |cpu| cpu.apply(m, kernel))
    }

    fn alpha_derivative(&mut self, m: &Blocks, kernel: Kernel) -> f64 {
        self.compute(|map| map.alpha_derivative(m, kernel), |cpu| cpu.alpha_derivative(m, kernel))
    }

    fn increase_accuracy(&mut self) -> bool {
        let on_device = self.device.is_some();
        if on_device {
            self.fall_back("not accurate enough for the tolerance");
        }
        on_device
    }
}

/// Leaves this and all further problems to the CPU and tells the user why.
pub fn disable(accelerator: &dyn Accelerator, reason: &str) {
    accelerator.decision().set(false);
    let name = accelerator.name();
    accelerator.notify(&format!("exact threshold: {name}: {reason}; on the CPU from here"));
}

/// The time of one application of F_μ.
#[derive(Debug, Clone, Copy)]
pub struct Timings {
    pub device: Duration,
    pub cpu: Duration,
}

/// Times one application of `kernel` on the device and on the CPU. A first one on the device, in which it
/// compiles its programs, is not counted.
///
/// # Errors
/// The device failed.
pub fn measure(
    device: &mut dyn DeviceMap,
    spectrum: &Spectrum,
    kernel: Kernel,
) -> Result<Timings, AcceleratorError> {
    let m = Blocks::identity(spectrum.samples(), spectrum.outputs());
    device.apply(&m, kernel)?;
    let clock = Instant::now();
    device.apply(&m, kernel)?;
    let on_device = clock.elapsed();
    let mut cpu = DenseMap::leading(spectrum, spectrum.rank());
    let clock = Instant::now();
    cpu.apply(&m, kernel);
    Ok(Timings { device: on_device, cpu: clock.elapsed() })
}

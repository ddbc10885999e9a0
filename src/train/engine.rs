//! What the trainer needs of an engine, which computes the steps.

use super::error::EngineError;
use super::snapshot::Snapshot;
use crate::net::Weights;

/// Training of one network on one data set.
///
/// The tensor engine asks the optimizer for the step; rows and the fused engine ask it how parameters and
/// velocities move along a gradient; the GPU kernels have plain SGD built in.
pub trait Engine {
    /// One step along (1/|b|) Σ_{i∈b} ∇ℓ_i for every batch b, `batch_size` consecutive entries of
    /// `order`; returns Σ ℓ_i over all entries, each loss evaluated just before its step.
    ///
    /// # Errors
    /// The device failed. A diverging loss is not an error; it is returned as a value that is not finite.
    fn steps(
        &mut self,
        order: &[u32],
        batch_size: usize,
        learning_rate: f64,
    ) -> Result<f64, EngineError>;

    /// Called after the last step of an epoch, before its loss.
    fn end_epoch(&mut self) {}

    /// The full-data loss (1/n) Σ ℓ_i.
    ///
    /// # Errors
    /// The device failed.
    fn loss(&mut self) -> Result<f64, EngineError>;

    /// The full-data loss, or `None` if it exceeds `limit`, which may be cheaper to compute.
    ///
    /// # Errors
    /// The device failed.
    fn loss_within(&mut self, limit: f64) -> Result<Option<f64>, EngineError> {
        Ok(Some(self.loss()?).filter(|loss| *loss <= limit))
    }

    /// The infimum of the full-data loss over all outputs.
    fn loss_infimum(&self) -> f64;

    /// Everything that the coming steps depend on, bit for bit.
    ///
    /// # Errors
    /// The device failed.
    fn snapshot(&self) -> Result<Snapshot, EngineError>;

    /// The current parameters.
    ///
    /// # Errors
    /// The device failed.
    fn weights(&self) -> Result<Weights, EngineError>;
}

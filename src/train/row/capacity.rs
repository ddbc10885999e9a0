//! How many runs fit on a device.

use crate::device::DeviceMemory;
use crate::net::Widths;
use crate::optimizer::Optimizer;
use crate::train::motion::Motion;

/// Assumed total where the driver does not report it: that of the smallest current GPUs.
const UNKNOWN_TOTAL: u64 = 4 << 30;
/// This many runs keep any GPU busy; more gain nothing.
const MAX_RUNS: usize = 256;
/// Samples whose inputs and activations are on the device at once, unless a batch is larger.
pub(super) const CHUNK_SAMPLES: usize = 1024;

/// Most runs at once: R = min(256, ⌊M/2 / m⌋, ⌊b / w⌋), at least 1, where M is the device's memory,
/// m = [`bytes_per_run`], b the largest buffer and w the bytes of a run's largest layer or inputs.
///
/// Half of M is left for the allocator's rounding, the driver and other programs.
pub fn capacity(
    widths: &Widths,
    optimizer: Optimizer,
    batch_size: usize,
    memory: DeviceMemory,
) -> usize {
    let needed = bytes_per_run(widths, optimizer, batch_size);
    let by_total = memory.total.unwrap_or(UNKNOWN_TOTAL) / 2 / needed;
    let by_buffer = memory.buffer.unwrap_or(u64::MAX) / largest_buffer(widths, batch_size);
    by_total.min(by_buffer).clamp(1, MAX_RUNS as u64) as usize
}

/// m = 4 (k d + s (f + q) + 3 B Σ widths) bytes, k = 3, or 5 with momentum: the weights, their change and the
/// copy when runs join or leave, and the velocities with their copy; the inputs and targets of the s = max(1024, B) samples gathered at once; the
/// activations of a batch, their derivatives and a temporary.
pub fn bytes_per_run(widths: &Widths, optimizer: Optimizer, batch_size: usize) -> u64 {
    let all: usize = widths.0.iter().sum();
    let ends = widths.0.first().unwrap_or(&0) + widths.0.last().unwrap_or(&0);
    let gathered = CHUNK_SAMPLES.max(batch_size) * ends;
    let copies = if Motion::has_velocity(optimizer) { 5 } else { 3 };
    4 * (copies * widths.parameters() + gathered + 3 * batch_size * all) as u64
}

fn largest_buffer(widths: &Widths, batch_size: usize) -> u64 {
    let layer = widths.layers().map(|(inputs, outputs)| inputs * outputs).max().unwrap_or(1);
    let gathered = CHUNK_SAMPLES.max(batch_size) * widths.0.first().unwrap_or(&1);
    let activations = batch_size * widths.0.iter().max().unwrap_or(&1);
    4 * layer.max(gathered).max(activations) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::OptimizerSettings;

    #[test]
    fn the_formula_counts_what_the_papers_network_needs() {
        let widths = Widths::new(784, &[1024], 4);
        let parameters = 785 * 1024 + 1025 * 4;
        let expected = 4 * (3 * parameters + 1024 * 788 + 3 * 8 * 1812);
        assert_eq!(bytes_per_run(&widths, Optimizer::Sgd, 8), expected as u64);
        let heavy = OptimizerSettings { momentum: 0.9, ..OptimizerSettings::default() };
        let moving = bytes_per_run(&widths, heavy.optimizer().unwrap(), 8);
        assert_eq!(moving, (expected + 8 * parameters) as u64);
        let memory = DeviceMemory { total: Some(2 << 30), buffer: None };
        assert_eq!(capacity(&widths, Optimizer::Sgd, 8, memory), (1 << 30) / expected);
    }

    #[test]
    fn the_largest_buffer_and_the_cap_bound_it() {
        let widths = Widths::new(784, &[1024], 4);
        let memory = |total, buffer| DeviceMemory { total, buffer };
        assert_eq!(
            capacity(&widths, Optimizer::Sgd, 1, memory(Some(80 << 30), Some(128 << 20))),
            41
        );
        assert_eq!(capacity(&widths, Optimizer::Sgd, 1, memory(Some(80 << 30), None)), MAX_RUNS);
        assert_eq!(capacity(&widths, Optimizer::Sgd, 1, memory(Some(1), None)), 1);
    }
}

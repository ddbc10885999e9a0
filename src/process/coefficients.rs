//! The two numbers (α, β) on which mean-square stability under independent batches depends.

/// Second moments of the batch Hessian: E[H_B ⊗ H_B] = α H⊗H + (β/n) Σ H_i⊗H_i (\[M\] eq. 9).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coefficients {
    /// Weight of the full-batch term.
    pub alpha: f64,
    /// Weight of the single-sample term.
    pub beta: f64,
}

impl Coefficients {
    /// Of the full batch, which has no noise.
    pub const FULL_BATCH: Self = Self { alpha: 1.0, beta: 0.0 };
}

/// Why a process or a sampling has no coefficients.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SamplingError {
    /// B outside 1..=n.
    #[error(
        "batch size {batch_size} is outside 1..={samples}: a batch has at least one sample and at most all {samples}"
    )]
    BatchSize { batch_size: usize, samples: usize },
    /// Not the name of a sampling.
    #[error("unknown sampling `{name}`: use {known}")]
    UnknownName { name: String, known: String },
}

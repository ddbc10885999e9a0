//! SGD at the processor's speed: one hidden layer, ReLU, f32, CPU.
//!
//! f(x) = W2 relu(W1 x + b1) + b2, θ ← θ − η (1/B) Σ ∇ℓ_i. Forward pass, backward pass and update work in
//! place on three ideas:
//! - an input is a constant plus a sparse rest ([`SparseInputs`]); the constant's rank-one part is kept apart,
//!   so standardised images cost the same as plain ones;
//! - while many hidden units are active, weights lie by pixel ([`Layout::PixelMajor`]) and only nonzero pixels
//!   cost anything; steps of small batches share passes over the weights;
//! - once few are active, weights lie by unit ([`Layout::UnitMajor`]), and units that a bound shows to be
//!   inactive are skipped. The bound never changes a result.
//!
//! ```
//! use std::sync::Arc;
//! use etastar::loss::Loss;
//! use etastar::train::fused::{OneHidden, Parameters, Problem, SparseInputs};
//!
//! // f(x) = w2 relu(w1 x) with w1 = w2 = 1 learns y = 3 from x = 1.
//! let inputs = SparseInputs::new(&[1.0], 1)?;
//! let problem = Arc::new(Problem::new(inputs, vec![3.0], 1, Loss::squared(0.5))?);
//! let start = Parameters { w1: vec![1.0], b1: vec![0.0], w2: vec![1.0], b2: vec![0.0] };
//! let mut net = OneHidden::new(problem, &start)?;
//! let loss = net.steps(&[0], 1, 0.1);
//! assert_eq!(loss, 0.5 * (1.0f64 - 3.0).powi(2));
//! // The gradient of every parameter is f(x) − y = −2.
//! assert!((net.parameters().w1[0] - 1.2).abs() < 1e-6);
//! # Ok::<(), etastar::train::fused::FusedError>(())
//! ```

mod bias_terms;
mod block;
mod context;
mod error;
mod frame;
mod inputs;
mod isa;
mod motion;
mod network;
mod pixel;
mod problem;
mod simd;
mod state;
mod steps;
mod unit;
mod weight_layout;

pub use error::FusedError;
pub use frame::Frame;
pub use inputs::SparseInputs;
pub use isa::Isa;
pub use network::OneHidden;
pub use problem::Problem;
pub use state::{Layout, Parameters, State, Velocity};

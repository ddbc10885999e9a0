//! The fused training engine.

mod gradient;
mod momentum;
mod promises;
mod support;

//! The fused training engine.

mod gradient;
mod promises;
mod support;

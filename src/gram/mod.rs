//! The Gram matrix G = A Aᵀ of a minimum, and its file format.
//!
//! Any network and any loss with H_i = A_iᵀA_i has one; nothing here knows which.

mod matrix;
pub mod npy;

pub use matrix::{Gram, GramError};

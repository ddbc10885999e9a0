//! The Gram matrix G = A Aᵀ of a minimum, and its file format.
//!
//! Every network and loss with H_i = A_iᵀA_i has one, and nothing here depends on which they are.

mod matrix;
pub mod npy;

pub use matrix::{Gram, GramError};

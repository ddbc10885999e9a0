//! Gram matrices from NumPy's `.npy` files.
//!
//! `number` turns bytes into numbers, `array` reads any array of them, and `gram_file` says where in G
//! the entries of an array belong.

mod array;
mod error;
mod gram_file;
mod number;

pub use array::read_matrix;
pub use error::NpyError;
pub use gram_file::{GramFile, Layout, UnknownLayout, read_gram};

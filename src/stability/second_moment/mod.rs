//! The second moment E θθᵀ of linearised SGD for problems of moderate rank.

mod operator;
pub mod stationary;

pub use operator::{SecondMoment, range_rows};

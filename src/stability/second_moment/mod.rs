//! The second moment E θθᵀ, with momentum that of position and velocity, of linearised SGD for problems of moderate rank.

mod operator;
pub mod stationary;
mod threshold;

pub use operator::{SecondMoment, range_rows};

//! What the tests of the program share.

pub mod config;
pub mod program;

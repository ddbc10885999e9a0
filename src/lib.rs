//! At which step size does SGD stop being stable around the minimum it found?

pub mod config;
pub mod curvature;
pub mod data;
pub mod figures;
pub mod net;
pub mod stability;
pub mod sweep;
pub mod train;

//! What the program and the library promise: a module per promise, one binary for all.

mod almost_sure;
mod axes;
mod checkpoint;
mod cluster;
mod command_definitions;
mod command_line;
mod common;
mod coverage;
mod curvature;
mod data_folder;
mod devices;
#[cfg(unix)]
mod disk;
mod epoch_moment;
mod failing_device;
mod fused;
mod kernels;
mod measurements;
mod mistaken_input;
mod module_structure;
mod moment;
mod momentum_exponents;
mod momentum_moments;
mod npy;
mod optimizer_records;
mod optimizer_thresholds;
mod optimizer_trajectories;
mod plot_command;
mod probe;
mod quadratic;
mod quadratic_command;
mod report;
mod saved_minima;
#[cfg(unix)]
mod slurm_signals;
#[cfg(unix)]
mod slurm_submission;
mod stability_fixtures;
mod stability_precision;
mod stability_properties;
mod stationary;
mod sweep;
mod thresholds;
mod verdict;

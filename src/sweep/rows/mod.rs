//! Runs trained together on one device.
//!
//! Runs with the same batch size, network, loss and data form a row, which `crate::train::row` trains as one computation. One
//! thread feeds the device; the others measure the minima as they are found. Every run has its own
//! claim, checkpoint and record.

mod measure;
mod row_queue;
mod row_trainer;

pub use row_trainer::RowTrainer;

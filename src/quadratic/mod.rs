//! Synthetic quadratics, where simulation settles which theory of stability is right.
//!
//! [`run`] builds the problem that a configuration describes, simulates linearised SGD on it many
//! times and sets the outcome beside every theory. Equal seeds give equal tables, whatever the
//! number of threads.
//!
//! settings → problem → simulation → experiments → tables in a results folder.
//!
//! Sources: \[M\] Mulayoff & Michaeli, COLT 2024 (arXiv 2306.07850); \[D\] Dexter et al., ICLR 2024
//! (arXiv 2401.12332); \[C\] Chemnitz & Engel, JMLR 26(134), 2025 (arXiv 2407.20209).

mod error;
mod experiments;
pub mod problem;
mod progress;
mod results_folder;
pub mod settings;
pub mod simulation;
mod table;

pub use error::QuadraticError;
pub use experiments::run;
pub use progress::Progress;
pub use results_folder::{FolderError, ResultsFolder};
pub use settings::QuadraticConfig;
pub use table::{Cell, CsvTable};

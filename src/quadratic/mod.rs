//! Synthetic quadratics, where simulation settles which theory of stability is right.
//!
//! [`run`] builds the problem that a configuration describes, simulates linearised SGD on it many
//! times and sets the outcome beside every theory. Equal seeds give equal tables, whatever the
//! number of threads.
//!
//! Sources: \[M\] Mulayoff & Michaeli, COLT 2024 (arXiv 2306.07850); \[D\] Dexter et al., ICLR 2024
//! (arXiv 2401.12332); \[C\] Chemnitz & Engel, JMLR 26(134), 2025 (arXiv 2407.20209).

mod check;
pub mod closed_form;
pub mod config;
mod error;
mod folder;
pub mod growth;
mod mixture;
mod parse;
mod phase;
pub mod population;
pub mod problem;
mod second_moment;
mod settings;
pub mod simulate;
mod stationary;
mod table;

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::memory::{NotEnoughMemory, check_thresholds};
use config::Experiment;
pub use config::QuadraticConfig;
pub use error::QuadraticError;
pub use folder::{FolderError, ResultsFolder};
use problem::Problem;
pub use table::{Cell, CsvTable};

/// Tells a listener, from any thread, how many of how many points are done.
pub struct Progress<'l> {
    listener: &'l (dyn Fn(usize, usize) + Sync),
    done: AtomicUsize,
    total: AtomicUsize,
}

impl<'l> Progress<'l> {
    /// `listener` gets (done, total).
    pub fn new(listener: &'l (dyn Fn(usize, usize) + Sync)) -> Self {
        Self { listener, done: AtomicUsize::new(0), total: AtomicUsize::new(0) }
    }

    fn begin(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        (self.listener)(0, total);
    }

    fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.listener)(done, self.total.load(Ordering::Relaxed));
    }
}

/// Runs the configured experiment. Nothing is written: the tables are the caller's.
///
/// # Errors
/// [`QuadraticError`].
pub fn run(
    config: &QuadraticConfig,
    progress: &Progress<'_>,
) -> Result<Vec<CsvTable>, QuadraticError> {
    check_memory(config)?;
    let (sgd, seed) = (&config.sgd, config.seed);
    let problem = || Problem::build(&config.problem, config.gradients.as_ref());
    match &config.experiment {
        Experiment::PhaseDiagram(phase) => phase::run(phase, sgd, seed, progress),
        Experiment::SecondMoment(growth) => {
            second_moment::run(problem()?, growth, sgd, seed, progress)
        }
        Experiment::Mixture(growth) => mixture::run(problem()?, growth, sgd, seed, progress),
        Experiment::Stationary(stationary) => {
            stationary::run(problem()?, stationary, sgd, seed, progress)
        }
    }
}

/// Refuses matrices that would not fit, before any is made; that of a file is measured when read.
fn check_memory(config: &QuadraticConfig) -> Result<(), NotEnoughMemory> {
    let problem = &config.problem;
    match (&config.experiment, problem.kind.samples()) {
        (Experiment::PhaseDiagram(phase), _) => check_thresholds(phase.samples),
        (_, Some(samples)) => {
            let rows = samples.saturating_mul(problem.outputs);
            check_thresholds(rows.max(problem.dimension.unwrap_or(0)))
        }
        (_, None) => Ok(()),
    }
}

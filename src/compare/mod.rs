//! Our runs beside the published curves of Mulayoff & Michaeli (COLT 2024), Figures 1(a) to 3.

mod edge;
mod published;
mod statistics;

use std::path::{Path, PathBuf};

pub use edge::{Edge, Range, Signs};
pub use published::{Published, read as read_published};
pub use statistics::{Comparison, Deviation, compare};

use crate::table::{Row, SUMMARY, Table, TableError};

/// One finished run, reduced to what is compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    pub learning_rate: f64,
    pub batch_size: usize,
    pub stop_reason: String,
    pub sharpness_gn: Option<f64>,
    pub bound_17: Option<f64>,
    pub bound_27: Option<f64>,
    pub generalized_sharpness: Option<f64>,
    pub effective_rank: Option<f64>,
    pub eta_var: Option<f64>,
    pub eta_as: Option<f64>,
    pub lyapunov_low: Option<f64>,
    pub lyapunov_high: Option<f64>,
    pub lyapunov_epoch_low: Option<f64>,
    pub lyapunov_epoch_high: Option<f64>,
    pub eta_var_epoch: Option<f64>,
    pub eta_as_epoch: Option<f64>,
}

/// A file that cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Table(#[from] TableError),
    /// The paper's grid and ours have no point in common.
    #[error("{path} has no converged run at a step size and batch size of the published curves", path = .path.display())]
    NothingInCommon { path: PathBuf },
}

/// The rows of `summary.csv`; measurements that it lacks are `None`, and so are those of runs that
/// found no minimum.
///
/// # Errors
/// A file that cannot be read, or rows that do not say which run they are of.
pub fn read_runs(path: &Path) -> Result<Vec<Run>, CompareError> {
    let mut table = Table::open(path)?;
    table.require(&["learning_rate", "batch_size", "stop_reason", "sharpness_gn"], SUMMARY)?;
    let mut runs = Vec::new();
    while let Some(row) = table.next_row()? {
        runs.push(run(&row)?);
    }
    Ok(runs)
}

fn run(row: &Row<'_>) -> Result<Run, TableError> {
    Ok(Run {
        learning_rate: row.positive("learning_rate")?,
        batch_size: row.count("batch_size")? as usize,
        stop_reason: row.text("stop_reason").to_owned(),
        sharpness_gn: row.optional("sharpness_gn")?,
        bound_17: row.optional("bound_17")?,
        bound_27: row.optional("bound_27")?,
        generalized_sharpness: row.optional("generalized_sharpness")?,
        effective_rank: row.optional("effective_rank")?,
        eta_var: row.optional("eta_var")?,
        eta_as: row.optional("eta_as")?,
        lyapunov_low: row.signed("lyapunov_low")?,
        lyapunov_high: row.signed("lyapunov_high")?,
        lyapunov_epoch_low: row.signed("lyapunov_epoch_low")?,
        lyapunov_epoch_high: row.signed("lyapunov_epoch_high")?,
        eta_var_epoch: row.optional("eta_var_epoch")?,
        eta_as_epoch: row.optional("eta_as_epoch")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Vec<Run>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.csv");
        std::fs::write(&path, lines.join("\n")).unwrap();
        let plain = |error: CompareError| error.to_string().replace(path.to_str().unwrap(), "CSV");
        read_runs(&path).map_err(plain)
    }

    #[test]
    fn measurements_that_a_summary_lacks_are_unknown() {
        let header = "stop_reason,batch_size,learning_rate,sharpness_gn,lyapunov_low";
        let runs = read(&[header, "converged,4,0.1,12.5,-1e-3", "diverged,4,0.2,,"]).unwrap();
        assert_eq!((runs[0].batch_size, runs[0].sharpness_gn), (4, Some(12.5)));
        assert_eq!((runs[0].lyapunov_low, runs[0].eta_as_epoch), (Some(-1e-3), None));
        assert_eq!((runs[1].sharpness_gn, runs[1].lyapunov_low), (None, None));
    }

    #[test]
    fn faults_name_line_and_column() {
        let header = "stop_reason,batch_size,learning_rate,sharpness_gn";
        let fault = read(&[header, "converged,4,0.1,3", "converged,x,0.1,3"]).unwrap_err();
        assert_eq!(fault, "CSV, line 3, column `batch_size`: `x` is not a positive whole number");
        let fault = read(&["batch_size,learning_rate", "4,0.1"]).unwrap_err();
        assert_eq!(fault, "CSV has no column `stop_reason`: is it the summary.csv of a sweep?");
    }
}

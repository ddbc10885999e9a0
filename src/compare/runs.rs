//! Our runs, read from `summary.csv`.

use std::path::Path;

use super::error::CompareError;
use crate::summary_csv::{SummaryRow, require_columns};
use crate::table::Table;

/// The rows of a `summary.csv`.
///
/// # Errors
/// A file that cannot be read, a missing column or a malformed cell.
pub fn read_runs(path: &Path) -> Result<Vec<SummaryRow>, CompareError> {
    let mut table = Table::open(path)?;
    require_columns(&table)?;
    Ok(table.rows(SummaryRow::read)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Result<Vec<SummaryRow>, String> {
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

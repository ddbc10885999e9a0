//! The loss curve of a run, at about ninety epochs of every power of ten.

use serde::{Deserialize, Serialize};

/// The state after an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HistoryPoint {
    /// Epochs finished; 0 is the initial point.
    pub epoch: u64,
    /// SGD steps made.
    pub step: u64,
    /// η of the epoch.
    pub learning_rate: f64,
    /// Mean sample loss over the epoch, each evaluated just before its step.
    pub running_loss: Option<f64>,
    /// Full-data loss after the epoch, where the stop rule needed it.
    pub loss: Option<f64>,
}

/// Whether `epoch` is recorded: all below 100, every 10th below 1000, every 100th below 10,000, ….
pub fn is_recorded(epoch: u64) -> bool {
    let digits = epoch.checked_ilog10().unwrap_or(0);
    epoch.is_multiple_of(10_u64.pow(digits.saturating_sub(1)))
}

/// The points as CSV.
///
/// # Errors
/// Points that cannot be written, which no history has.
pub fn to_csv(points: &[HistoryPoint]) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for point in points {
        writer.serialize(point)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_run_records_a_few_hundred_points() {
        let kept = (0..=40_000).filter(|&epoch| is_recorded(epoch)).count();
        assert_eq!(kept, 100 + 90 + 90 + 31);
        assert!(
            is_recorded(0)
                && is_recorded(99)
                && !is_recorded(101)
                && is_recorded(110)
                && is_recorded(40_000)
                && !is_recorded(39_950)
        );
    }
}

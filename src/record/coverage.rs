//! Whether a run's record has the measurements that are requested today.

use super::run_record::Record;
use crate::config::RunSpec;
use crate::measurement::includes;
use crate::store::{RunId, Store, StoreError};

/// Whether run `id` has a record with all measurements that `spec` requests.
///
/// # Errors
/// A damaged record.
pub fn is_finished(store: &Store, spec: &RunSpec, id: &RunId) -> Result<bool, StoreError> {
    Ok(finished_record(store, spec, id)?.is_some())
}

/// The record of run `id`, if it has all measurements that `spec` requests.
///
/// # Errors
/// A damaged record.
pub fn finished_record(
    store: &Store,
    spec: &RunSpec,
    id: &RunId,
) -> Result<Option<Record>, StoreError> {
    Ok(Record::read(store, id)?.filter(|record| is_complete(record, spec)))
}

/// Whether `record` has all measurements that `spec` requests; it may have more. A diverged run has no
/// minimum to measure.
pub fn is_complete(record: &Record, spec: &RunSpec) -> bool {
    !record.stop_reason.has_minimum()
        || (has_requested_measurements(record, spec) && !lacks_dead_samples(record))
}

/// Whether the settings of the measurements in `record` include those that `spec` requests.
pub fn has_requested_measurements(record: &Record, spec: &RunSpec) -> bool {
    includes(&record.spec.analysis, &spec.analysis)
}

/// Records of early versions lack the number of dead samples, which is quick to compute.
fn lacks_dead_samples(record: &Record) -> bool {
    record.analysis.as_ref().is_some_and(|analysis| analysis.dead_samples.is_none())
}

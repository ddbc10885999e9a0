//! A minimum that a run saved: its origin, and whether weights and data are still those of the run.

use std::path::{Path, PathBuf};

use faer::Par;

use super::identity::run_id;
use super::origin::Origin;
use super::run_record::Record;
use crate::config::RunSpec;
use crate::curvature::Pass;
use crate::data::Dataset;
use crate::device::Backend;
use crate::loss::Loss;
use crate::net::Weights;
use crate::net::minimum::{self, MinimumError, SavedWeights};
use crate::store::{StoreError, read_json};

/// A saved minimum that must not be measured as one.
#[derive(Debug, thiserror::Error)]
pub enum SavedMinimumError {
    #[error(transparent)]
    File(#[from] MinimumError),
    #[error(transparent)]
    Record(#[from] StoreError),
    /// SGD left; where it went is no minimum.
    #[error(
        "these are the weights of a diverged run, which has no minimum; choose a run that converged, \
         or train at a smaller train.learning_rate"
    )]
    Diverged,
    /// Images, labels or their scaling.
    #[error(
        "the minimum was trained on other data ({difference}) and is none at these; correct --data or \
         --set data.…, or give --other-data to measure there on purpose"
    )]
    OtherData { difference: &'static str },
    /// The weights have another loss than the run's record says.
    #[error(
        "the weights are damaged: their loss is {found:.6e}, that in record.json {recorded:.6e}; {}",
        minimum::remedy(.path)
    )]
    OtherLoss { path: PathBuf, found: f64, recorded: f64 },
}

/// A minimum on disk.
#[derive(Debug)]
pub struct SavedMinimum {
    path: PathBuf,
    pub weights: Weights,
    /// `None` for weights of other programs.
    pub origin: Option<Origin>,
    /// Why the text that should be the origin is none.
    pub origin_fault: Option<String>,
    /// Whether its checksum was verified; files of early versions and of other programs have none.
    pub checked: bool,
}

impl SavedMinimum {
    /// Reads the minimum at `path`.
    ///
    /// # Errors
    /// A file that is no minimum, is damaged, or has the weights of a diverged run.
    pub fn read(path: &Path) -> Result<Self, SavedMinimumError> {
        let SavedWeights { weights, origin, checked } = minimum::read(path)?;
        let parsed = origin.map(|text| serde_json::from_str::<Origin>(&text));
        let (origin, origin_fault) = match parsed.transpose() {
            Ok(origin) => (origin, None),
            Err(error) => (None, Some(error.to_string())),
        };
        if origin.as_ref().is_some_and(|origin| !origin.stop_reason.has_minimum()) {
            return Err(SavedMinimumError::Diverged);
        }
        Ok(Self { path: path.to_owned(), weights, origin, origin_fault, checked })
    }

    /// Checks that `data`, of the settings `spec`, are those that the run was trained on, and, where no
    /// checksum has, that the weights have the loss of the record beside them. Weights of other programs
    /// have no data of their own.
    ///
    /// # Errors
    /// Other data or weights.
    pub fn check(&self, spec: &RunSpec, data: &Dataset) -> Result<(), SavedMinimumError> {
        let Some(origin) = &self.origin else { return Ok(()) };
        let other = |difference| SavedMinimumError::OtherData { difference };
        if !self.is_trained_on(origin, data)? {
            return Err(other("their images or labels differ"));
        }
        if spec.data.scaling != origin.spec.data.scaling {
            return Err(other("data.scaling differs"));
        }
        if self.checked {
            return Ok(());
        }
        self.record(origin)?.map_or(Ok(()), |record| self.check_loss(&record, data))
    }

    /// Whether the run was trained on `data`. Its identity is a hash of its settings and of the data's
    /// digest, which origins of early versions do not have.
    fn is_trained_on(&self, origin: &Origin, data: &Dataset) -> Result<bool, SavedMinimumError> {
        if let Some(digest) = &origin.data_digest {
            return Ok(*digest == data.digest);
        }
        // A run that the CPU took over from a failed device is known under the device's backend.
        let with = |backend| RunSpec { backend, ..origin.spec.clone() };
        if Backend::ALL.into_iter().any(|b| run_id(&with(b), &data.digest) == origin.run_id) {
            return Ok(true);
        }
        let record = self.record(origin)?;
        Ok(record.is_some_and(|record| record.provenance.data_digest == data.digest))
    }

    /// The record of the run in the folder of the minimum.
    fn record(&self, origin: &Origin) -> Result<Option<Record>, SavedMinimumError> {
        let record: Option<Record> = read_json(&self.path.with_file_name("record.json"))?;
        Ok(record.filter(|record| record.run_id == origin.run_id))
    }

    /// Checks that these weights have the loss that `record` measured of the run's.
    ///
    /// # Errors
    /// [`SavedMinimumError::OtherLoss`].
    pub fn check_loss(&self, record: &Record, data: &Dataset) -> Result<(), SavedMinimumError> {
        let Some(recorded) = record.analysis.as_ref().map(|analysis| analysis.loss) else {
            return Ok(());
        };
        let loss = Loss::from(&record.spec.loss);
        let found = Pass::new(&self.weights, data, loss, Par::Seq).loss();
        if is_same_loss(found, recorded, loss.factor()) {
            return Ok(());
        }
        Err(SavedMinimumError::OtherLoss { path: self.path.clone(), found, recorded })
    }
}

/// Whether two computations of L = (c/n) Σ‖f_i − y_i‖² in double precision can differ so.
///
/// Both start from the same single-precision weights and differ in the order of their sums alone. A sum of
/// d terms is off by at most d·u·Σ|terms|, u = 1.1e-16: with 1e4 terms that cancel to a thousandth of
/// their size, an output of size 1 by 1e-9. That moves the root √(L/c) of the mean squared residual, by
/// the triangle inequality, by no more than 1e-9 as well, however small the loss is.
fn is_same_loss(a: f64, b: f64, factor: f64) -> bool {
    const OUTPUT_ROUNDING: f64 = 1e-9;
    let residual = |loss: f64| (loss / factor).sqrt();
    (residual(a) - residual(b)).abs() <= OUTPUT_ROUNDING * (1.0 + residual(b))
}

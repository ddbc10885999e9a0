//! Measures a trained run and writes its results.

use std::time::Instant;

use super::context::RunContext;
use super::error::RunError;
use crate::config::RunSpec;
use crate::curvature::Pass;
use crate::loss::Loss;
use crate::measurement::{Analysis, EarlierAnalysis, analyse, union};
use crate::net::{Weights, minimum};
use crate::record::{
    FORMAT, Failure, Origin, Record, SavedMinimum, VERSION, has_requested_measurements,
};
use crate::store;
use crate::sweep::checkpoint;
use crate::sweep::events::Event;
use crate::train::{self, Outcome, StopReason};

/// A run at the end of its training.
#[derive(Debug)]
pub struct TrainedRun {
    pub outcome: Outcome,
    /// Full-data loss; `None` if it is not finite.
    pub final_loss: Option<f64>,
    pub weights: Weights,
    /// Seconds of training.
    pub seconds: f64,
}

impl RunContext<'_> {
    /// Measures a trained run and writes its history, minimum and record.
    pub fn finish(&self, trained: TrainedRun) -> Result<Record, RunError> {
        let TrainedRun { outcome, final_loss, weights, seconds } = trained;
        self.write_history(&outcome)?;
        self.write_minimum(outcome.reason, &weights)?;
        let (analysis, analysis_seconds) =
            self.measure(outcome.reason, self.spec, &weights, None)?;
        let record = Record {
            format: FORMAT,
            run_id: self.id.clone(),
            spec: self.actual_spec(),
            stop_reason: outcome.reason,
            epochs: outcome.progress.epoch,
            steps: outcome.progress.steps,
            final_loss,
            train_seconds: seconds,
            analysis_seconds,
            analysis,
            provenance: self.provenance(),
            measured_by: None,
        };
        self.write_record(&record)?;
        checkpoint::remove(&self.folder())?;
        Ok(record)
    }

    fn write_history(&self, outcome: &Outcome) -> Result<(), RunError> {
        let history = train::history_to_csv(&outcome.progress.history)
            .map_err(|error| RunError::Encode { what: "history", fault: error.to_string() })?;
        Ok(store::write_file(&self.folder().join("history.csv"), &history)?)
    }

    fn write_minimum(&self, stop_reason: StopReason, weights: &Weights) -> Result<(), RunError> {
        let origin = Origin {
            version: VERSION.to_owned(),
            run_id: self.id.clone(),
            stop_reason,
            spec: self.actual_spec(),
            data_digest: Some(self.data.digest.clone()),
        };
        let encode = |fault: String| RunError::Encode { what: "minimum", fault };
        let origin = serde_json::to_string(&origin).map_err(|error| encode(error.to_string()))?;
        let bytes =
            minimum::to_bytes(weights, &origin).map_err(|error| encode(error.to_string()))?;
        Ok(store::write_file(&self.folder().join(MINIMUM_FILE), &bytes)?)
    }

    /// Adds the measurements that are requested today and not in `record`, without training again.
    pub(super) fn measure_again(&self, record: Record) -> Result<Record, RunError> {
        let path = self.folder().join(MINIMUM_FILE);
        let saved = SavedMinimum::read(&path)?;
        if let Some(other) = saved.origin.as_ref().filter(|origin| origin.run_id != *self.id) {
            return Err(RunError::ForeignMinimum { path, other: other.run_id.clone() });
        }
        if !saved.checked {
            saved.check_loss(&record, &*self.data.samples()?)?;
        }
        let weights = saved.weights;
        if has_requested_measurements(&record, self.spec) {
            return self.count_dead_samples(record, &weights);
        }
        let settings = &record.spec.analysis;
        let analysis = union(settings, &self.spec.analysis);
        let spec = RunSpec { analysis, backend: record.spec.backend, ..self.spec.clone() };
        let earlier =
            record.analysis.as_ref().map(|analysis| EarlierAnalysis { analysis, settings });
        let (analysis, seconds) = self.measure(record.stop_reason, &spec, &weights, earlier)?;
        let analysis_seconds = record.analysis_seconds + seconds;
        let measured_by = Some(self.provenance());
        let record = Record { spec, analysis_seconds, analysis, measured_by, ..record };
        self.write_record(&record)?;
        Ok(record)
    }

    /// Adds the number of dead samples to a record of an early version.
    fn count_dead_samples(
        &self,
        mut record: Record,
        weights: &Weights,
    ) -> Result<Record, RunError> {
        if let Some(analysis) = &mut record.analysis {
            let loss = Loss::from(&self.spec.loss);
            let data = self.data.samples()?;
            let pass = Pass::new(weights, &data, loss, self.par);
            analysis.dead_samples = Some(pass.dead_samples());
        }
        self.write_record(&record)?;
        Ok(record)
    }

    /// The measurements that `spec` requests and the seconds they took; none for a diverged run.
    fn measure(
        &self,
        reason: StopReason,
        spec: &RunSpec,
        weights: &Weights,
        earlier: Option<EarlierAnalysis<'_>>,
    ) -> Result<(Option<Analysis>, f64), RunError> {
        let started = Instant::now();
        if !reason.has_minimum() {
            return Ok((None, 0.0));
        }
        self.reporter.report(&Event::Analysing { worker: self.worker, spec: self.spec });
        let data = self.data.samples()?;
        let analysis = analyse(spec, weights, &data, self.par, self.accelerator, earlier)?;
        Ok((Some(analysis), started.elapsed().as_secs_f64()))
    }

    fn write_record(&self, record: &Record) -> Result<(), RunError> {
        record.write(self.store)?;
        Ok(Failure::remove(self.store, self.id)?)
    }
}

/// The minimum in a run's folder.
const MINIMUM_FILE: &str = "minimum.safetensors";

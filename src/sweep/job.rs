//! One run from its initial point to its record.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use faer::Par;
use serde::{Deserialize, Serialize};

use super::analysis::{Analysis, AnalysisError, Known, analyse};
use super::checkpoint::{self, Checkpoint, Found};
use super::claim::Claim;
use super::coverage::{both, covers, has_what_is_asked};
use super::identity::{RunId, run_id};
use super::interrupt::Interrupt;
use super::placed::Placed;
use super::progress::{Event, Reporter};
use super::provenance::{Provenance, VERSION};
use super::record::{FORMAT, Record};
use super::store::{self, Store, StoreError};
use super::watch::Watch;
use crate::config::{EngineKind, RunSpec};
use crate::curvature::Pass;
use crate::data::Dataset;
use crate::net::minimum::{self, MinimumError};
use crate::net::{Weights, Widths, initial};
use crate::stability::accelerator::Accelerator;
use crate::train::{
    self, Engine, EngineError, FusedEngine, Outcome, Progress, Snapshot, StopReason, TensorEngine,
};

/// A run that could not be finished.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    #[error(transparent)]
    Engine(#[from] EngineError),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Minimum(#[from] MinimumError),
    /// A minimum in a run's folder that another run has found.
    #[error("{} is the minimum of run {other}; move it away, and record.json too, to train anew", path.display())]
    Foreign { path: PathBuf, other: RunId },
    /// A file's content could not be built.
    #[error("cannot encode the {what}: {fault}")]
    Encode { what: &'static str, fault: String },
}

/// What a saved minimum remembers of its run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub version: String,
    pub run_id: RunId,
    pub stop_reason: StopReason,
    pub spec: RunSpec,
}

/// How a job ended.
#[derive(Debug)]
pub enum End {
    /// The run had been finished before.
    Found(Box<Record>),
    /// The run is finished now.
    Made(Box<Record>),
    /// The run is left for another time, with its state saved `steps` steps further on.
    Interrupted { steps: u64 },
    /// Another process has the run.
    Elsewhere,
}

/// One run and all it needs.
pub struct Job<'a> {
    pub store: &'a Store,
    pub claim: &'a Claim,
    pub spec: &'a RunSpec,
    pub data: &'a Dataset,
    pub par: Par,
    pub worker: usize,
    pub reporter: &'a dyn Reporter,
    pub interrupt: &'a Interrupt,
    /// Between two saves of the run's state.
    pub checkpoint_interval: Duration,
    pub device: &'a Placed,
    /// For the exact threshold, if not the CPU's own kernels.
    pub accelerator: Option<&'a dyn Accelerator>,
}

/// A run at the end of its training.
#[derive(Debug)]
pub struct Trained {
    pub outcome: Outcome,
    /// Full-data loss; `None` if it is not finite.
    pub final_loss: Option<f64>,
    pub weights: Weights,
    /// Seconds of training.
    pub seconds: f64,
}

/// Whether run `id` has a record with all that `spec` asks for.
///
/// # Errors
/// A damaged record.
pub fn is_finished(store: &Store, spec: &RunSpec, id: &RunId) -> Result<bool, StoreError> {
    Ok(Job::finished(store, spec, id)?.is_some())
}

impl Job<'_> {
    /// The record of run `id`, if all that `spec` asks for is in it.
    pub fn finished(
        store: &Store,
        spec: &RunSpec,
        id: &RunId,
    ) -> Result<Option<Record>, StoreError> {
        let path = store.run_folder(id).join("record.json");
        let record = store::read_json::<Record>(&path)?;
        Ok(record.filter(|record| covers(record, spec)))
    }

    /// Finishes what is left of the run.
    pub fn run(&self) -> Result<End, JobError> {
        let id = run_id(self.spec, &self.data.digest);
        let path = self.store.run_folder(&id).join("record.json");
        match store::read_json::<Record>(&path)? {
            Some(record) if covers(&record, self.spec) => Ok(End::Found(Box::new(record))),
            Some(record) => Ok(End::Made(Box::new(self.measure_again(record, &id)?))),
            None => self.train_and_measure(&id),
        }
    }

    /// Trains from the last checkpoint, or from the start, and measures.
    fn train_and_measure(&self, id: &RunId) -> Result<End, JobError> {
        let folder = self.store.run_folder(id);
        let saved = self.checkpoint(&folder, id)?;
        let (mut engine, progress, seconds) = match saved {
            Some(saved) => (self.engine(Some(saved.engine))?, saved.progress, saved.seconds),
            None => {
                let mut engine = self.engine(None)?;
                let progress = Progress::begin(engine.as_mut())?;
                (engine, progress, 0.0)
            }
        };
        let before = progress.steps;
        let mut watch = Watch::new(self, &folder, id, seconds);
        let samples = self.data.samples;
        let outcome =
            train::train(&self.spec.train, samples, progress, engine.as_mut(), &mut watch)?;
        let train_seconds = watch.seconds();
        let reached = watch.end()?;
        let Some(outcome) = outcome else {
            let steps = reached.saturating_sub(before);
            return Ok(if self.claim.is_lost() {
                End::Elsewhere
            } else {
                End::Interrupted { steps }
            });
        };
        let final_loss = Some(engine.loss()?).filter(|loss| loss.is_finite());
        let weights = engine.weights()?;
        let trained = Trained { outcome, final_loss, weights, seconds: train_seconds };
        Ok(End::Made(Box::new(self.conclude(id, trained)?)))
    }

    /// Measures a trained run and writes all there is to keep of it.
    pub(super) fn conclude(&self, id: &RunId, trained: Trained) -> Result<Record, JobError> {
        let Trained { outcome, final_loss, weights, seconds } = trained;
        self.keep_training(id, &outcome, &weights)?;
        let (analysis, analysis_seconds) =
            self.measure(outcome.reason, self.spec, &weights, None)?;
        let record = Record {
            format: FORMAT,
            run_id: id.clone(),
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
        self.keep(&record)?;
        checkpoint::remove(&self.store.run_folder(id))?;
        Ok(record)
    }

    /// The run as it was computed: by the CPU, if that has taken over from a device that failed.
    fn actual_spec(&self) -> RunSpec {
        RunSpec { backend: self.device.actual(self.spec.backend), ..self.spec.clone() }
    }

    fn provenance(&self) -> Provenance {
        Provenance::now(&self.data.digest, self.device.name())
    }

    /// The run's saved state, if there is one that can be trusted.
    pub(super) fn checkpoint(
        &self,
        folder: &Path,
        id: &RunId,
    ) -> Result<Option<Checkpoint>, JobError> {
        match checkpoint::find(folder, id)? {
            Found::Nothing => Ok(None),
            Found::Checkpoint(checkpoint) => Ok(Some(*checkpoint)),
            Found::SetAside { to, fault } => {
                let (spec, to) = (self.spec, to.as_path());
                self.reporter.report(&Event::SetAside { spec, to, fault: &fault });
                Ok(None)
            }
        }
    }

    fn engine(&self, saved: Option<Snapshot>) -> Result<Box<dyn Engine>, JobError> {
        let spec = self.spec;
        let (data, factor) = (self.data, spec.loss.factor);
        let widths = self.widths();
        let start = || initial(&widths, &spec.model);
        match spec.engine {
            EngineKind::Fused => Ok(Box::new(match saved {
                Some(saved) => FusedEngine::restore(saved, data, factor)?,
                None => FusedEngine::new(&start(), data, factor)?,
            })),
            EngineKind::Tensor => {
                let weights = match saved {
                    Some(saved) => saved.into_weights(&widths)?,
                    None => start(),
                };
                let device = self.device.open(spec.backend)?;
                Ok(Box::new(TensorEngine::new(&weights, data, factor, device)))
            }
        }
    }

    pub(super) fn widths(&self) -> Widths {
        Widths::of(&self.spec.model, self.data)
    }

    /// Writes the history and the minimum.
    fn keep_training(
        &self,
        id: &RunId,
        outcome: &Outcome,
        weights: &Weights,
    ) -> Result<(), JobError> {
        let folder = self.store.run_folder(id);
        let history = train::history_to_csv(&outcome.progress.history)
            .map_err(|error| JobError::Encode { what: "history", fault: error.to_string() })?;
        store::write(&folder.join("history.csv"), &history)?;
        let origin = Origin {
            version: VERSION.to_owned(),
            run_id: id.clone(),
            stop_reason: outcome.reason,
            spec: self.actual_spec(),
        };
        let encode = |fault: String| JobError::Encode { what: "minimum", fault };
        let origin = serde_json::to_string(&origin).map_err(|error| encode(error.to_string()))?;
        let bytes =
            minimum::to_bytes(weights, &origin).map_err(|error| encode(error.to_string()))?;
        Ok(store::write(&folder.join("minimum.safetensors"), &bytes)?)
    }

    /// Takes the measurements that today's settings ask for beside those that are known, without
    /// training again.
    fn measure_again(&self, record: Record, id: &RunId) -> Result<Record, JobError> {
        let path = self.store.run_folder(id).join("minimum.safetensors");
        let (weights, origin) = minimum::read(&path)?;
        let origin = origin.and_then(|text| serde_json::from_str::<Origin>(&text).ok());
        if let Some(other) = origin.filter(|origin| origin.run_id != *id) {
            return Err(JobError::Foreign { path, other: other.run_id });
        }
        if has_what_is_asked(&record, self.spec) {
            return self.count_dead_samples(record, &weights);
        }
        let analysis = both(&record.spec.analysis, &self.spec.analysis);
        let spec = RunSpec { analysis, backend: record.spec.backend, ..self.spec.clone() };
        let asked = &record.spec.analysis;
        let known = record.analysis.as_ref().map(|analysis| Known { analysis, asked });
        let (analysis, seconds) = self.measure(record.stop_reason, &spec, &weights, known)?;
        let analysis_seconds = record.analysis_seconds + seconds;
        let measured_by = Some(self.provenance());
        let record = Record { spec, analysis_seconds, analysis, measured_by, ..record };
        self.keep(&record)?;
        Ok(record)
    }

    /// Adds to an early record what it lacks.
    fn count_dead_samples(
        &self,
        mut record: Record,
        weights: &Weights,
    ) -> Result<Record, JobError> {
        if let Some(analysis) = &mut record.analysis {
            let pass = Pass::new(weights, self.data, self.spec.loss.factor, self.par);
            analysis.dead_samples = Some(pass.dead_samples());
        }
        self.keep(&record)?;
        Ok(record)
    }

    fn measure(
        &self,
        reason: StopReason,
        spec: &RunSpec,
        weights: &Weights,
        known: Option<Known<'_>>,
    ) -> Result<(Option<Analysis>, f64), JobError> {
        let started = Instant::now();
        if reason == StopReason::Diverged {
            return Ok((None, 0.0));
        }
        self.reporter.report(&Event::Analysing { worker: self.worker, spec: self.spec });
        let analysis = analyse(spec, weights, self.data, self.par, self.accelerator, known)?;
        Ok((Some(analysis), started.elapsed().as_secs_f64()))
    }

    /// Writes the record, which is what makes the run finished.
    fn keep(&self, record: &Record) -> Result<(), JobError> {
        let folder = self.store.run_folder(&record.run_id);
        store::write_json(&folder.join("record.json"), record)?;
        Ok(store::remove(&folder.join("failure.json"))?)
    }
}

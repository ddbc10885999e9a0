//! `summary.csv`: one row per finished run, made from the records.

use std::path::Path;

use serde::Serialize;

use super::experiment::{self, PlannedRun};
use super::run_record::Record;
use super::status::{RunState, Status};
use crate::config::{OptimizerKeys, setting_text};
use crate::store::{self, Store, StoreError};

/// A summary that could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SummaryError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot encode the summary: {0}")]
    Csv(#[from] csv::Error),
}

/// The columns, in order. Empty cells are quantities that were not requested or could not be computed;
/// the reason is in the run's `record.json`.
#[derive(Debug, Serialize)]
struct Row<'a> {
    run_id: &'a str,
    /// η.
    learning_rate: f64,
    /// B.
    batch_size: usize,
    sampling: &'a str,
    algorithm: &'a str,
    init_seed: u64,
    seed: u64,
    stop_reason: &'a str,
    epochs: u64,
    steps: u64,
    final_loss: Option<f64>,
    train_seconds: f64,
    dead_samples: Option<usize>,
    sharpness_gn: Option<f64>,
    sharpness_hessian: Option<f64>,
    trace: Option<f64>,
    two_over_eta: f64,
    bound_17: Option<f64>,
    bound_18: Option<f64>,
    bound_27: Option<f64>,
    generalized_sharpness: Option<f64>,
    generalized_sharpness_lower: Option<f64>,
    generalized_sharpness_upper: Option<f64>,
    effective_rank: Option<f64>,
    eta_mean: Option<f64>,
    eta_var: Option<f64>,
    coherence: Option<f64>,
    dexter_bound: Option<f64>,
    lyapunov: Option<f64>,
    lyapunov_low: Option<f64>,
    lyapunov_high: Option<f64>,
    lyapunov_epoch: Option<f64>,
    lyapunov_epoch_low: Option<f64>,
    lyapunov_epoch_high: Option<f64>,
    eta_as: Option<f64>,
    eta_as_low: Option<f64>,
    eta_as_high: Option<f64>,
    eta_as_epoch: Option<f64>,
    eta_as_epoch_low: Option<f64>,
    eta_as_epoch_high: Option<f64>,
    eta_var_epoch: Option<f64>,
    eta_var_epoch_low: Option<f64>,
    eta_var_epoch_high: Option<f64>,
    analysis_seconds: f64,
    engine: &'a str,
    backend: &'a str,
    version: &'a str,
    git_commit: &'a str,
    host: &'a str,
    device: &'a str,
    data_digest: &'a str,
    finished: &'a str,
}

impl<'a> Row<'a> {
    fn of(record: &'a Record) -> Self {
        let (spec, provenance) = (&record.spec, &record.provenance);
        let analysis = record.analysis.as_ref();
        let mean_square = analysis.and_then(|a| a.mean_square.as_ref());
        let simulated = analysis.and_then(|a| a.simulated.as_ref());
        let exponent = simulated.and_then(|a| a.exponent.as_ref());
        let epoch = simulated.and_then(|a| a.epoch_exponent.as_ref());
        let eta_as = simulated.and_then(|a| a.eta_as.as_ref());
        let epoch_eta_as = simulated.and_then(|a| a.epoch_eta_as.as_ref());
        let epoch_eta_var = simulated.and_then(|a| a.epoch_eta_var.as_ref());
        Self {
            run_id: record.run_id.as_str(),
            learning_rate: spec.train.learning_rate,
            batch_size: spec.train.batch_size,
            sampling: spec.train.sampling.name(),
            algorithm: spec.train.algorithm.name(),
            init_seed: spec.model.init_seed,
            seed: spec.train.seed,
            stop_reason: record.stop_reason.name(),
            epochs: record.epochs,
            steps: record.steps,
            final_loss: record.final_loss,
            train_seconds: record.train_seconds,
            dead_samples: analysis.and_then(|a| a.dead_samples),
            sharpness_gn: analysis.and_then(|a| a.sharpness_gn),
            sharpness_hessian: analysis.and_then(|a| a.sharpness_hessian),
            trace: analysis.map(|a| a.trace),
            two_over_eta: spec.train.optimizer().rule().edge(spec.train.learning_rate),
            bound_17: analysis.and_then(|a| a.bound_17),
            bound_18: analysis.and_then(|a| a.bound_18),
            bound_27: mean_square.map(|m| m.bound_27),
            generalized_sharpness: mean_square.map(|m| m.generalized_sharpness),
            generalized_sharpness_lower: mean_square.map(|m| m.lower),
            generalized_sharpness_upper: mean_square.and_then(|m| m.upper),
            effective_rank: mean_square.map(|m| m.effective_rank),
            eta_mean: analysis.and_then(|a| a.eta_mean),
            eta_var: mean_square.map(|m| m.eta_var),
            coherence: mean_square.map(|m| m.coherence),
            dexter_bound: mean_square.and_then(|m| m.dexter_bound),
            lyapunov: exponent.and_then(|e| e.value),
            lyapunov_low: exponent.and_then(|e| e.low),
            lyapunov_high: exponent.and_then(|e| e.high),
            lyapunov_epoch: epoch.and_then(|e| e.value),
            lyapunov_epoch_low: epoch.and_then(|e| e.low),
            lyapunov_epoch_high: epoch.and_then(|e| e.high),
            eta_as: eta_as.map(|e| e.value),
            eta_as_low: eta_as.map(|e| e.low),
            eta_as_high: eta_as.map(|e| e.high),
            eta_as_epoch: epoch_eta_as.map(|e| e.value),
            eta_as_epoch_low: epoch_eta_as.map(|e| e.low),
            eta_as_epoch_high: epoch_eta_as.map(|e| e.high),
            eta_var_epoch: epoch_eta_var.map(|e| e.value),
            eta_var_epoch_low: epoch_eta_var.map(|e| e.low),
            eta_var_epoch_high: epoch_eta_var.map(|e| e.high),
            analysis_seconds: record.analysis_seconds,
            engine: spec.engine.name(),
            backend: spec.backend.name(),
            version: &provenance.version,
            git_commit: &provenance.git_commit,
            host: &provenance.host,
            device: &provenance.device,
            data_digest: &provenance.data_digest,
            finished: &provenance.finished,
        }
    }
}

/// The further axes that have a column under another name.
const COLUMNS_OF_KEYS: [&str; 4] =
    ["train.sampling", "model.init_seed", "run.engine", "run.backend"];

/// Writes `summary.csv` from the records of all finished runs of the folder's sweep, unless there are
/// none. Runs by themselves are in it only if the folder has no sweep.
///
/// # Errors
/// A damaged plan, or a folder that cannot be written.
pub fn write_summary(store: &Store) -> Result<(), SummaryError> {
    let _lock = store.lock()?;
    let records = summarized_records(store)?;
    if records.is_empty() {
        return Ok(());
    }
    let csv = summary_csv(records, &further_columns(store)?)?;
    Ok(store::write_file(&store.root().join("summary.csv"), &csv)?)
}

/// The keys that have a column of their own at the end of the folder's summary.
///
/// # Errors
/// A damaged file.
pub fn further_columns(store: &Store) -> Result<Vec<String>, StoreError> {
    let axes = experiment::further_axes(store)?.into_iter().map(|axis| axis.key);
    Ok(axes.filter(|key| !COLUMNS_OF_KEYS.contains(&key.as_str())).collect())
}

/// The content of `summary.csv`, ordered by batch size, step size and seed, with a column for each of
/// the dotted `further_columns` at its end, and for each key of the optimizer that is not at its default.
///
/// # Errors
/// None for valid records.
pub fn summary_csv(
    mut records: Vec<Record>,
    further_columns: &[String],
) -> Result<Vec<u8>, csv::Error> {
    records.sort_by(|a, b| {
        let key = |r: &Record| (r.spec.train.batch_size, r.spec.train.seed);
        let by_rate = a.spec.train.learning_rate.total_cmp(&b.spec.train.learning_rate);
        key(a).0.cmp(&key(b).0).then(by_rate).then(key(a).1.cmp(&key(b).1))
    });
    let columns = columns_of(&records, further_columns);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for record in &records {
        writer.serialize(Row::of(record))?;
    }
    let rows = writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    if columns.is_empty() { Ok(rows) } else { extended(&rows, &records, &columns) }
}

/// The columns at the end of the rows: the `further` ones, and those of the optimizer's keys with another
/// value than their default. A summary without such a column is one of plain SGD.
fn columns_of(records: &[Record], further: &[String]) -> Vec<String> {
    let differs = |key: &str| {
        let default = OptimizerKeys::default_of(key);
        records.iter().any(|record| record.spec.setting(key) != default)
    };
    let own = OptimizerKeys::KEYS.into_iter().filter(|key| differs(key)).map(str::to_owned);
    let own: Vec<String> = own.filter(|key| !further.contains(key)).collect();
    further.iter().cloned().chain(own).collect()
}

/// `rows` with the settings of their runs under the keys `columns` at the end.
fn extended(rows: &[u8], records: &[Record], columns: &[String]) -> Result<Vec<u8>, csv::Error> {
    let mut reader = csv::Reader::from_reader(rows);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut header = reader.headers()?.clone();
    columns.iter().for_each(|key| header.push_field(key));
    writer.write_record(&header)?;
    for (row, record) in reader.records().zip(records) {
        let mut row = row?;
        for key in columns {
            row.push_field(
                &record.spec.setting(key).as_ref().map_or_else(String::new, setting_text),
            );
        }
        writer.write_record(&row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Writes the summary if it does not have the rows of the finished runs or a record is newer than it:
/// the tasks of a job array do not write it.
///
/// # Errors
/// A damaged plan, or a folder that cannot be written.
pub fn update_summary(store: &Store, status: &Status) -> Result<(), SummaryError> {
    if is_up_to_date(store, status)? { Ok(()) } else { write_summary(store) }
}

fn is_up_to_date(store: &Store, status: &Status) -> Result<bool, SummaryError> {
    let runs: Vec<&PlannedRun> = status.runs.iter().map(|run| &run.run).collect();
    let is_summarized = is_summarized(&runs);
    let finished = status
        .runs
        .iter()
        .filter(|run| matches!(run.state, RunState::Finished { .. }) && is_summarized(&run.run));
    let finished = finished.count();
    let path = store.root().join("summary.csv");
    let Some(bytes) = store::read_file(&path)? else { return Ok(finished == 0) };
    if csv::Reader::from_reader(&bytes[..]).into_records().count() != finished {
        return Ok(false);
    }
    let modified = |path: &Path| std::fs::metadata(path).and_then(|facts| facts.modified()).ok();
    let written = modified(&path);
    let record = |run: &PlannedRun| Record::path(store, &run.run_id);
    Ok(runs.into_iter().all(|run| modified(&record(run)) <= written))
}

/// Which runs of a plan the summary has: those of sweeps or, if it has none, those by themselves.
fn is_summarized(plan: &[&PlannedRun]) -> impl Fn(&PlannedRun) -> bool + use<> {
    let all_alone = plan.iter().all(|run| run.lone);
    move |run| all_alone || !run.lone
}

/// The records of the runs that the summary has.
///
/// # Errors
/// Those of [`finished_records`].
pub fn summarized_records(store: &Store) -> Result<Vec<Record>, StoreError> {
    let plan = experiment::read_plan(store)?;
    let is_summarized = is_summarized(&plan.iter().collect::<Vec<_>>());
    records_of(store, plan.iter().filter(|run| is_summarized(run)))
}

/// The records of all finished runs of the plan. Damaged records are left out; their runs count as
/// failed.
///
/// # Errors
/// A damaged plan, or a record that cannot be read.
pub fn finished_records(store: &Store) -> Result<Vec<Record>, StoreError> {
    records_of(store, &experiment::read_plan(store)?)
}

fn records_of<'a>(
    store: &Store,
    plan: impl IntoIterator<Item = &'a PlannedRun>,
) -> Result<Vec<Record>, StoreError> {
    let mut records = Vec::new();
    for run in plan {
        match Record::read(store, &run.run_id) {
            Err(StoreError::Damaged { .. }) => {}
            record => records.extend(record?),
        }
    }
    Ok(records)
}

//! Whether the holder of a claim is still working.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::claim_file::{ClaimFile, age};
use super::holder::Holder;
use super::timing::STALE_AFTER;
use crate::slurm::{self, Job, SlurmError};
use crate::store::error::{StoreError, io_error};

/// Whether the process named in the latest file of a claim holds it.
///
/// Checked in this order: an empty file was released; an earlier start of this process's own job has
/// ended; the process table of this machine; Slurm's state of a job of this cluster; the age of the
/// last heartbeat.
pub fn is_held(file: &ClaimFile) -> Result<bool, StoreError> {
    let path = file.path();
    let content = match fs::read(&path) {
        // The file was removed because another process has just created a later one.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        content => content.map_err(io_error("read", &path))?,
    };
    if content.is_empty() {
        return Ok(false);
    }
    let holder: Option<Holder> = serde_json::from_slice(&content).ok();
    if let Some(running) = holder.as_ref().and_then(is_running) {
        return Ok(running);
    }
    Ok(age(&path).is_ok_and(|age| age < STALE_AFTER.as_secs_f64()))
}

/// Whether the holder runs; `None` if neither this machine nor Slurm knows it.
fn is_running(holder: &Holder) -> Option<bool> {
    if holder.is_earlier_start_of_this_job() {
        return Some(false);
    }
    if holder.is_on_this_machine() {
        return Some(holder.is_running());
    }
    is_job_active(holder.job.as_ref()?)
}

/// How long an answer of Slurm is used again: a sweep checks many runs many times.
const CACHE_LIFETIME: Duration = Duration::from_secs(20);
/// How long Slurm is not asked after it failed to answer, since every such attempt takes long.
const RETRY_INTERVAL: Duration = Duration::from_secs(300);

/// Slurm's latest answers, by the number and the restart count of a job.
#[derive(Default)]
struct AnswerCache {
    answers: HashMap<(u64, u64), (Instant, bool)>,
    failed_at: Option<Instant>,
}

/// Whether Slurm says that `job` is active; `None` without Slurm, or for a job of another cluster.
fn is_job_active(job: &Job) -> Option<bool> {
    static CACHE: Mutex<Option<AnswerCache>> = Mutex::new(None);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    let cache = cache.get_or_insert_default();
    let key = (job.number, job.restarts);
    match cache.answers.get(&key) {
        Some((asked, active)) if asked.elapsed() < CACHE_LIFETIME => return Some(*active),
        _ if cache.failed_at.is_some_and(|at| at.elapsed() < RETRY_INTERVAL) => return None,
        _ => {}
    }
    match query_slurm(job) {
        Ok(answer) => {
            cache.answers.extend(answer.map(|active| (key, (Instant::now(), active))));
            answer
        }
        Err(_) => {
            cache.failed_at = Some(Instant::now());
            None
        }
    }
}

fn query_slurm(job: &Job) -> Result<Option<bool>, SlurmError> {
    let same_cluster = slurm::cluster()?.name == job.cluster;
    if same_cluster { slurm::is_active(job).map(Some) } else { Ok(None) }
}

//! Whether the holder of a claim still lives.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chain::{Link, age};
use super::holder::Holder;
use super::{STALE, StoreError};
use crate::slurm::{self, Job, SlurmError};
use crate::sweep::store::io;

/// Whether the last link of a chain is held by somebody.
///
/// In this order: given back; my own job before it was put back into the queue; a process of this
/// machine; a job of this cluster; a heartbeat.
pub fn is_held(link: &Link) -> Result<bool, StoreError> {
    let path = link.path();
    let content = match fs::read(&path) {
        // A later link has come meanwhile: somebody is quicker.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        content => content.map_err(io("read", &path))?,
    };
    if content.is_empty() {
        return Ok(false);
    }
    let holder: Option<Holder> = serde_json::from_slice(&content).ok();
    if let Some(known) = holder.as_ref().and_then(ask) {
        return Ok(known);
    }
    Ok(age(&path).is_ok_and(|age| age < STALE.as_secs_f64()))
}

/// What the best witness says, if there is one.
fn ask(holder: &Holder) -> Option<bool> {
    if holder.was_me() {
        return Some(false);
    }
    if holder.is_here() {
        return Some(holder.has_process());
    }
    job_is_at_work(holder.job.as_ref()?)
}

/// How long an answer of Slurm is good: many runs are looked at many times.
const FRESH: Duration = Duration::from_secs(20);
/// How long Slurm is left alone when it did not answer, which takes it long enough.
const LEFT_ALONE: Duration = Duration::from_secs(300);

/// What Slurm said lately, by the number and the restarts of a job.
#[derive(Default)]
struct Answers {
    known: HashMap<(u64, u64), (Instant, bool)>,
    silent_since: Option<Instant>,
}

/// Without Slurm at hand, or for a job of another cluster, nothing is known.
fn job_is_at_work(job: &Job) -> Option<bool> {
    static ANSWERS: Mutex<Option<Answers>> = Mutex::new(None);
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let answers = answers.get_or_insert_default();
    let key = (job.number, job.restarts);
    match answers.known.get(&key) {
        Some((asked, answer)) if asked.elapsed() < FRESH => return Some(*answer),
        _ if answers.silent_since.is_some_and(|since| since.elapsed() < LEFT_ALONE) => return None,
        _ => {}
    }
    match ask_slurm(job) {
        Ok(answer) => {
            answers.known.extend(answer.map(|answer| (key, (Instant::now(), answer))));
            answer
        }
        Err(_) => {
            answers.silent_since = Some(Instant::now());
            None
        }
    }
}

fn ask_slurm(job: &Job) -> Result<Option<bool>, SlurmError> {
    let here = slurm::cluster()?.name == job.cluster;
    if here { slurm::is_at_work(job).map(Some) } else { Ok(None) }
}

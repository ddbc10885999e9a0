//! Whether the holder of a claim still lives.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::chain::{Link, age};
use super::holder::Holder;
use super::{STALE, StoreError};
use crate::slurm::{self, Job};
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
    let job = holder.job.as_ref()?;
    // Without Slurm at hand, or at another cluster, only the heartbeat is left.
    let here = slurm::cluster().ok()?.name == job.cluster;
    if here { job_is_at_work(job) } else { None }
}

/// How long an answer of Slurm is good: many runs are looked at many times.
const FRESH: Duration = Duration::from_secs(20);

fn job_is_at_work(job: &Job) -> Option<bool> {
    type Answers = HashMap<(u64, u64), (Instant, Option<bool>)>;
    static ANSWERS: Mutex<Option<Answers>> = Mutex::new(None);
    let mut answers = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let answers = answers.get_or_insert_default();
    let key = (job.number, job.restarts);
    if let Some((asked, answer)) = answers.get(&key)
        && asked.elapsed() < FRESH
    {
        return *answer;
    }
    let answer = slurm::is_at_work(job).ok();
    answers.insert(key, (Instant::now(), answer));
    answer
}

//! What a task does when Slurm ends it, with Slurm's commands replaced by scripts.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use crate::common::config::tiny_config;
use crate::common::fake_slurm::FakeSlurm;
use crate::common::program::{command, etastar};
use serde_json::Value;
use tempfile::TempDir;

/// The only task of a submission, whose only run does not end by itself.
fn endless_task(requeues: u64) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = tiny_config()
        .replace("patience = 20", "patience = 900000000")
        .replace("max_epochs = 3000", "max_epochs = 1000000000");
    let sections = format!("[run]\ncheckpoint_seconds = 0.05\n[slurm]\nrequeues = {requeues}\n");
    fs::write(folder.path().join("x.toml"), config + &sections).unwrap();
    let plan = etastar(folder.path(), &["sweep", "x.toml", "--dry-run", "--json"]);
    let plan: Value = serde_json::from_slice(&plan.stdout).unwrap();
    let frozen = folder.path().join("results/x/slurm/1");
    fs::create_dir_all(&frozen).unwrap();
    let tasks = serde_json::json!([[plan["runs"][0]["run_id"]]]);
    fs::write(frozen.join("tasks.json"), tasks.to_string()).unwrap();
    folder
}

/// How a task ended.
struct Ended {
    code: Option<i32>,
    stderr: String,
    /// Whether it asked Slurm to requeue its job.
    requeued: bool,
}

/// Starts the task as job 7, restarted `restarts` times, sends it `signals` once it has a new
/// checkpoint,
/// while Slurm says `job` of it.
fn end_task(folder: &Path, restarts: u64, signals: &[&str], job: &str) -> Ended {
    let fake = FakeSlurm::new();
    fake.set("job", job);
    let before = checkpoint_time(folder);
    let mut task = command(folder, &["sweep", "x.toml", "--task", "0"]);
    fake.set_on(&mut task);
    task.env("SLURM_JOB_ID", "7").env("SLURM_CLUSTER_NAME", "fake");
    task.env("SLURM_ARRAY_JOB_ID", "6").env("SLURM_ARRAY_TASK_ID", "0");
    task.env("SLURM_RESTART_COUNT", restarts.to_string());
    let task = task.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let started = Instant::now();
    while checkpoint_time(folder) <= before {
        assert!(started.elapsed() < Duration::from_secs(60), "no checkpoint");
        std::thread::sleep(Duration::from_millis(20));
    }
    for signal in signals {
        let pid = task.id().to_string();
        assert!(Command::new("kill").args(["-s", signal, &pid]).status().unwrap().success());
    }
    let output = task.wait_with_output().unwrap();
    let calls = fake.calls();
    let requeued = calls.iter().any(|call| call == "scontrol requeue 6_0");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    Ended { code: output.status.code(), stderr, requeued }
}

fn has_checkpoint(folder: &Path) -> bool {
    checkpoint_time(folder).is_some()
}

/// When the run's checkpoint was written.
fn checkpoint_time(folder: &Path) -> Option<SystemTime> {
    let runs = fs::read_dir(folder.join("results/x/runs")).into_iter().flatten().flatten();
    let checkpoints = runs.map(|run| run.path().join("checkpoint.safetensors"));
    checkpoints.filter_map(|path| path.metadata().ok()?.modified().ok()).max()
}

/// Slurm's line about job 7.
fn job(restarts: u64, preempted: &str) -> String {
    format!(
        "JobId=7 ArrayJobId=6 ArrayTaskId=0 JobState=COMPLETING Requeue=1 Restarts={restarts} \
         PreemptTime={preempted}\n"
    )
}

const PREEMPTED: &str = "2026-11-28T09:22:22";

#[test]
fn a_preempted_task_saves_its_state_and_goes_back_into_the_queue() {
    let folder = endless_task(0);
    // Slurm sends the signal again at the end of a grace time.
    let ended = end_task(folder.path(), 0, &["TERM", "TERM"], &job(0, PREEMPTED));
    assert_eq!((ended.code, ended.requeued), (Some(130), true), "{}", ended.stderr);
    assert!(ended.stderr.contains("was preempted"), "{}", ended.stderr);
    assert!(has_checkpoint(folder.path()));
    // The same with the signal of the time limit, which a cluster may send at a preemption.
    let ended = end_task(folder.path(), 0, &["USR1", "TERM"], &job(0, PREEMPTED));
    assert_eq!((ended.code, ended.requeued), (Some(130), true), "{}", ended.stderr);
    // A cluster that requeues by itself is not asked.
    let ended = end_task(folder.path(), 0, &["TERM"], &job(1, "None"));
    assert_eq!((ended.code, ended.requeued), (Some(130), false), "{}", ended.stderr);
    assert!(ended.stderr.contains("Slurm puts it back"), "{}", ended.stderr);
}

#[test]
fn a_cancelled_task_saves_its_state_and_stays_cancelled() {
    let folder = endless_task(100);
    let ended = end_task(folder.path(), 0, &["TERM"], &job(0, "None"));
    assert_eq!((ended.code, ended.requeued), (Some(130), false), "{}", ended.stderr);
    assert!(!ended.stderr.contains("queue"), "{}", ended.stderr);
    assert!(has_checkpoint(folder.path()));
}

#[test]
fn the_last_lines_of_a_task_do_not_contradict_each_other() {
    let folder = endless_task(2);
    let ended = end_task(folder.path(), 1, &["USR1"], &job(1, "None"));
    assert_eq!((ended.code, ended.requeued), (Some(130), true), "{}", ended.stderr);
    assert!(ended.stderr.contains("asks Slurm to go back into the queue"), "{}", ended.stderr);
    let ended = end_task(folder.path(), 2, &["USR1"], &job(2, "None"));
    assert_eq!((ended.code, ended.requeued), (Some(1), false), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("into the queue").count(), 1, "{}", ended.stderr);
    let refusal = "does not go back into the queue: it was requeued 2 times already; raise \
                   slurm.requeues";
    assert!(ended.stderr.contains(refusal), "{}", ended.stderr);
}

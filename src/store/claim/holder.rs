//! The process that holds a claim.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

use crate::slurm::Job;

/// The content of a claim file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub host: String,
    #[serde(rename = "place")]
    pub pid_namespace: PidNamespace,
    pub pid: u32,
    /// Start of the process in seconds since 1970, if it is known: process IDs are reused.
    pub started: Option<u64>,
    pub job: Option<Job>,
}

/// Where a process ID is valid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PidNamespace {
    /// ID of the system's installation.
    machine: String,
    /// ID of the kernel's PID namespace: containers on one machine have their own process IDs.
    #[serde(rename = "processes")]
    namespace: String,
}

/// Seconds by which the computed start of a process may vary.
const START_TOLERANCE: u64 = 2;

impl Holder {
    /// This process.
    pub fn new() -> Self {
        static THIS_PROCESS: OnceLock<Holder> = OnceLock::new();
        let find = || {
            let pid = std::process::id();
            let started = start_time(pid);
            let host = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
            Self { host, pid_namespace: PidNamespace::current(), pid, started, job: Job::current() }
        };
        THIS_PROCESS.get_or_init(find).clone()
    }

    /// Whether the holder would be in this machine's process table.
    pub fn is_on_this_machine(&self) -> bool {
        let this = Self::new();
        this.started.is_some()
            && (&self.host, &self.pid_namespace) == (&this.host, &this.pid_namespace)
    }

    /// Whether the holder is in this machine's process table.
    pub fn is_running(&self) -> bool {
        // The start time is computed from a clock that may have been set meanwhile.
        let same_start =
            |start: u64| self.started.is_none_or(|then| start.abs_diff(then) <= START_TOLERANCE);
        start_time(self.pid).is_some_and(same_start)
    }

    /// Whether the holder was an earlier start of the Slurm job that this process belongs to.
    pub fn is_earlier_start_of_this_job(&self) -> bool {
        let (Some(holder), Some(this)) = (&self.job, Job::current()) else { return false };
        (&holder.cluster, holder.number) == (&this.cluster, this.number)
            && holder.restarts < this.restarts
    }
}

impl PidNamespace {
    fn current() -> Self {
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            machine: machine.trim().to_owned(),
            namespace: namespace.to_string_lossy().into_owned(),
        }
    }
}

/// When a running process of this machine was started.
fn start_time(pid: u32) -> Option<u64> {
    let pid = Pid::from_u32(pid);
    let mut system = System::new();
    let wanted = ProcessesToUpdate::Some(&[pid]);
    system.refresh_processes_specifics(wanted, true, ProcessRefreshKind::nothing());
    let process = system.process(pid)?;
    let ended = matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead);
    (!ended).then(|| process.start_time())
}

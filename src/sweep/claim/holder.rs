//! Who holds a claim.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};
use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System};

use crate::slurm::Job;

/// The content of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub host: String,
    pub place: Place,
    pub pid: u32,
    /// Start of the process in seconds since 1970, where it can be had: numbers are reused.
    pub started: Option<u64>,
    pub job: Option<Job>,
}

/// Where a process number means something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Of the system's installation.
    machine: String,
    /// Containers on one machine count their processes apart.
    processes: String,
}

impl Holder {
    /// This process.
    pub fn new() -> Self {
        static SELF: OnceLock<Holder> = OnceLock::new();
        let find = || {
            let pid = std::process::id();
            let started = start_of(pid);
            let host = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
            Self { host, place: Place::here(), pid, started, job: Job::current() }
        };
        SELF.get_or_init(find).clone()
    }

    /// Whether this machine's process table can tell of the holder.
    pub fn is_here(&self) -> bool {
        let me = Self::new();
        me.started.is_some() && (&self.host, &self.place) == (&me.host, &me.place)
    }

    /// Whether a process of this machine is the holder.
    pub fn has_process(&self) -> bool {
        // The start is computed from a clock that may be set meanwhile.
        let same = |start: u64| self.started.is_none_or(|then| start.abs_diff(then) <= CLOCK);
        start_of(self.pid).is_some_and(same)
    }

    /// Whether the holder was an earlier start of the job that this process is.
    pub fn was_me(&self) -> bool {
        let (Some(theirs), Some(mine)) = (&self.job, Job::current()) else { return false };
        (&theirs.cluster, theirs.number) == (&mine.cluster, mine.number)
            && theirs.restarts < mine.restarts
    }
}

/// Seconds by which the computed start of a process may vary.
const CLOCK: u64 = 2;

impl Place {
    fn here() -> Self {
        let machine = std::fs::read_to_string("/etc/machine-id").unwrap_or_default();
        let processes = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Self {
            machine: machine.trim().to_owned(),
            processes: processes.to_string_lossy().into_owned(),
        }
    }
}

/// When a living process of this machine began.
fn start_of(pid: u32) -> Option<u64> {
    let pid = Pid::from_u32(pid);
    let mut system = System::new();
    let wanted = ProcessesToUpdate::Some(&[pid]);
    system.refresh_processes_specifics(wanted, true, ProcessRefreshKind::nothing());
    let process = system.process(pid)?;
    let ended = matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead);
    (!ended).then(|| process.start_time())
}

//! Which program on which machine computed a result, and when.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

/// The version of the program, `x.y.z`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit it was built from.
pub const GIT_COMMIT: &str = env!("ETASTAR_GIT_COMMIT");

/// Program, machine, data and time of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    pub version: String,
    pub git_commit: String,
    pub host: String,
    /// CPU or GPU.
    pub device: String,
    pub data_digest: String,
    /// RFC 3339, UTC.
    pub finished: String,
}

impl Provenance {
    /// This program on this machine, now; `gpu` is the name of the GPU that trained, if there was one.
    pub fn now(data_digest: &str, gpu: Option<&str>) -> Self {
        let host = hostname::get().unwrap_or_default().to_string_lossy().into_owned();
        Self {
            version: VERSION.to_owned(),
            git_commit: GIT_COMMIT.to_owned(),
            host: if host.is_empty() { "unknown".to_owned() } else { host },
            device: gpu.map_or_else(cpu, |gpu| format!("{gpu}; {}", cpu())),
            data_digest: data_digest.to_owned(),
            finished: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}

/// The processor's name and its number of cores.
fn cpu() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = model.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{name}, {cores} cores")
}

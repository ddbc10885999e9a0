//! The memory that work needs, and the memory of the machine.

use std::sync::OnceLock;

use sysinfo::{Pid, Process, ProcessesToUpdate, System};

use crate::config::RunSpec;
use crate::data::DataShape;
use crate::net::Widths;

/// Work that needs more memory than there is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{what} needs about {} of memory, but only {} are available; {remedy}", size(*.needed), size(*.available))]
pub struct NotEnoughMemory {
    what: String,
    needed: u64,
    available: u64,
    remedy: &'static str,
}

/// Matrices of G's size in memory while the exact threshold is computed.
const MATRICES_WITH_THRESHOLDS: u64 = 15;
/// The same without the threshold: G, and the matrices that it is assembled from.
const MATRICES_WITHOUT: u64 = 3;
/// How often a result of a probe is in memory in some form.
const RESULT_COPIES: u64 = 4;
/// Least number of bytes for every parameter: the network, its saved state and a vector in double
/// precision.
const BYTES_PER_PARAMETER: u64 = 16;

/// Bytes that computing the thresholds of a Gram matrix of this side needs.
pub fn thresholds_bytes(side: usize) -> u64 {
    matrices_bytes(MATRICES_WITH_THRESHOLDS, side)
}

/// Bytes that a run needs: for its parameters, and for its Gram matrix when it is measured.
pub fn run_bytes(spec: &RunSpec, data: DataShape) -> u64 {
    parameters_bytes(spec, data).saturating_add(measurement_bytes(spec, data))
}

/// Bytes of memory that this process may use in total; `None` where that is unknown.
pub fn available() -> Option<u64> {
    static AVAILABLE: OnceLock<Option<u64>> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        let pid = Pid::from_u32(std::process::id());
        let mut system = System::new();
        system.refresh_memory();
        system.refresh_processes(ProcessesToUpdate::Some(&[pid]), false);
        let limit = system.process(pid).and_then(Process::cgroup_limits);
        let limits = [Some(system.total_memory()), limit.map(|limit| limit.total_memory)];
        limits.into_iter().flatten().filter(|&bytes| bytes > 0).min()
    })
}

/// Refuses a Gram matrix whose thresholds need more memory than there is.
///
/// # Errors
/// [`NotEnoughMemory`].
pub fn check_thresholds(side: usize) -> Result<(), NotEnoughMemory> {
    let what = format!("the threshold of a Gram matrix of side {side}");
    check(what, thresholds_bytes(side), available(), "leave samples out")
}

/// Refuses a probe of `runs` runs from `starts` points, and of the thresholds of a Gram matrix of this
/// side, that needs more memory than there is: every run leaves a result of `result_bytes`.
///
/// # Errors
/// [`NotEnoughMemory`], with the options to change.
pub fn check_probe(
    side: usize,
    parameters: usize,
    starts: u64,
    runs: u64,
    result_bytes: usize,
) -> Result<(), NotEnoughMemory> {
    check_thresholds(side)?;
    // Weights in single precision; a result is also a line of the CSV and of the JSON.
    let points = starts.saturating_mul(4 * parameters as u64);
    let results = runs.saturating_mul(result_bytes as u64).saturating_mul(RESULT_COPIES);
    let needed = points.saturating_add(results);
    let remedy = "choose fewer --points or --repeats";
    check(format!("a probe of {runs} runs"), needed, available(), remedy)
}

/// Refuses, before it is trained, a run that needs more memory than there is.
///
/// # Errors
/// [`NotEnoughMemory`], with the key to change.
pub fn check_run(spec: &RunSpec, data: DataShape) -> Result<(), NotEnoughMemory> {
    check_run_against(spec, data, available())
}

fn check_run_against(
    spec: &RunSpec,
    data: DataShape,
    available: Option<u64>,
) -> Result<(), NotEnoughMemory> {
    let what = format!("the network {}", widths(spec, data));
    check(what, parameters_bytes(spec, data), available, "choose smaller model.hidden")?;
    let (n, q) = (data.samples, data.outputs);
    let what = format!("measuring a minimum of {n} samples × {q} outputs");
    let remedy = if spec.analysis.thresholds {
        "choose smaller data.samples_per_class, or analysis.thresholds = false"
    } else {
        "choose smaller data.samples_per_class"
    };
    check(what, run_bytes(spec, data), available, remedy)
}

fn check(
    what: String,
    needed: u64,
    available: Option<u64>,
    remedy: &'static str,
) -> Result<(), NotEnoughMemory> {
    match available {
        Some(available) if needed > available => {
            Err(NotEnoughMemory { what, needed, available, remedy })
        }
        _ => Ok(()),
    }
}

fn widths(spec: &RunSpec, data: DataShape) -> Widths {
    spec.model.widths(data.features, data.outputs)
}

fn parameters_bytes(spec: &RunSpec, data: DataShape) -> u64 {
    (widths(spec, data).parameters() as u64).saturating_mul(BYTES_PER_PARAMETER)
}

fn measurement_bytes(spec: &RunSpec, data: DataShape) -> u64 {
    let count = if spec.analysis.thresholds { MATRICES_WITH_THRESHOLDS } else { MATRICES_WITHOUT };
    matrices_bytes(count, data.samples * data.outputs)
}

fn matrices_bytes(count: u64, side: usize) -> u64 {
    let side = side as u64;
    side.saturating_mul(side).saturating_mul(8 * count)
}

/// "2.0 GiB".
pub fn size(bytes: u64) -> String {
    let gibibytes = bytes as f64 / f64::from(1 << 30);
    if gibibytes < 1024.0 {
        format!("{gibibytes:.1} GiB")
    } else {
        format!("{:.0} TiB", gibibytes / 1024.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, single_run};

    fn run(overrides: &[&str]) -> RunSpec {
        let usual = ["train.learning_rate=0.1", "train.batch_size=1"];
        let overrides = usual.iter().chain(overrides).map(|text| (*text).to_owned());
        let overrides: Vec<String> = overrides.collect();
        single_run(&Config::parse("", "test", "results/x".into(), &overrides).unwrap()).unwrap()
    }

    fn data(samples: usize) -> DataShape {
        DataShape { samples, features: 784, outputs: 4 }
    }

    #[test]
    fn what_cannot_fit_is_refused_with_the_key_to_change() {
        let refusal = |overrides: &[&str], samples, gibibytes: u64| {
            check_run_against(&run(overrides), data(samples), Some(gibibytes << 30))
                .map_err(|error| error.to_string())
        };
        assert_eq!(refusal(&[], 1024, 4), Ok(()));
        let large = refusal(&[], 12_000, 4).unwrap_err();
        assert!(large.contains("257.5 GiB") && large.contains("analysis.thresholds"), "{large}");
        assert!(refusal(&["analysis.thresholds=false"], 12_000, 64).is_ok());
        let wide = refusal(&["model.hidden=[1000000, 1000000]"], 8, 64).unwrap_err();
        assert!(wide.contains("784-1000000-1000000-4") && wide.contains("15 TiB"), "{wide}");
    }

    #[test]
    fn this_machine_has_some() {
        assert!(available().is_some_and(|bytes| bytes > 1 << 28));
        assert_eq!(check_thresholds(64), Ok(()));
        assert!(check_thresholds(1 << 30).is_err());
        assert_eq!(check_probe(64, 1000, 8, 128, 100), Ok(()));
        for (starts, runs) in [(8, u64::MAX), (u64::MAX, 128), (8, 1 << 50)] {
            let said = check_probe(64, 1000, starts, runs, 100).unwrap_err().to_string();
            assert!(said.contains("fewer --points or --repeats"), "{said}");
        }
    }
}

//! `etastar devices`: the devices for training.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::device::{BackendInfo, Gpu, all_backends};
use serde_json::{Value, json};

use super::output_options::OutputOptions;
use super::standard_output::stdout;

/// Arguments of `devices`.
#[derive(Debug, Args)]
pub struct Devices;

impl Devices {
    pub fn run(&self, output: OutputOptions) -> anyhow::Result<ExitCode> {
        let backends = all_backends();
        let mut stdout = stdout();
        if output.json {
            let backends: Vec<Value> = backends.iter().map(as_json).collect();
            writeln!(stdout, "{:#}", json!({ "backends": backends }))?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(stdout, "run.backend  run.device")?;
        for (backend, index, device) in backends.iter().flat_map(rows) {
            writeln!(stdout, "{backend:<11}  {index:>10}  {device}")?;
        }
        for info in &backends {
            if let Some(missing) = &info.missing {
                writeln!(stdout, "{}: {missing}", info.backend.name())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// The backend, index and description of every device of `info`.
fn rows(info: &BackendInfo) -> Vec<(&'static str, usize, String)> {
    let backend = info.backend.name();
    if !info.backend.is_gpu() && info.missing.is_none() {
        return vec![(backend, 0, "the CPU".to_owned())];
    }
    let row = |(index, gpu): (usize, &Gpu)| {
        let kind = if gpu.is_physical { "" } else { ", software: no GPU" };
        let memory = gpu.memory.total.map_or(String::new(), |bytes| {
            format!(", {:.1} GiB", bytes as f64 / f64::from(1 << 30))
        });
        (backend, index, format!("{}{memory}{kind}", gpu.name))
    };
    info.gpus.iter().enumerate().map(row).collect()
}

fn as_json(info: &BackendInfo) -> Value {
    let device = |(index, gpu): (usize, &Gpu)| {
        json!({
            "index": index,
            "name": gpu.name,
            "is_gpu": gpu.is_physical,
            "memory_bytes": gpu.memory.total,
            "largest_buffer_bytes": gpu.memory.buffer,
        })
    };
    let mut devices: Vec<Value> = info.gpus.iter().enumerate().map(device).collect();
    if !info.backend.is_gpu() && info.missing.is_none() {
        devices.push(json!({ "index": 0, "name": "the CPU", "is_gpu": false }));
    }
    json!({ "backend": info.backend.name(), "devices": devices, "missing": info.missing })
}

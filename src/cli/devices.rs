//! `etastar devices`: what there is to train on.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use etastar::train::{Gpu, Offer, catalogue};
use serde_json::{Value, json};

use super::show::Style;

/// Arguments of `devices`.
#[derive(Debug, Args)]
pub struct Devices;

impl Devices {
    pub fn run(&self, style: Style) -> anyhow::Result<ExitCode> {
        let offers = catalogue();
        let mut out = std::io::stdout().lock();
        if style.json {
            let offers: Vec<Value> = offers.iter().map(as_json).collect();
            writeln!(out, "{:#}", json!({ "backends": offers }))?;
            return Ok(ExitCode::SUCCESS);
        }
        writeln!(out, "run.backend  run.device")?;
        for (backend, index, device) in offers.iter().flat_map(rows) {
            writeln!(out, "{backend:<11}  {index:>10}  {device}")?;
        }
        for offer in &offers {
            if let Some(missing) = &offer.missing {
                writeln!(out, "{}: {missing}", offer.backend.name())?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Backend, index, and the device in words.
fn rows(offer: &Offer) -> Vec<(&'static str, usize, String)> {
    let backend = offer.backend.name();
    if !offer.backend.is_gpu() && offer.missing.is_none() {
        return vec![(backend, 0, "the CPU".to_owned())];
    }
    let row = |(index, gpu): (usize, &Gpu)| {
        let kind = if gpu.is_card { "" } else { ", software: no GPU" };
        let memory = gpu.memory.total.map_or(String::new(), |bytes| {
            format!(", {:.1} GiB", bytes as f64 / f64::from(1 << 30))
        });
        (backend, index, format!("{}{memory}{kind}", gpu.name))
    };
    offer.gpus.iter().enumerate().map(row).collect()
}

fn as_json(offer: &Offer) -> Value {
    let device = |(index, gpu): (usize, &Gpu)| {
        json!({
            "index": index,
            "name": gpu.name,
            "is_gpu": gpu.is_card,
            "memory_bytes": gpu.memory.total,
            "largest_buffer_bytes": gpu.memory.buffer,
        })
    };
    let mut devices: Vec<Value> = offer.gpus.iter().enumerate().map(device).collect();
    if !offer.backend.is_gpu() && offer.missing.is_none() {
        devices.push(json!({ "index": 0, "name": "the CPU", "is_gpu": false }));
    }
    json!({ "backend": offer.backend.name(), "devices": devices, "missing": offer.missing })
}

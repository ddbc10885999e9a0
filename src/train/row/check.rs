//! Whether a device computes with the kernels what it computes without them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use burn::backend::Cube;
use burn::tensor::{Device, Tensor};

use super::network::RowNetwork;
use crate::data::Dataset;
use crate::net::{Layer, Weights};
use crate::train::EngineError;

/// Devices that were looked at, and what was found.
static KNOWN: Mutex<Vec<(Device, bool)>> = Mutex::new(Vec::new());

/// Relative distance that rounding may put between the two.
const ROUNDING: f64 = 1e-4;

/// Trains small networks on `device` both ways, the first time it is asked about it. A driver that
/// cannot compile the kernels, or compiles them wrongly, is told of once and goes without them.
pub fn agree(device: &Device) -> bool {
    if Tensor::<1>::zeros([1], device).try_into_primitive::<Cube>().is_err() {
        return false;
    }
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, works)) = known.iter().find(|(other, _)| other == device) {
        return *works;
    }
    let fault = match catch_unwind(AssertUnwindSafe(|| distance(device))) {
        Ok(Ok(distance)) if distance <= ROUNDING => None,
        Ok(Ok(distance)) => Some(format!("are off by {distance:.1e}")),
        Ok(Err(error)) => Some(format!("fail: {error}")),
        Err(_) => Some("do not compile".to_owned()),
    };
    if let Some(fault) = &fault {
        tracing::warn!("the kernels for small batches {fault} on this GPU; going on without them");
    }
    known.push((device.clone(), fault.is_none()));
    fault.is_none()
}

/// ‖θ − θ'‖/‖θ' − θ_0‖ after a few steps with and without the kernels.
fn distance(device: &Device) -> Result<f64, EngineError> {
    const SHAPE: [usize; 4] = [6, 10, 8, 3];
    let [samples, features, hidden, outputs] = SHAPE;
    let values = |count: usize, scale: f32| -> Vec<f32> {
        (0..count).map(|k| scale * (((k * 7919 + 13) % 101) as f32 / 50.0 - 1.0)).collect()
    };
    let data = Dataset {
        inputs: values(samples * features, 1.0),
        targets: values(samples * outputs, 1.0),
        samples,
        features,
        outputs,
        digest: String::new(),
    };
    let layer = |inputs: usize, outputs: usize| Layer {
        inputs,
        outputs,
        weight: values(inputs * outputs, 0.6),
        bias: values(outputs, 0.3),
    };
    let start = Weights { layers: vec![layer(features, hidden), layer(hidden, outputs)] };
    let orders = [[0, 4, 2, 1, 3], [5, 1, 0, 2, 4]];
    let orders: Vec<&[u32]> = orders.iter().map(<[u32; 5]>::as_slice).collect();
    let train = |mut network: RowNetwork| -> Result<Vec<f32>, EngineError> {
        network.join(&[start.clone(), start.clone()]);
        network.steps(&orders, 2, &[0.05, 0.02])?;
        Ok([flat(&network.weights(0)?), flat(&network.weights(1)?)].concat())
    };
    let found = train(RowNetwork::new(&data, 0.5, device).with_kernels())?;
    let expected = train(RowNetwork::new(&data, 0.5, device))?;
    let origin = [flat(&start), flat(&start)].concat();
    Ok(norm(&found, &expected) / norm(&expected, &origin))
}

fn flat(weights: &Weights) -> Vec<f32> {
    weights.layers.iter().flat_map(|layer| [&layer.weight[..], &layer.bias].concat()).collect()
}

fn norm(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

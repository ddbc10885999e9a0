//! Whether the kernels for small batches and tensor operations agree on a device.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use burn_dispatch::backends::Cube;
use burn_tensor::{Device, Tensor};

use super::super::error::EngineError;
use super::network::RowNetwork;
use crate::data::Dataset;
use crate::loss::Loss;
use crate::net::{Activation, Layer, Weights};

/// Devices that were checked, and whether the kernels work there.
static CHECKED: Mutex<Vec<(Device, bool)>> = Mutex::new(Vec::new());

/// Relative distance of the trained weights that rounding accounts for.
const TOLERANCE: f64 = 1e-4;

/// Trains small networks on `device` both ways, on the first call for it. Where the driver cannot
/// compile the kernels, or compiles them wrongly, a warning says so once and they are not used.
pub fn kernels_agree(device: &Device) -> bool {
    if Tensor::<1>::zeros([1], device).try_into_primitive::<Cube>().is_err() {
        return false;
    }
    let mut checked = CHECKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, works)) = checked.iter().find(|(other, _)| other == device) {
        return *works;
    }
    let problem = match catch_unwind(AssertUnwindSafe(|| distance(device))) {
        Ok(Ok(distance)) if distance <= TOLERANCE => None,
        Ok(Ok(distance)) => Some(format!("are off by {distance:.1e}")),
        Ok(Err(error)) => Some(format!("fail: {error}")),
        Err(_) => Some("do not compile".to_owned()),
    };
    if let Some(problem) = &problem {
        tracing::warn!(
            "the kernels for small batches {problem} on this GPU; going on without them"
        );
    }
    checked.push((device.clone(), problem.is_none()));
    problem.is_none()
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
    let layers = vec![layer(features, hidden), layer(hidden, outputs)];
    let start = Weights { activation: Activation::Relu, layers };
    let orders = [[0, 4, 2, 1, 3], [5, 1, 0, 2, 4]];
    let orders: Vec<&[u32]> = orders.iter().map(<[u32; 5]>::as_slice).collect();
    let train = |mut network: RowNetwork| -> Result<Vec<f32>, EngineError> {
        network.append(&[start.clone(), start.clone()]);
        network.steps(&orders, 2, &[0.05, 0.02])?;
        Ok([flat(&network.weights(0)?), flat(&network.weights(1)?)].concat())
    };
    let loss = Loss::squared(0.5);
    let found = train(RowNetwork::new(&data, loss, device).with_kernels())?;
    let expected = train(RowNetwork::new(&data, loss, device))?;
    let origin = [flat(&start), flat(&start)].concat();
    Ok(norm(&found, &expected) / norm(&expected, &origin))
}

fn flat(weights: &Weights) -> Vec<f32> {
    weights.layers.iter().flat_map(|layer| [&layer.weight[..], &layer.bias].concat()).collect()
}

fn norm(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
}

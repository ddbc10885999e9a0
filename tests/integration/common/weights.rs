//! Networks as vectors of parameters.

use etastar::net::Weights;

/// All parameters, layer by layer.
pub fn flat(weights: &Weights) -> Vec<f64> {
    let layers = weights.layers.iter();
    layers.flat_map(|layer| layer.weight.iter().chain(&layer.bias)).map(|&x| f64::from(x)).collect()
}

/// ‖a‖.
pub fn norm(a: &[f64]) -> f64 {
    a.iter().map(|a| a.powi(2)).sum::<f64>().sqrt()
}

/// ‖a − b‖.
pub fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// ‖θ_a − θ_b‖, the differences in single precision.
pub fn weights_distance(a: &Weights, b: &Weights) -> f64 {
    let square = |(a, b): (&f32, &f32)| f64::from(a - b).powi(2);
    let layers = a.layers.iter().zip(&b.layers);
    let pairs =
        layers.flat_map(|(a, b)| a.weight.iter().zip(&b.weight).chain(a.bias.iter().zip(&b.bias)));
    pairs.map(square).sum::<f64>().sqrt()
}

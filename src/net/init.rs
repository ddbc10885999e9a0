//! The initial point, the same on every backend.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::weights::{Layer, Weights, Widths};
use crate::config::ModelConfig;

/// PyTorch's default for `nn.Linear`, U(±1/√fan_in) for weights and biases, times `init_factor`
/// (\[M\] App. K: the initial weights × 15); biases only where `scale_biases` says so.
pub fn initial(widths: &Widths, config: &ModelConfig) -> Weights {
    let mut random = ChaCha8Rng::seed_from_u64(config.init_seed);
    let bias_factor = if config.scale_biases { config.init_factor } else { 1.0 };
    let layers = widths.layers().map(|(inputs, outputs)| {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut draw = |count: usize, factor: f64| -> Vec<f32> {
            (0..count).map(|_| (random.random_range(-bound..bound) * factor) as f32).collect()
        };
        Layer {
            outputs,
            inputs,
            weight: draw(outputs * inputs, config.init_factor),
            bias: draw(outputs, bias_factor),
        }
    });
    Weights { layers: layers.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(init_factor: f64, scale_biases: bool) -> ModelConfig {
        ModelConfig { hidden: vec![50], init_factor, scale_biases, init_seed: 3 }
    }

    #[test]
    fn weights_have_pytorchs_range_times_the_factor() {
        let widths = Widths::new(400, &[50], 3);
        let weights = initial(&widths, &config(15.0, false));
        let largest = |values: &[f32]| values.iter().fold(0.0_f32, |m, v| m.max(v.abs()));
        let first = &weights.layers[0];
        assert!(
            largest(&first.weight) <= 15.0 / 20.0 && largest(&first.weight) > 0.99 * 15.0 / 20.0
        );
        assert!(largest(&first.bias) <= 1.0 / 20.0);
        let variance = first.weight.iter().map(|w| w * w).sum::<f32>() / first.weight.len() as f32;
        let uniform = 0.75 * 0.75 / 3.0;
        assert!((variance / uniform - 1.0).abs() < 0.02, "variance {variance} of U(±0.75)");
    }

    #[test]
    fn the_factor_only_scales() {
        let widths = Widths::new(8, &[5], 2);
        let (one, two) =
            (initial(&widths, &config(1.0, true)), initial(&widths, &config(2.0, true)));
        for (a, b) in one.layers.iter().zip(&two.layers) {
            assert!(a.weight.iter().zip(&b.weight).all(|(x, y)| 2.0 * x == *y));
            assert!(a.bias.iter().zip(&b.bias).all(|(x, y)| 2.0 * x == *y));
        }
    }
}

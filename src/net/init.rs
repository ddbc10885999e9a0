//! The initial point, the same on every backend.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::activation::Activation;
use super::weights::{Layer, Weights, Widths};

/// How the initial point is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Initialization {
    /// The activation of the network.
    pub activation: Activation,
    /// Factor on the weights.
    pub factor: f64,
    /// Whether the biases are scaled too.
    pub scale_biases: bool,
    pub seed: u64,
}

/// PyTorch's default for `nn.Linear`, U(±1/√fan_in) for weights and biases, times the factor
/// (\[M\] App. K: the initial weights × 15); biases only where `scale_biases` says so.
pub fn initial(widths: &Widths, initialization: impl Into<Initialization>) -> Weights {
    let Initialization { activation, factor, scale_biases, seed } = initialization.into();
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let bias_factor = if scale_biases { factor } else { 1.0 };
    let layers = widths.layers().map(|(inputs, outputs)| {
        let bound = 1.0 / (inputs as f64).sqrt();
        let mut draw = |count: usize, factor: f64| -> Vec<f32> {
            (0..count).map(|_| (random.random_range(-bound..bound) * factor) as f32).collect()
        };
        Layer {
            outputs,
            inputs,
            weight: draw(outputs * inputs, factor),
            bias: draw(outputs, bias_factor),
        }
    });
    Weights { activation, layers: layers.collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(factor: f64, scale_biases: bool) -> Initialization {
        Initialization { activation: Activation::default(), factor, scale_biases, seed: 3 }
    }

    #[test]
    fn weights_have_pytorchs_range_times_the_factor() {
        let widths = Widths::new(400, &[50], 3);
        let weights = initial(&widths, by(15.0, false));
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
        let (one, two) = (initial(&widths, by(1.0, true)), initial(&widths, by(2.0, true)));
        for (a, b) in one.layers.iter().zip(&two.layers) {
            assert!(a.weight.iter().zip(&b.weight).all(|(x, y)| 2.0 * x == *y));
            assert!(a.bias.iter().zip(&b.bias).all(|(x, y)| 2.0 * x == *y));
        }
    }
}

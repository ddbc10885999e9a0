//! The step size of every epoch.

use crate::config::{WarmupConfig, WarmupShape};

/// η of `epoch` (from 0): grows from `from`·η to η over the warm-up's epochs, then stays.
///
/// Geometric: η · from^(1 − e/W); linear: η · (from + (1 − from) e/W).
pub fn learning_rate(target: f64, warmup: &WarmupConfig, epoch: u64) -> f64 {
    if epoch >= warmup.epochs {
        return target;
    }
    let progress = epoch as f64 / warmup.epochs as f64;
    target
        * match warmup.shape {
            WarmupShape::Geometric => warmup.from.powf(1.0 - progress),
            WarmupShape::Linear => warmup.from + (1.0 - warmup.from) * progress,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_start_at_the_fraction_and_end_at_the_target() {
        for shape in [WarmupShape::Geometric, WarmupShape::Linear] {
            let warmup = WarmupConfig { shape, from: 0.01, epochs: 10 };
            assert!((learning_rate(0.5, &warmup, 0) - 0.005).abs() < 1e-15);
            assert_eq!(learning_rate(0.5, &warmup, 10), 0.5);
            assert!(
                (0..10)
                    .all(|e| learning_rate(0.5, &warmup, e) < learning_rate(0.5, &warmup, e + 1))
            );
        }
        let geometric = WarmupConfig { shape: WarmupShape::Geometric, from: 0.01, epochs: 10 };
        assert!((learning_rate(1.0, &geometric, 5) - 0.1).abs() < 1e-15);
        let none = WarmupConfig { epochs: 0, ..geometric };
        assert_eq!(learning_rate(1.0, &none, 0), 1.0);
    }
}

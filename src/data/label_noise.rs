//! Label noise: a fraction of the labels is wrong on purpose.

use rand::seq::{IndexedRandom, index};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::settings::DataConfig;

/// Replaces ⌊`label_noise`·n⌉ of `labels`, chosen at random, each by one of the other `classes` with
/// equal probabilities.
///
/// A larger fraction keeps the labels that are wrong at a smaller one wrong, and adds others.
pub fn add(labels: &mut [u8], config: &DataConfig) {
    let mut random = ChaCha8Rng::seed_from_u64(config.label_seed);
    let order = index::sample(&mut random, labels.len(), labels.len());
    let count = (config.label_noise * labels.len() as f64).round() as usize;
    for index in order.into_iter().take(count) {
        let others: Vec<u8> =
            config.classes.iter().copied().filter(|&class| class != labels[index]).collect();
        labels[index] = others.choose(&mut random).copied().unwrap_or(labels[index]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn noisy(settings: &[&str]) -> Vec<u8> {
        let overrides: Vec<String> = settings.iter().map(|text| format!("data.{text}")).collect();
        let config = Config::parse("", "test", "results/x".into(), &overrides).unwrap();
        let mut labels: Vec<u8> = (0..4).flat_map(|class| [class; 100]).collect();
        add(&mut labels, &config.data);
        labels
    }

    fn wrong(labels: &[u8]) -> Vec<usize> {
        (0..400).filter(|&i| usize::from(labels[i]) != i / 100).collect()
    }

    #[test]
    fn exactly_the_requested_fraction_is_wrong() {
        for (noise, count) in
            [("label_noise=0", 0), ("label_noise=0.1", 40), ("label_noise=1", 400)]
        {
            let labels = noisy(&[noise]);
            assert_eq!(wrong(&labels).len(), count, "{noise}");
            assert!(labels.iter().all(|&label| label < 4));
        }
    }

    #[test]
    fn more_noise_keeps_the_wrong_labels_wrong() {
        let (few, many) =
            (wrong(&noisy(&["label_noise=0.1"])), wrong(&noisy(&["label_noise=0.5"])));
        assert!(few.iter().all(|place| many.contains(place)));
        assert_ne!(few, wrong(&noisy(&["label_noise=0.1", "label_seed=1"])));
    }

    #[test]
    fn every_other_class_is_equally_likely() {
        let labels = noisy(&["label_noise=1"]);
        let mut counts = [0.0_f64; 4];
        labels.iter().for_each(|&label| counts[usize::from(label)] += 1.0);
        // Binomial(300, 1/3) each.
        assert!(counts.iter().all(|count| (count - 100.0).abs() < 5.0 * 8.2), "{counts:?}");
    }
}

//! Choice of the samples of each class.

use rand::seq::index;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::error::DataError;
use super::settings::{DataConfig, Draw};

/// Indices into `labels`: class by class in the order of `classes`, each in file order.
///
/// # Errors
/// A class with fewer than `samples_per_class` samples.
pub fn choose(labels: &[u8], config: &DataConfig) -> Result<Vec<usize>, DataError> {
    let mut indices = Vec::with_capacity(config.classes.len() * config.samples_per_class);
    for &class in &config.classes {
        let members: Vec<usize> =
            (0..labels.len()).filter(|&index| labels[index] == class).collect();
        if members.len() < config.samples_per_class {
            return Err(DataError::TooFew {
                class,
                available: members.len(),
                wanted: config.samples_per_class,
                folder: config.folder.clone(),
            });
        }
        indices.extend(choose_members(&members, class, config));
    }
    Ok(indices)
}

fn choose_members(members: &[usize], class: u8, config: &DataConfig) -> Vec<usize> {
    let count = config.samples_per_class;
    match config.draw {
        Draw::First => members[..count].to_vec(),
        Draw::Random => {
            // One random stream per class: its samples do not depend on the other classes.
            let mut random = ChaCha8Rng::seed_from_u64(config.draw_seed);
            random.set_stream(u64::from(class));
            let mut positions = index::sample(&mut random, members.len(), count).into_vec();
            positions.sort_unstable();
            positions.into_iter().map(|position| members[position]).collect()
        }
    }
}

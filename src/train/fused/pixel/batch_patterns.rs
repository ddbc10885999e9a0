//! The patterns of a batch in tiles, readable by sample and by position.

use super::super::inputs::{Patterns, Values, WORD};
use super::pair::{Column, Row};

/// Samples that are worked on together: a bit each in the columns' masks, and their strips of Z or D fit
/// the L1 cache.
pub(super) const GROUP: usize = WORD;

/// The patterns of a batch, group by group of its samples and word by word.
#[derive(Clone, Debug, Default)]
pub(super) struct BatchPatterns {
    words: usize,
    tiles: Vec<PatternTile>,
}

/// 64 samples × 64 positions of the inputs. Samples that a group lacks are all off.
#[derive(Clone, Debug)]
pub(super) struct PatternTile {
    /// Bit i of `samples[k]`: position i is on in sample k.
    samples: [u64; GROUP],
    /// Bit k of `columns[i]`: the same, transposed.
    columns: [u64; WORD],
    /// `values[k][i]`; meaningless where the mask is off.
    values: [Values; GROUP],
}

impl BatchPatterns {
    /// Collects the patterns of `batch`.
    pub fn fill(&mut self, patterns: &Patterns, batch: &[u32]) {
        self.words = patterns.words();
        let needed = batch.len().div_ceil(GROUP) * self.words;
        if self.tiles.len() < needed {
            self.tiles.resize(needed, PatternTile::EMPTY);
        }
        let groups = batch.chunks(GROUP).zip(self.tiles.chunks_mut(self.words.max(1)));
        for (group, tiles) in groups {
            for (word, tile) in tiles.iter_mut().enumerate() {
                tile.fill(patterns, group, word);
            }
        }
    }

    /// The tiles of a group, word by word.
    #[inline(always)]
    pub fn group(&self, group: usize) -> &[PatternTile] {
        &self.tiles[group * self.words..][..self.words]
    }
}

impl PatternTile {
    const EMPTY: Self =
        Self { samples: [0; GROUP], columns: [0; WORD], values: [[0.0; WORD]; GROUP] };

    /// Sample `k`.
    #[inline(always)]
    pub fn row(&self, k: usize) -> Row<'_> {
        Row { mask: self.samples[k], values: &self.values[k] }
    }

    /// Position `i` of the inputs.
    #[inline(always)]
    pub fn column(&self, i: usize) -> Column<'_> {
        Column { mask: self.columns[i], values: &self.values, position: i }
    }

    fn fill(&mut self, patterns: &Patterns, group: &[u32], word: usize) {
        self.samples.fill(0);
        for (k, &sample) in group.iter().enumerate() {
            self.samples[k] = patterns.mask(sample, word);
            self.values[k] = *patterns.values(sample, word);
        }
        self.columns = transposed(self.samples);
    }
}

/// Bit k of word i becomes bit i of word k: halves are exchanged, then quarters within them, and so on.
fn transposed(mut bits: [u64; 64]) -> [u64; 64] {
    let (mut width, mut low) = (32, u64::MAX >> 32);
    while width > 0 {
        for k in (0..64).filter(|k| k & width == 0) {
            let moved = (bits[k] >> width ^ bits[k + width]) & low;
            bits[k] ^= moved << width;
            bits[k + width] ^= moved;
        }
        width /= 2;
        low ^= low << width;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transposing_moves_every_bit() {
        let bits: [u64; 64] = std::array::from_fn(|k| {
            (k as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(k as u32)
        });
        let there = transposed(bits);
        for (k, i) in (0..64).flat_map(|k| (0..64).map(move |i| (k, i))) {
            assert_eq!(there[i] >> k & 1, bits[k] >> i & 1, "{k} {i}");
        }
    }

    #[test]
    fn a_short_group_leaves_nothing_of_the_batch_before() {
        let rows: Vec<f32> = (0..100 * 70).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        let patterns = Patterns::new(&rows, 70);
        let mut patterns_of_batch = BatchPatterns::default();
        patterns_of_batch.fill(&patterns, &(0..100).collect::<Vec<u32>>());
        patterns_of_batch.fill(&patterns, &[5, 6, 7]);
        for (word, tile) in patterns_of_batch.group(0).iter().enumerate() {
            for (k, &mask) in tile.samples.iter().enumerate() {
                let expected = if k < 3 { patterns.mask(5 + k as u32, word) } else { 0 };
                assert_eq!(mask, expected);
            }
            assert!(tile.columns.iter().all(|column| *column < 8));
        }
    }
}

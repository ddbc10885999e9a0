//! Samples as bit patterns: which inputs differ from the background, 64 to a word, and by how much.

/// Inputs in one word of a pattern, and samples in one group of a batch.
pub(in super::super) const WORD: usize = u64::BITS as usize;

/// Values of 64 neighbouring positions.
pub(in super::super) type Values = [f32; WORD];

/// s of every sample, by *position*: inputs that are nonzero in some sample come first, so that the others
/// take no words.
#[derive(Clone, Debug)]
pub(in super::super) struct Patterns {
    words: usize,
    /// Input at every position.
    order: Vec<u32>,
    /// Bit i of `masks[sample·words + w]`: position 64 w + i is nonzero.
    masks: Vec<u64>,
    values: Vec<Values>,
}

impl Patterns {
    /// From dense rows of s, `inputs` numbers each.
    pub fn new(sparse: &[f32], inputs: usize) -> Self {
        let mut nonzero = vec![false; inputs];
        for row in sparse.chunks(inputs) {
            nonzero.iter_mut().zip(row).for_each(|(any, &value)| *any |= value != 0.0);
        }
        let (used, unused): (Vec<u32>, Vec<u32>) =
            (0..inputs as u32).partition(|&p| nonzero[p as usize]);
        let words = used.len().div_ceil(WORD);
        let mut values = Vec::with_capacity(sparse.len() / inputs * words);
        for row in sparse.chunks(inputs) {
            for word in used.chunks(WORD) {
                let mut block = [0.0; WORD];
                block.iter_mut().zip(word).for_each(|(value, &p)| *value = row[p as usize]);
                values.push(block);
            }
        }
        let masks = values.iter().map(mask).collect();
        Self { words, order: [used, unused].concat(), masks, values }
    }

    /// Words that a sample takes.
    pub fn words(&self) -> usize {
        self.words
    }

    /// Input at every position: first those that are nonzero in some sample.
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// Number of nonzero inputs of all samples together.
    pub fn nonzeros(&self) -> usize {
        self.masks.iter().map(|mask| mask.count_ones() as usize).sum()
    }

    /// Which of the positions 64·`word`… are nonzero in a sample.
    pub fn mask(&self, sample: u32, word: usize) -> u64 {
        self.masks[sample as usize * self.words + word]
    }

    /// Their values.
    pub fn values(&self, sample: u32, word: usize) -> &Values {
        &self.values[sample as usize * self.words + word]
    }
}

fn mask(values: &Values) -> u64 {
    values.iter().enumerate().map(|(i, &value)| u64::from(value != 0.0) << i).sum()
}

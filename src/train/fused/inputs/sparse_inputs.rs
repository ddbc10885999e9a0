//! The data set in the two forms that the weight layouts read.

use super::super::block::{Block, LANES};
use super::super::error::{FusedError, check_finite};
use super::order;
use super::patterns::Patterns;
use super::sample_stats::{SampleStats, background};

/// n samples of d numbers, stored twice: as bit patterns, and as lines of sixteen inputs that tend to be
/// nonzero together.
#[derive(Clone, Debug)]
pub struct SparseInputs {
    samples: usize,
    inputs: usize,
    background: f32,
    patterns: Patterns,
    /// Input at every position of the lines.
    order: Vec<u32>,
    line_starts: Vec<u32>,
    line_index: Vec<u32>,
    lines: Vec<Block>,
    stats: Vec<SampleStats>,
}

impl SparseInputs {
    /// From dense rows, sample by sample, `inputs` numbers each.
    ///
    /// # Errors
    /// If there is no whole sample, or a number is not finite, or there are more than 2³² lines.
    pub fn new(rows: &[f32], inputs: usize) -> Result<Self, FusedError> {
        check_rows(rows, inputs)?;
        let background = background(rows);
        let sparse: Vec<f32> = rows.iter().map(|x| x - background).collect();
        let order = order::by_co_occurrence(&sparse, inputs);
        let stats = rows.chunks(inputs).map(|row| SampleStats::new(row, background)).collect();
        let mut data = Self {
            samples: rows.len() / inputs,
            inputs,
            background,
            patterns: Patterns::new(&sparse, inputs),
            order,
            line_starts: vec![0],
            line_index: Vec::new(),
            lines: Vec::new(),
            stats,
        };
        for row in sparse.chunks(inputs) {
            data.push_lines(row);
        }
        if u32::try_from(data.lines.len()).is_err() {
            return Err(FusedError::TooLarge);
        }
        Ok(data)
    }

    /// Number of samples n.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// Numbers in a sample, d.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// b, the value that most inputs have.
    pub fn background(&self) -> f32 {
        self.background
    }

    /// Entries that differ from the background, all samples together.
    pub fn nonzeros(&self) -> usize {
        self.patterns.nonzeros()
    }

    /// Lines of sixteen inputs with at least one entry that differs from the background, all samples together.
    pub fn nonzero_lines(&self) -> usize {
        self.lines.len()
    }

    /// The samples as bits and values.
    pub(in super::super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    pub(in super::super) fn order(&self) -> &[u32] {
        &self.order
    }

    #[inline(always)]
    pub(in super::super) fn stats(&self, sample: u32) -> SampleStats {
        self.stats[sample as usize]
    }

    /// The lines of a sample that are not all background: their positions and their values.
    #[inline(always)]
    pub(in super::super) fn lines(&self, sample: u32) -> (&[u32], &[Block]) {
        let i = sample as usize;
        let range = self.line_starts[i] as usize..self.line_starts[i + 1] as usize;
        (&self.line_index[range.clone()], &self.lines[range])
    }

    fn push_lines(&mut self, row: &[f32]) {
        for (index, positions) in self.order.chunks(LANES).enumerate() {
            let mut line = Block::ZERO;
            for (lane, &p) in line.0.iter_mut().zip(positions) {
                *lane = row[p as usize];
            }
            if line != Block::ZERO {
                self.line_index.push(index as u32);
                self.lines.push(line);
            }
        }
        self.line_starts.push(self.lines.len() as u32);
    }
}

fn check_rows(rows: &[f32], inputs: usize) -> Result<(), FusedError> {
    if inputs == 0 {
        return Err(FusedError::Empty("the number of inputs"));
    }
    if rows.is_empty() {
        return Err(FusedError::Empty("the number of samples"));
    }
    if !rows.len().is_multiple_of(inputs) {
        let expected = rows.len().next_multiple_of(inputs);
        return Err(FusedError::Length { what: "the inputs", expected, found: rows.len() });
    }
    check_finite("the inputs", rows)
}

#[cfg(test)]
mod tests {
    use super::super::patterns::WORD;
    use super::*;

    /// Two samples of 40 inputs; inputs 3 and 30 differ from 0.5 in both, input 39 in the second.
    fn rows() -> Vec<f32> {
        let mut rows = vec![0.5; 80];
        for (at, value) in [(3, 1.0), (30, 0.0), (43, 2.0), (70, 3.0), (79, -1.0)] {
            rows[at] = value;
        }
        rows
    }

    /// Dense rows again, from the patterns and from the lines.
    fn dense(data: &SparseInputs, sample: u32) -> [Vec<f32>; 2] {
        let mut rows =
            [vec![data.background(); data.inputs()], vec![data.background(); data.inputs()]];
        for (position, &p) in data.patterns().order().iter().enumerate() {
            let (word, i) = (position / WORD, position % WORD);
            if word < data.patterns().words() {
                let value = data.patterns().values(sample, word)[i];
                assert_eq!(data.patterns().mask(sample, word) >> i & 1 == 1, value != 0.0);
                rows[0][p as usize] += value;
            }
        }
        let (index, lines) = data.lines(sample);
        for (&at, line) in index.iter().zip(lines) {
            for (&p, value) in data.order()[at as usize * LANES..].iter().zip(line.0) {
                rows[1][p as usize] += value;
            }
        }
        rows
    }

    #[test]
    fn both_forms_hold_the_samples() {
        let data = SparseInputs::new(&rows(), 40).unwrap();
        assert_eq!((data.background(), data.nonzeros()), (0.5, 5));
        for (i, row) in (0..).zip(rows().chunks(40)) {
            assert_eq!(dense(&data, i), [row, row]);
        }
        let mut order = data.order().to_vec();
        order.sort_unstable();
        assert_eq!(order, (0..40).collect::<Vec<u32>>());
    }

    #[test]
    fn inputs_that_are_on_together_share_a_line() {
        let data = SparseInputs::new(&rows(), 40).unwrap();
        assert_eq!(data.nonzero_lines(), 2);
    }

    #[test]
    fn the_background_needs_a_majority() {
        let data = SparseInputs::new(&[7.0, 7.0, 1.0, 2.0], 2).unwrap();
        assert_eq!(data.background(), 0.0);
    }

    #[test]
    fn stats_follow_from_the_dense_sample() {
        let data = SparseInputs::new(&rows(), 40).unwrap();
        let m = data.stats(1);
        let x = &rows()[40..];
        let close = |a: f32, b: f32| (a - b).abs() < 1e-5 * b.abs();
        assert!(close(m.sparse_sum, x.iter().map(|x| x - 0.5).sum()));
        assert!(close(m.background_gain, 1.0 + 0.5 * x.iter().sum::<f32>()));
        assert!(close(m.norm, (x.iter().map(|x| x * x).sum::<f32>() + 1.0).sqrt()));
    }

    #[test]
    fn what_is_wrong_with_the_rows_is_named() {
        assert_eq!(
            SparseInputs::new(&[], 3).unwrap_err(),
            FusedError::Empty("the number of samples")
        );
        assert_eq!(
            SparseInputs::new(&[1.0], 0).unwrap_err(),
            FusedError::Empty("the number of inputs")
        );
        let error = SparseInputs::new(&[1.0, 2.0, 3.0], 2).unwrap_err();
        assert_eq!(error.to_string(), "the inputs: 3 entries where 4 are needed");
        let error = SparseInputs::new(&[1.0, f32::NAN], 2).unwrap_err();
        assert_eq!(error.to_string(), "the inputs: entry 1 is not finite");
    }
}

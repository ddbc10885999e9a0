//! W1 += Xᵀ D with W1 stored by pixel: every row collects from the samples that have its pixel on.

use super::super::block::{Strip, WIDTH};
use super::super::inputs::{Entry, SparseInputs};
use super::super::simd::Simd;

/// Samples whose strips of D stay in the L1 cache together.
pub(super) const GROUP: usize = 64;

/// The batch's inputs by pixel, group by group of its samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Columns {
    /// Pixels ascending in every group.
    columns: Vec<Column>,
    /// End of every group in `columns`.
    ends: Vec<usize>,
    /// `index` is the sample's place in the group.
    entries: Vec<Entry>,
    next: Vec<u32>,
}

/// Where the entries of a pixel are.
#[derive(Clone, Copy, Debug)]
struct Column {
    pixel: u32,
    begin: u32,
    end: u32,
}

impl Columns {
    #[inline(always)]
    fn group(&self, group: usize) -> &[Column] {
        let begin = if group == 0 { 0 } else { self.ends[group - 1] };
        &self.columns[begin..self.ends[group]]
    }

    /// Sorts the entries of `batch` by group and pixel (counting sort, stable).
    pub fn fill(&mut self, data: &SparseInputs, batch: &[u32]) {
        self.columns.clear();
        self.ends.clear();
        let count: usize = batch.iter().map(|&sample| data.entries(sample).len()).sum();
        self.entries.resize(count, Entry::default());
        let mut end = 0;
        for group in batch.chunks(GROUP) {
            end = self.fill_group(data, group, end);
            self.ends.push(self.columns.len());
        }
    }

    fn fill_group(&mut self, data: &SparseInputs, group: &[u32], mut end: u32) -> u32 {
        self.next.clear();
        self.next.resize(data.inputs(), 0);
        for entry in group.iter().flat_map(|&sample| data.entries(sample)) {
            self.next[entry.index as usize] += 1;
        }
        for (pixel, next) in (0..).zip(&mut self.next) {
            let begin = end;
            end += std::mem::replace(next, begin);
            if end > begin {
                self.columns.push(Column { pixel, begin, end });
            }
        }
        for (row, &sample) in (0..).zip(group) {
            for entry in data.entries(sample) {
                let next = &mut self.next[entry.index as usize];
                self.entries[*next as usize] = Entry { index: row, value: entry.value };
                *next += 1;
            }
        }
        end
    }
}

/// `W1[p]` += Σ_k s_kp·`D[k]` for every pixel p, within one tile and one group.
#[inline(always)]
pub(super) fn add_columns<S: Simd>(
    s: S,
    w1: &mut [Strip],
    columns: &Columns,
    group: usize,
    d: &[Strip],
) {
    for &Column { pixel, begin, end } in columns.group(group) {
        collect(s, &mut w1[pixel as usize], &columns.entries[begin as usize..end as usize], d);
    }
}

#[inline(always)]
fn collect<S: Simd>(s: S, weights: &mut Strip, entries: &[Entry], d: &[Strip]) {
    let mut sums: [S::V; WIDTH] = std::array::from_fn(|j| s.load(&weights[j]));
    for entry in entries {
        let change = &d[entry.index as usize];
        let x = s.splat(entry.value);
        for j in 0..WIDTH {
            sums[j] = s.mul_add(x, s.load(&change[j]), sums[j]);
        }
    }
    for j in 0..WIDTH {
        s.store(sums[j], &mut weights[j]);
    }
}

//! Matrices cut into tiles of 128 hidden units, each tile contiguous.
//!
//! Rows of 1024 units one after another would lie 4 KiB apart: a tile of them would need a page each and
//! compete for the same cache sets. Tile by tile, what is used together is one stretch of memory.

use super::super::block::{LANES, Strip, WIDTH, ZERO_STRIP};
use super::super::inputs::WORD;

/// A matrix `[row][hidden]`, stored `[tile][row][128]` and padded with zeros.
#[derive(Clone, Debug)]
pub(in super::super) struct Tiles {
    strips: Vec<Strip>,
    rows: usize,
    tiles: usize,
}

impl Tiles {
    pub fn zeros(rows: usize, hidden: usize) -> Self {
        let tiles = hidden.div_ceil(WIDTH * LANES);
        Self { strips: vec![ZERO_STRIP; rows * tiles], rows, tiles }
    }

    /// Makes room for `rows` rows; the contents are lost if the matrix has to grow.
    pub fn reserve_rows(&mut self, rows: usize) {
        if self.rows < rows {
            self.rows = rows;
            self.strips.resize(rows * self.tiles, ZERO_STRIP);
        }
    }

    pub fn rows(&self) -> usize {
        self.rows
    }

    pub fn count(&self) -> usize {
        self.tiles
    }

    /// All rows of one tile.
    #[inline(always)]
    pub fn tile(&self, t: usize) -> &[Strip] {
        &self.strips[t * self.rows..][..self.rows]
    }

    /// All rows of one tile, to be changed.
    #[inline(always)]
    pub fn tile_mut(&mut self, t: usize) -> &mut [Strip] {
        &mut self.strips[t * self.rows..][..self.rows]
    }

    /// Rows 64·`group` to 64·`group` + 63 of one tile.
    ///
    /// # Panics
    /// If the matrix has fewer rows.
    #[inline(always)]
    pub fn group(&self, t: usize, group: usize) -> &[Strip; WORD] {
        &self.tile(t).as_chunks().0[group]
    }

    pub fn get(&self, row: usize, h: usize) -> f32 {
        self.strips[h / LANES / WIDTH * self.rows + row][h / LANES % WIDTH].0[h % LANES]
    }

    pub fn set(&mut self, row: usize, h: usize, value: f32) {
        self.strips[h / LANES / WIDTH * self.rows + row][h / LANES % WIDTH].0[h % LANES] = value;
    }
}

//! Storage in cache lines: sixteen `f32` side by side, and matrices made of them.

/// Numbers in one [`Block`].
pub(super) const LANES: usize = 16;

/// Sixteen neighbouring `f32`: one cache line and one AVX-512 register.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(super) struct Block(pub [f32; LANES]);

impl Block {
    pub const ZERO: Self = Self([0.0; LANES]);
}

/// Blocks in a [`Strip`]: as many as fit in registers with room to spare.
pub(super) const WIDTH: usize = 8;

/// 128 neighbouring numbers, what the pixel-major kernels work on at a time.
pub(super) type Strip = [Block; WIDTH];

pub(super) const ZERO_STRIP: Strip = [Block::ZERO; WIDTH];

/// One number for every hidden unit, padded with zeros to whole strips.
#[derive(Clone, Debug)]
pub(super) struct PerUnit(pub Vec<Strip>);

impl PerUnit {
    pub fn from_slice(values: &[f32]) -> Self {
        let mut all = Self(vec![ZERO_STRIP; values.len().div_ceil(WIDTH * LANES)]);
        for (h, &value) in values.iter().enumerate() {
            *all.at(h) = value;
        }
        all
    }

    /// The first `hidden` numbers.
    pub fn to_vec(&self, hidden: usize) -> Vec<f32> {
        (0..hidden).map(|h| self.get(h)).collect()
    }

    /// Numbers 16·j to 16·j + 15.
    #[inline(always)]
    pub fn block(&self, j: usize) -> &Block {
        &self.0[j / WIDTH][j % WIDTH]
    }

    #[inline(always)]
    pub fn block_mut(&mut self, j: usize) -> &mut Block {
        &mut self.0[j / WIDTH][j % WIDTH]
    }

    #[inline(always)]
    pub fn get(&self, h: usize) -> f32 {
        self.0[h / LANES / WIDTH][h / LANES % WIDTH].0[h % LANES]
    }

    #[inline(always)]
    pub fn at(&mut self, h: usize) -> &mut f32 {
        &mut self.0[h / LANES / WIDTH][h / LANES % WIDTH].0[h % LANES]
    }
}

/// A matrix whose rows are whole blocks. Rows are padded with zeros, and with one block more where a row
/// would be a multiple of a page: such rows would all compete for the same few cache sets.
#[derive(Clone, Debug)]
pub(super) struct Matrix {
    blocks: Vec<Block>,
    stride: usize,
    width: usize,
}

impl Matrix {
    /// A zero matrix of `rows` rows with room for `columns` numbers each.
    pub fn zeros(rows: usize, columns: usize) -> Self {
        const BLOCKS_PER_PAGE: usize = 4096 / size_of::<Block>();
        let width = columns.div_ceil(LANES);
        let stride = if width.is_multiple_of(BLOCKS_PER_PAGE) { width + 1 } else { width };
        Self { blocks: vec![Block::ZERO; rows * stride], stride, width }
    }

    /// Blocks of a row that hold numbers.
    #[inline(always)]
    pub fn width(&self) -> usize {
        self.width
    }

    pub fn rows(&self) -> usize {
        self.blocks.len() / self.stride
    }

    /// Makes room for `rows` rows.
    pub fn reserve_rows(&mut self, rows: usize) {
        if self.rows() < rows {
            self.blocks.resize(rows * self.stride, Block::ZERO);
        }
    }

    #[inline(always)]
    pub fn row(&self, i: usize) -> &[Block] {
        &self.blocks[i * self.stride..][..self.width]
    }

    #[inline(always)]
    pub fn row_mut(&mut self, i: usize) -> &mut [Block] {
        &mut self.blocks[i * self.stride..][..self.width]
    }

    #[inline(always)]
    pub fn get(&self, i: usize, j: usize) -> f32 {
        self.blocks[i * self.stride + j / LANES].0[j % LANES]
    }

    #[inline(always)]
    pub fn set(&mut self, i: usize, j: usize, value: f32) {
        self.blocks[i * self.stride + j / LANES].0[j % LANES] = value;
    }
}

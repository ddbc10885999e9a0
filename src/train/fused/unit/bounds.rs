//! Which hidden units are certain to be inactive in a sample, without computing them.
//!
//! Let z be the preactivation of a unit in sample i when it was last computed, and x̃ = (x, 1). Every step
//! since moved the unit's weights (bias included) by g x̃_j for some sample j, so by Cauchy–Schwarz its
//! preactivation is now at most z + ‖x̃_i‖ (P − P_then), where P = Σ |g| ‖x̃_j‖ is the length of
//! the weights' path. The unit is certainly inactive while P < P_then − z/‖x̃_i‖; the right side is stored.
//! P and the stored number include a margin for rounding, so that skipping never changes a result.

use super::super::block::{Block, LANES, Matrix};
use super::super::inputs::{SampleStats, SparseInputs};
use super::super::simd::Simd;

/// The largest table of thresholds: this many numbers (256 MiB).
const MAX_TABLE: usize = 1 << 26;

/// Relative errors, generously: of an update (a weight is rounded once, a length a few times) and of an
/// evaluation (a preactivation is rounded about d/32 + 10 times).
const UPDATE_SLACK: f32 = 16.0 * f32::EPSILON;
const EVALUATION_SLACK: f32 = 256.0 * f32::EPSILON;

/// Paths longer than this are restarted, because their own rounding grows with them.
const MAX_PATH: f32 = 32.0;

/// Paths and thresholds.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    /// P of every unit, never too small.
    path: Vec<Block>,
    /// A bound on the norm of everything stored for the unit.
    size: Vec<Block>,
    /// P_then − z/‖x̃_i‖, never too large, `[sample][hidden]`; padding lanes are never candidates.
    thresholds: Option<Matrix>,
    /// The candidates where there is no table: every unit, no padding.
    always: Vec<Block>,
    /// max_i reach_i/‖x̃_i‖: how much larger the stored parts are than the weights they add up to.
    spread: f32,
    /// With a velocity.
    motion: Option<MotionBounds>,
}

/// A unit with a velocity moves without a gradient, too.
#[derive(Clone, Debug)]
struct MotionBounds {
    /// A bound on the norm of the velocity of every unit.
    speed: Vec<Block>,
    /// How large the stored parts of weights are, in terms of `size` and `speed`.
    parts: [f32; 2],
}

/// Bounds on what a step does, in terms of size and speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct StepBounds {
    /// How far the weights move without a gradient.
    pub way: [f32; 2],
    /// Their speed after it.
    pub speed: [f32; 2],
    /// How far a gradient of norm 1 moves them at once, and what it adds to their speed.
    pub gradient: [f32; 2],
    /// How large the stored parts are of weights and of velocities.
    pub parts: [[f32; 2]; 2],
}

impl Bounds {
    /// Initial bounds, which exclude no unit: every unit has to be computed once in every sample.
    pub fn new(data: &SparseInputs, hidden: usize) -> Self {
        let blocks = hidden.div_ceil(LANES);
        let keep = data.samples().saturating_mul(blocks * LANES) <= MAX_TABLE;
        let ratio = |m: SampleStats| m.reach / m.norm;
        let mut bounds = Self {
            path: vec![Block::ZERO; blocks],
            size: vec![Block::ZERO; blocks],
            thresholds: keep.then(|| Matrix::zeros(data.samples(), hidden)),
            always: (0..blocks).map(|j| unknown(hidden - j * LANES)).collect(),
            spread: (0..data.samples() as u32).map(|i| ratio(data.stats(i))).fold(1.0, f32::max),
            motion: None,
        };
        if let Some(table) = &mut bounds.thresholds {
            (0..data.samples()).for_each(|i| table.row_mut(i).copy_from_slice(&bounds.always));
        }
        bounds
    }

    /// The same bounds of units that move with a velocity.
    pub fn with_velocity(self) -> Self {
        let speed = vec![Block::ZERO; self.path.len()];
        Self { motion: Some(MotionBounds { speed, parts: [1.0, 0.0] }), ..self }
    }

    /// The units of block `j` that may be active in the sample, one bit each.
    #[inline(always)]
    pub fn candidates<S: Simd>(&self, s: S, sample: u32, j: usize) -> u16 {
        let thresholds = self
            .thresholds
            .as_ref()
            .map_or(self.always.as_slice(), |table| table.row(sample as usize));
        s.at_least(s.load(&self.path[j]), s.load(&thresholds[j]))
    }

    /// Records the preactivations of the units `candidates` of block `j`.
    #[inline(always)]
    pub fn record_preactivations<S: Simd>(
        &mut self,
        s: S,
        sample: u32,
        stats: &SampleStats,
        j: usize,
        candidates: u16,
        z: S::V,
    ) {
        let Some(table) = &mut self.thresholds else {
            return;
        };
        let threshold = &mut table.row_mut(sample as usize)[j];
        let (path, mut size) = (s.load(&self.path[j]), s.load(&self.size[j]));
        if let Some(MotionBounds { speed, parts }) = &self.motion {
            size = combined(s, *parts, size, s.load(&speed[j]));
        }
        let distance = s.mul_add(z, s.splat(-1.0 / stats.norm), s.splat(0.0));
        let slack = s.mul_add(size, s.splat(-EVALUATION_SLACK * self.spread), s.splat(0.0));
        // The margin on the path covers the rounding-up of the path and the rounding of this sum.
        let certain = s.mul_add(path, s.splat(1.0 - UPDATE_SLACK), s.add(distance, slack));
        s.store(s.select(candidates, certain, s.load(threshold)), threshold);
    }

    /// Records that every unit of block `j` was moved by its |change| times x̃.
    #[inline(always)]
    pub fn record_change<S: Simd>(&mut self, s: S, stats: &SampleStats, j: usize, change: S::V) {
        let length = s.abs(change);
        let size = s.mul_add(length, s.splat(stats.reach), s.load(&self.size[j]));
        let size = s.mul_add(size, s.splat(f32::EPSILON), size);
        s.store(size, &mut self.size[j]);
        // Units that did not move keep their path.
        let path = s.load(&self.path[j]);
        let gone =
            s.mul_add(length, s.splat(stats.norm * (1.0 + UPDATE_SLACK * self.spread)), path);
        let slack = s.splat(UPDATE_SLACK * self.spread);
        let above = s.mul_add(s.add(size, gone), slack, gone);
        let still = s.at_least(s.splat(0.0), length);
        s.store(s.select(still, path, above), &mut self.path[j]);
    }

    /// Records a step of block `j` before its gradients.
    #[inline(always)]
    pub fn record_step<S: Simd>(&mut self, s: S, j: usize, step: &StepBounds) {
        let Some(motion) = &mut self.motion else { return };
        let (size, speed) = (s.load(&self.size[j]), s.load(&motion.speed[j]));
        let path = s.load(&self.path[j]);
        let slack = s.splat(UPDATE_SLACK * self.spread);
        let way = combined(s, step.way, size, speed);
        let stored = combined(s, step.parts[0], size, speed);
        let gone = s.mul_add(way, s.splat(1.0 + UPDATE_SLACK * self.spread), path);
        let above = s.mul_add(s.add(stored, gone), slack, gone);
        let still = s.at_least(s.splat(0.0), way);
        s.store(s.select(still, path, above), &mut self.path[j]);
        let larger = s.mul_add(way, s.splat(self.spread), size);
        let larger = s.mul_add(larger, s.splat(f32::EPSILON), larger);
        s.store(s.select(still, size, larger), &mut self.size[j]);
        let next = combined(s, step.speed, size, speed);
        let rounding = s.add(next, combined(s, step.parts[1], size, speed));
        s.store(s.mul_add(rounding, slack, next), &mut motion.speed[j]);
    }

    /// Records that every unit of block `j` had a gradient of its |gradient| times x̃ in this step.
    #[inline(always)]
    pub fn record_gradient<S: Simd>(
        &mut self,
        s: S,
        stats: &SampleStats,
        j: usize,
        gradient: S::V,
        step: &StepBounds,
    ) {
        let Some(motion) = &mut self.motion else { return };
        let length = s.abs(gradient);
        let still = s.at_least(s.splat(0.0), length);
        let (path, spread) = (s.load(&self.path[j]), self.spread);
        let factor = |of: f32, norm: f32| s.splat(of * norm * (1.0 + UPDATE_SLACK * spread));
        let speed =
            s.mul_add(length, factor(step.gradient[1], stats.norm), s.load(&motion.speed[j]));
        let speed = s.mul_add(speed, s.splat(f32::EPSILON), speed);
        s.store(speed, &mut motion.speed[j]);
        let size = s.mul_add(length, factor(step.gradient[0], stats.reach), s.load(&self.size[j]));
        let size = s.mul_add(size, s.splat(f32::EPSILON), size);
        s.store(size, &mut self.size[j]);
        let gone = s.mul_add(length, factor(step.gradient[0], stats.norm), path);
        let stored = combined(s, step.parts[0], size, speed);
        let above = s.mul_add(s.add(stored, gone), s.splat(UPDATE_SLACK * spread), gone);
        s.store(s.select(still, path, above), &mut self.path[j]);
    }

    /// How large the stored parts are from now on, in terms of size and speed.
    pub fn set_parts(&mut self, parts: [f32; 2]) {
        if let Some(motion) = &mut self.motion {
            motion.parts = parts;
        }
    }

    /// [`record_rewrite`](Self::record_rewrite) of a unit with a velocity whose norm is `speed`.
    pub fn record_moving_rewrite(&mut self, h: usize, size: f32, speed: f32, jump: f32) {
        self.record_rewrite(h, size, jump);
        let Some(motion) = &mut self.motion else { return };
        let (i, j) = (h / LANES, h % LANES);
        // It was computed with rounding itself, and what is stored is larger than it.
        let speed = 1.001 * speed;
        motion.speed[i].0[j] = speed;
        let stored = motion.parts[0] * 1.001 * size + motion.parts[1] * speed;
        self.path[i].0[j] += EVALUATION_SLACK * self.spread * stored;
    }

    /// Records that unit `h` was rewritten with stored parts of norm `size`, and that its response to the
    /// background, which should have stayed, moved by `jump`.
    pub fn record_rewrite(&mut self, h: usize, size: f32, jump: f32) {
        let (i, j) = (h / LANES, h % LANES);
        // Both were computed with rounding themselves.
        let (size, jump) = (1.001 * size, 1.001 * jump.abs());
        self.size[i].0[j] = size;
        let path = self.path[i].0[j] + jump + EVALUATION_SLACK * self.spread * size;
        self.path[i].0[j] = path * (1.0 + UPDATE_SLACK);
    }

    /// Restarts the paths at 0 once they are long, and shifts the thresholds with them.
    pub fn restart_paths(&mut self) {
        let longest = self.path.iter().flat_map(|block| block.0).fold(0.0, f32::max);
        if longest < MAX_PATH {
            return;
        }
        if let Some(table) = &mut self.thresholds {
            for i in 0..table.rows() {
                for (threshold, path) in table.row_mut(i).iter_mut().zip(&self.path) {
                    for (t, p) in threshold.0.iter_mut().zip(path.0) {
                        *t = (*t - p).next_down();
                    }
                }
            }
        }
        self.path.fill(Block::ZERO);
    }
}

/// a x + b y.
#[inline(always)]
fn combined<S: Simd>(s: S, [a, b]: [f32; 2], x: S::V, y: S::V) -> S::V {
    s.mul_add(s.splat(a), x, s.mul_add(s.splat(b), y, s.splat(0.0)))
}

/// Thresholds of a block of which `units` lanes are in use: always candidates, padding never.
fn unknown(units: usize) -> Block {
    Block(std::array::from_fn(|lane| if lane < units { f32::NEG_INFINITY } else { f32::INFINITY }))
}

#[cfg(test)]
mod tests {
    use super::super::super::simd::Portable;
    use super::*;

    /// Two samples of norm 5 (x = (2, 4, 2), and 1 for the bias), a network of 20 units.
    fn bounds() -> (Bounds, SampleStats) {
        let data = SparseInputs::new(&[2.0, 4.0, 2.0, 2.0, 4.0, 2.0], 3).unwrap();
        let mut bounds = Bounds::new(&data, 20);
        (0..20).for_each(|h| bounds.record_rewrite(h, 1.0, 0.0));
        (bounds, data.stats(0))
    }

    #[test]
    fn every_unit_and_no_padding_is_due_at_first() {
        let (bounds, _) = bounds();
        assert_eq!(bounds.candidates(Portable, 0, 0), 0xFFFF);
        assert_eq!(bounds.candidates(Portable, 1, 1), 0x000F);
    }

    #[test]
    fn a_unit_is_due_again_just_before_it_can_be_on() {
        let (mut bounds, stats) = bounds();
        let mut z = [-50.0; LANES];
        z[3] = 1.0;
        bounds.record_preactivations(Portable, 0, &stats, 0, 0xFFFF, z);
        assert_eq!(bounds.candidates(Portable, 0, 0), 1 << 3, "a unit that is on is always due");
        // A move of unit 7 by g x̃ raises its preactivation by at most 25 g: from −50 to 0 at g = 2.
        let mut change = [0.0; LANES];
        change[7] = -1.99;
        bounds.record_change(Portable, &stats, 0, change);
        assert_eq!(bounds.candidates(Portable, 0, 0), 1 << 3);
        change[7] = 0.0099;
        bounds.record_change(Portable, &stats, 0, change);
        assert_eq!(bounds.candidates(Portable, 0, 0) >> 7 & 1, 0);
        bounds.record_change(Portable, &stats, 0, change);
        assert_eq!(bounds.candidates(Portable, 0, 0), 1 << 3 | 1 << 7);
    }

    #[test]
    fn starting_paths_anew_forgets_nothing_that_is_due() {
        let (mut bounds, stats) = bounds();
        bounds.record_preactivations(Portable, 0, &stats, 0, 0xFFFF, [-500.0; LANES]);
        let change = std::array::from_fn(|lane| if lane < 4 { 10.0 } else { 19.0 });
        bounds.record_change(Portable, &stats, 0, change);
        bounds.restart_paths();
        assert_eq!(bounds.path[0], Block::ZERO);
        assert_eq!(bounds.candidates(Portable, 0, 0), 0);
        bounds.record_change(Portable, &stats, 0, [2.0; LANES]);
        assert_eq!(bounds.candidates(Portable, 0, 0), 0xFFF0, "10 + 2 < 20 ≤ 19 + 2, times 5");
    }
}

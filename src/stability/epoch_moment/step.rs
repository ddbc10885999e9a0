//! One step of linearised SGD on a second moment.

use crate::optimizer::LinearStep;

/// z ← (S ⊗ I)z + b ⊗ RᵀRθ with the mean Hessian RᵀR of a batch, and buffers for its second moment.
pub(super) struct Step {
    linear: LinearStep,
    /// Numbers of θ.
    rank: usize,
    images: Vec<f64>,
    inner: Vec<f64>,
    turned: Vec<f64>,
}

impl Step {
    pub fn new(linear: LinearStep, rank: usize) -> Self {
        Self { linear, rank, images: Vec::new(), inner: Vec::new(), turned: Vec::new() }
    }

    /// `target` += `weight` times the second moment after the step, for the symmetric M = `source` before it.
    ///
    /// With W = RM_θ, the rows of M that are θ's, and V = W(Sᵀ ⊗ I) + ½ bᵀ ⊗ W_θRᵀR it is
    /// (S ⊗ I)M(Sᵀ ⊗ I) + b ⊗ RᵀV + (b ⊗ RᵀV)ᵀ.
    pub fn add(&mut self, rows: &[f64], weight: f64, source: &[f64], target: &mut [f64]) {
        let (d, side) = (self.rank, self.linear.components * self.rank);
        let height = rows.len() / d;
        self.images.clear();
        self.images.resize(height * side, 0.0);
        for (row, image) in rows.chunks_exact(d).zip(self.images.chunks_exact_mut(side)) {
            row.iter()
                .zip(source.chunks_exact(side))
                .for_each(|(&x, line)| add_scaled(image, x, line));
        }
        self.inner.clear();
        for image in self.images.chunks_exact(side) {
            self.inner.extend(rows.chunks_exact(d).map(|row| dot(&image[..d], row)));
        }
        self.images.chunks_exact_mut(side).for_each(|image| self.linear.turn(image, d));
        let gradient = self.linear.gradient;
        for (image, inner) in
            self.images.chunks_exact_mut(side).zip(self.inner.chunks_exact(height.max(1)))
        {
            for (&x, row) in inner.iter().zip(rows.chunks_exact(d)) {
                for (part, b) in image.chunks_exact_mut(d).zip(gradient) {
                    add_scaled(part, 0.5 * b * x, row);
                }
            }
        }
        self.add_constant(weight, source, target);
        for (row, image) in rows.chunks_exact(d).zip(self.images.chunks_exact(side)) {
            for (at, line) in target.chunks_exact_mut(side).enumerate() {
                add_scaled(line, weight * gradient[at / d] * row[at % d], image);
                for (part, b) in line.chunks_exact_mut(d).zip(gradient) {
                    add_scaled(part, weight * b * image[at], row);
                }
            }
        }
    }

    /// `target` += `weight` (S ⊗ I)M(Sᵀ ⊗ I).
    fn add_constant(&mut self, weight: f64, source: &[f64], target: &mut [f64]) {
        let (d, side) = (self.rank, self.linear.components * self.rank);
        let constant = self.linear.constant;
        self.turned.clear();
        self.turned.extend_from_slice(source);
        self.turned.chunks_exact_mut(side).for_each(|line| self.linear.turn(line, d));
        for (to, lines) in target.chunks_exact_mut(d * side).enumerate() {
            for (from, parts) in self.turned.chunks_exact(d * side).enumerate() {
                add_scaled(lines, weight * constant[to][from], parts);
            }
        }
    }
}

impl LinearStep {
    /// `line` ← (S ⊗ I)`line` for one number of each component after the other, `rank` of them.
    fn turn(&self, line: &mut [f64], rank: usize) {
        let [[position, coupling], [decay, velocity]] = self.constant;
        if self.components == 1 {
            line.iter_mut().for_each(|x| *x *= position);
            return;
        }
        let (first, second) = line.split_at_mut(rank);
        for (x, u) in first.iter_mut().zip(second) {
            (*x, *u) = (position * *x + coupling * *u, decay * *x + velocity * *u);
        }
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

fn add_scaled(target: &mut [f64], factor: f64, source: &[f64]) {
    target.iter_mut().zip(source).for_each(|(x, y)| *x += factor * y);
}

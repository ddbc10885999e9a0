//! Random problems, and SGD on them in f64 without any of the engine's ideas.

use etastar::loss::Loss;
use etastar::train::fused::{Parameters, Problem, SparseInputs};

/// A random problem: about a fifth of the inputs differ from `background`.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub samples: usize,
    pub inputs: usize,
    pub hidden: usize,
    pub outputs: usize,
    pub background: f32,
    pub seed: u64,
}

/// Numbers uniform in [0, 1) (splitmix64).
struct Uniform(u64);

impl Uniform {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn symmetric(&mut self, count: usize, bound: f64) -> Vec<f32> {
        (0..count).map(|_| ((2.0 * self.next() - 1.0) * bound) as f32).collect()
    }
}

pub const FACTOR: f32 = 0.5;

impl Case {
    pub fn rows(&self) -> Vec<f32> {
        let mut random = Uniform(self.seed);
        let mut entry = || {
            let x = if random.next() < 0.2 { random.next() as f32 } else { 0.0 };
            self.background + 3.0 * x
        };
        (0..self.samples * self.inputs).map(|_| entry()).collect()
    }

    pub fn targets(&self) -> Vec<f32> {
        // Far from what the network gives, so that residuals do not cancel.
        Uniform(self.seed ^ 1)
            .symmetric(self.samples * self.outputs, 1.0)
            .iter()
            .map(|y| y + 4.0)
            .collect()
    }

    pub fn build(&self) -> (Problem, Parameters) {
        let mut random = Uniform(self.seed ^ 2);
        let (first, second) =
            (1.0 / (self.inputs as f64).sqrt(), 1.0 / (self.hidden as f64).sqrt());
        let parameters = Parameters {
            w1: random.symmetric(self.hidden * self.inputs, first),
            b1: random.symmetric(self.hidden, first),
            w2: random.symmetric(self.outputs * self.hidden, second),
            b2: random.symmetric(self.outputs, second),
        };
        let inputs = SparseInputs::new(&self.rows(), self.inputs).unwrap();
        (
            Problem::new(inputs, self.targets(), self.outputs, Loss::squared(f64::from(FACTOR)))
                .unwrap(),
            parameters,
        )
    }

    /// A step size well inside the stable range.
    pub fn rate(&self) -> f64 {
        f64::from(0.5f32 / (10 + self.inputs) as f32)
    }
}

/// The same network, dense and in f64.
pub struct Dense {
    x: Vec<Vec<f64>>,
    y: Vec<Vec<f64>>,
    w1: Vec<Vec<f64>>,
    b1: Vec<f64>,
    w2: Vec<Vec<f64>>,
    b2: Vec<f64>,
}

fn rows(values: &[f32], width: usize) -> Vec<Vec<f64>> {
    values.chunks(width).map(|row| row.iter().map(|&v| f64::from(v)).collect()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
}

impl Dense {
    pub fn new(case: &Case, parameters: &Parameters) -> Self {
        let wide = |values: &[f32]| values.iter().map(|&v| f64::from(v)).collect();
        Self {
            x: rows(&case.rows(), case.inputs),
            y: rows(&case.targets(), case.outputs),
            w1: rows(&parameters.w1, case.inputs),
            b1: wide(&parameters.b1),
            w2: rows(&parameters.w2, case.hidden),
            b2: wide(&parameters.b2),
        }
    }

    fn forward(&self, i: usize) -> (Vec<f64>, Vec<f64>) {
        let z: Vec<f64> =
            self.w1.iter().zip(&self.b1).map(|(w, b)| dot(w, &self.x[i]) + b).collect();
        let a: Vec<f64> = z.iter().map(|z| z.max(0.0)).collect();
        let residual = |((w, b), y): ((&Vec<f64>, &f64), &f64)| dot(w, &a) + b - y;
        let r = self.w2.iter().zip(&self.b2).zip(&self.y[i]).map(residual).collect();
        (z, r)
    }

    /// The smallest |z| in the batch: how close the closest hidden unit is to its kink.
    pub fn distance_to_kink(&self, batch: &[u32]) -> f64 {
        let z = batch.iter().flat_map(|&i| self.forward(i as usize).0);
        z.map(f64::abs).fold(f64::INFINITY, f64::min)
    }

    /// One SGD step; returns Σ ℓ_i before it.
    pub fn step(&mut self, batch: &[u32], rate: f64) -> f64 {
        let passes: Vec<_> =
            batch.iter().map(|&i| (i as usize, self.forward(i as usize))).collect();
        let (factor, old) = (-2.0 * f64::from(FACTOR) * rate / batch.len() as f64, self.w2.clone());
        for (i, (z, r)) in &passes {
            let a: Vec<f64> = z.iter().map(|z| z.max(0.0)).collect();
            for (o, r) in r.iter().enumerate() {
                add_scaled(&mut self.w2[o], factor * r, &a);
                self.b2[o] += factor * r;
            }
            for h in (0..z.len()).filter(|&h| z[h] > 0.0) {
                let g: f64 = r.iter().zip(&old).map(|(r, w)| factor * r * w[h]).sum();
                add_scaled(&mut self.w1[h], g, &self.x[*i]);
                self.b1[h] += g;
            }
        }
        passes.iter().map(|(_, (_, r))| f64::from(FACTOR) * dot(r, r)).sum()
    }

    /// (1/n) Σ ℓ_i.
    pub fn loss(&self) -> f64 {
        let one = |i| {
            let (_, r) = self.forward(i);
            f64::from(FACTOR) * dot(&r, &r)
        };
        (0..self.x.len()).map(one).sum::<f64>() / self.x.len() as f64
    }

    /// Takes other parameters, in the order of [`Dense::flat`].
    pub fn set(&mut self, parameters: &[f64]) {
        let Self { w1, b1, w2, b2, .. } = self;
        let parts = w1.iter_mut().chain([b1]).chain(w2).chain([b2]);
        let mut from = parameters.iter();
        parts.flatten().zip(&mut from).for_each(|(to, from)| *to = *from);
    }

    pub fn flat(&self) -> Vec<f64> {
        [self.w1.concat(), self.b1.clone(), self.w2.concat(), self.b2.clone()].concat()
    }
}

/// All parameters in the order of [`Dense::flat`].
pub fn flat(parameters: &Parameters) -> Vec<f64> {
    let parts = [&parameters.w1, &parameters.b1, &parameters.w2, &parameters.b2];
    parts.into_iter().flatten().map(|&v| f64::from(v)).collect()
}

/// ‖a − b‖/‖b‖.
pub fn relative_distance(a: &[f64], b: &[f64]) -> f64 {
    let difference: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum();
    difference.sqrt() / dot(b, b).sqrt()
}

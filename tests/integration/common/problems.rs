//! Random linearised problems of many kinds, for studies of coverage.

use etastar::gram::Gram;
use etastar::optimizer::Optimizer;
use etastar::process::{BatchProcess, Sampling};
use etastar::stability::solver::SolverOptions;
use etastar::stability::thresholds::{Request, thresholds};
use faer::Mat;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Kinds of problems.
pub const KINDS: [&str; 8] = [
    "full rank",
    "low rank",
    "orthogonal",
    "clustered",
    "near-degenerate",
    "one dominates",
    "near the threshold",
    "power law",
];

/// Linearised SGD: rows A with H_i = A_iᵀA_i, how batches come, and η.
pub struct Problem {
    pub kind: &'static str,
    pub rows: Mat<f64>,
    pub outputs: usize,
    pub batch_size: usize,
    pub process: BatchProcess,
    pub step_size: f64,
}

impl Problem {
    /// Equal seeds give equal problems; eight consecutive seeds have all kinds, and every other eight are
    /// shuffled epochs.
    pub fn of(seed: u64) -> Self {
        let kind = KINDS[(seed % 8) as usize];
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let outputs = if kind == "orthogonal" { 1 } else { rng.random_range(1..=4) };
        let samples: usize = rng.random_range(4..=32 / outputs);
        let side = samples * outputs;
        let mut uniform = |rows: usize, columns: usize| {
            Mat::from_fn(rows, columns, |_, _| rng.random_range(-1.0..1.0_f64))
        };
        let rows = match kind {
            "low rank" => {
                let rank = 2 + seed as usize / 8 % 4;
                uniform(side, rank.min(side))
            }
            "orthogonal" => {
                let spread = uniform(1, 1)[(0, 0)];
                let root = |i: usize| (1.0 + (1.1 + spread) * i as f64 / samples as f64).sqrt();
                Mat::from_fn(side, side, |i, j| if i == j { root(i) } else { 0.0 })
            }
            "clustered" => {
                let (centres, noise) = (uniform(3, side), uniform(side, side));
                Mat::from_fn(side, side, |i, j| centres[(i % 3, j)] + 0.2 * noise[(i, j)])
            }
            "near-degenerate" => {
                let last = side - 1;
                let gap = 1.0 + 0.3 * uniform(1, 1)[(0, 0)].powi(2);
                let value =
                    |k: usize| if k == last { 1.0 / gap } else { 1.0 + (last - 1 - k) as f64 };
                with_singular_values(&uniform(side, side), value)
            }
            "one dominates" => {
                let (all, factor) = (uniform(side, side), 3.0 + 2.0 * uniform(1, 1)[(0, 0)]);
                Mat::from_fn(
                    side,
                    side,
                    |i, j| if i < outputs { factor } else { 1.0 } * all[(i, j)],
                )
            }
            "power law" => with_singular_values(&uniform(side, side), |k| 1.0 / (1.0 + k as f64)),
            _ => uniform(side, side),
        };
        let batch_size = match rng.random_range(0..6) {
            0 | 1 => 1,
            2 => 2,
            3 => samples.div_ceil(3),
            4 => samples.div_ceil(2),
            _ => rng.random_range(1..=samples),
        };
        let process = if (seed / 8).is_multiple_of(2) {
            BatchProcess::shuffled(batch_size)
        } else {
            BatchProcess::independent(Sampling::Distinct, batch_size)
        };
        let mut problem = Self { kind, rows, outputs, batch_size, process, step_size: 0.0 };
        let fraction = if kind == "near the threshold" {
            rng.random_range(0.9..1.35)
        } else {
            rng.random_range(-3.5..0.4_f64).exp()
        };
        problem.step_size = fraction * problem.eta_var_of_independent_batches();
        problem
    }

    pub fn gram(&self) -> Gram {
        Gram::new(&self.rows * self.rows.transpose(), self.outputs).unwrap()
    }

    pub fn samples(&self) -> usize {
        self.rows.nrows() / self.outputs
    }

    pub fn eta_var_of_independent_batches(&self) -> f64 {
        let request = Request {
            batch_sizes: vec![self.batch_size],
            sampling: Sampling::Distinct,
            optimizer: Optimizer::default(),
            options: SolverOptions { tolerance: 1e-4, ..SolverOptions::default() },
        };
        thresholds(&self.gram(), &request, &mut |_| {}).unwrap().thresholds[0].eta_var
    }

    /// λ and its error by a route of its own: closed form for orthogonal samples, else a dense simulation in
    /// double precision, from the fastest of all directions after a burn-in.
    pub fn reference(&self, steps: usize) -> (f64, f64) {
        if self.kind == "orthogonal" { (self.closed_form(), 0.0) } else { self.simulated(steps) }
    }

    /// Every coordinate belongs to one sample.
    fn closed_form(&self) -> f64 {
        let (n, size) = (self.samples(), self.batch_size);
        let last = n % size;
        let steps = n.div_ceil(size) as f64;
        let log = |k: usize, size: usize| {
            (1.0 - self.step_size * self.rows[(k, k)].powi(2) / size as f64).abs().ln()
        };
        let rate = |k: usize| {
            if self.process.is_shuffled() {
                let rest = if last == 0 { 0.0 } else { last as f64 * log(k, last) };
                ((n - last) as f64 * log(k, size) + rest) / (n as f64 * steps)
            } else {
                size as f64 / n as f64 * log(k, size)
            }
        };
        (0..n).map(rate).fold(f64::NEG_INFINITY, f64::max)
    }

    fn simulated(&self, steps: usize) -> (f64, f64) {
        const BATCHES: usize = 64;
        let (n, d) = (self.samples(), self.rows.ncols());
        let mut walk = DenseWalk::new(self);
        // All directions, from eigenvectors of H, until the slowest ones are told apart.
        let hessian = self.rows.transpose() * &self.rows * faer::Scale(1.0 / n as f64);
        let eigen = hessian.self_adjoint_eigen(faer::Side::Lower).unwrap();
        let mut frame: Vec<Vec<f64>> =
            (0..d).map(|k| eigen.U().col(k).iter().copied().collect()).collect();
        let mut logs = vec![0.0; d];
        for round in 0..steps / 40 {
            if round == steps / 80 {
                logs.fill(0.0);
            }
            walk.step(&mut frame);
            orthonormalise(&mut frame, &mut logs);
        }
        let best = (0..d).max_by(|&a, &b| logs[a].total_cmp(&logs[b])).unwrap();
        let mut theta = vec![frame.swap_remove(best)];
        let epoch = n.div_ceil(self.batch_size);
        let length = (steps / BATCHES / epoch + 1) * epoch;
        let growth: Vec<f64> = (0..BATCHES + BATCHES / 4)
            .map(|_| {
                let mut log = [0.0];
                for _ in 0..length {
                    walk.step(&mut theta);
                    orthonormalise(&mut theta, &mut log);
                }
                log[0] / length as f64
            })
            .skip(BATCHES / 4)
            .collect();
        let mean = growth.iter().sum::<f64>() / BATCHES as f64;
        let squares: f64 = growth.iter().map(|x| (x - mean).powi(2)).sum();
        (mean, (squares / ((BATCHES - 1) * BATCHES) as f64).sqrt())
    }
}

fn with_singular_values(matrix: &Mat<f64>, value: impl Fn(usize) -> f64) -> Mat<f64> {
    let svd = matrix.svd().unwrap();
    let side = matrix.ncols();
    let scaled = Mat::from_fn(matrix.nrows(), side, |i, k| svd.U()[(i, k)] * value(k));
    scaled * svd.V().transpose()
}

/// Steps on some vectors with batches of its own.
struct DenseWalk<'p> {
    problem: &'p Problem,
    rng: ChaCha8Rng,
    order: Vec<usize>,
    next: usize,
}

impl<'p> DenseWalk<'p> {
    fn new(problem: &'p Problem) -> Self {
        let order = (0..problem.samples()).collect();
        Self { problem, rng: ChaCha8Rng::seed_from_u64(987_654_321), order, next: 0 }
    }

    fn step(&mut self, vectors: &mut [Vec<f64>]) {
        let (n, size, q) = (self.order.len(), self.problem.batch_size, self.problem.outputs);
        if self.next == n || !self.problem.process.is_shuffled() {
            for k in (1..n).rev() {
                self.order.swap(k, self.rng.random_range(0..=k));
            }
            self.next = 0;
        }
        let batch = &self.order[self.next..(self.next + size).min(n)];
        self.next = (self.next + size).min(n);
        let rate = self.problem.step_size / batch.len() as f64;
        let rows = &self.problem.rows;
        for vector in vectors {
            let mut gradient = vec![0.0; vector.len()];
            for row in batch.iter().flat_map(|i| i * q..(i + 1) * q) {
                let output: f64 = vector.iter().enumerate().map(|(a, x)| rows[(row, a)] * x).sum();
                gradient.iter_mut().enumerate().for_each(|(a, g)| *g += rows[(row, a)] * output);
            }
            vector.iter_mut().zip(&gradient).for_each(|(x, g)| *x -= rate * g);
        }
    }
}

/// Modified Gram–Schmidt, twice; adds the logarithms of the lengths.
fn orthonormalise(vectors: &mut [Vec<f64>], logs: &mut [f64]) {
    for (j, log) in logs.iter_mut().enumerate().take(vectors.len()) {
        let (before, rest) = vectors.split_at_mut(j);
        let vector = &mut rest[0];
        for other in before.iter().chain(before.iter()) {
            let along: f64 = vector.iter().zip(other).map(|(x, y)| x * y).sum();
            vector.iter_mut().zip(other).for_each(|(x, y)| *x -= along * y);
        }
        let norm = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
        *log += norm.ln();
        vector.iter_mut().for_each(|x| *x /= norm.max(1e-300));
    }
}

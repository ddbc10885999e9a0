//! The 1024-sample MNIST problem of the paper, and two states of its network to measure at.

use std::sync::Arc;

use etastar::config::Config;
use etastar::data::Dataset;
use etastar::loss::Loss;
use etastar::train::fused::{OneHidden, Parameters, Problem, SparseInputs};

pub const INPUTS: usize = 784;
pub const HIDDEN: usize = 1024;
pub const CLASSES: usize = 4;
pub const PER_CLASS: usize = 256;
pub const SAMPLES: usize = CLASSES * PER_CLASS;

/// How pixels become inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scaling {
    /// In [0, 1].
    Unit,
    /// Mean 0, deviation 1 over MNIST's training set.
    Standard,
}

/// Where in a training run to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// 15 times PyTorch's default initialisation: half of the hidden units are on.
    Start,
    /// Near a minimum, a few in a hundred are on.
    Late,
}

/// Numbers uniform in [0, 1) (splitmix64).
pub struct Uniform(pub u64);

impl Uniform {
    pub fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn symmetric(&mut self, count: usize, bound: f64) -> Vec<f32> {
        (0..count).map(|_| ((2.0 * self.next() - 1.0) * bound) as f32).collect()
    }

    /// 0..SAMPLES shuffled.
    pub fn order(&mut self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..SAMPLES as u32).collect();
        for i in (1..SAMPLES).rev() {
            order.swap(i, (self.next() * (i + 1) as f64) as usize);
        }
        order
    }
}

/// Digits 0 to 3 in the default configuration, 256 images each.
pub fn config(scaling: Scaling) -> Config {
    let folder = format!("{}/data/mnist", env!("CARGO_MANIFEST_DIR"));
    let scaling = match scaling {
        Scaling::Unit => "unit",
        Scaling::Standard => "standard",
    };
    let source = format!(
        "[data]\nfolder = {folder:?}\nscaling = {scaling:?}\n\
         classes = [0, 1, 2, 3]\nsamples_per_class = {PER_CLASS}\n"
    );
    Config::parse(&source, "bench", "unused".into(), &[]).expect("a valid configuration")
}

/// The images of [`config`] with one-hot targets.
pub fn dataset(scaling: Scaling) -> Dataset {
    Dataset::load(&config(scaling).data).expect("MNIST images in data/mnist")
}

/// The same for the fused engine, with c = 1.
pub fn problem(scaling: Scaling) -> Arc<Problem> {
    let data = dataset(scaling);
    let inputs = SparseInputs::new(&data.inputs, data.features).expect("clean images");
    Arc::new(
        Problem::new(inputs, data.targets, data.outputs, Loss::squared(1.0))
            .expect("targets that fit"),
    )
}

/// A network at its start.
pub fn start(problem: &Arc<Problem>) -> OneHidden {
    let mut random = Uniform(1);
    let (first, second) = (15.0 / (INPUTS as f64).sqrt(), 15.0 / (HIDDEN as f64).sqrt());
    let parameters = Parameters {
        w1: random.symmetric(HIDDEN * INPUTS, first),
        b1: random.symmetric(HIDDEN, first),
        w2: random.symmetric(CLASSES * HIDDEN, second),
        b2: random.symmetric(CLASSES, second),
    };
    OneHidden::new(problem.clone(), &parameters).expect("parameters that fit")
}

/// A step size that is stable for every batch size at this stage.
pub fn rate(scaling: Scaling, stage: Stage) -> f32 {
    let rate = match stage {
        Stage::Start => 1e-6,
        Stage::Late => 0.01,
    };
    match scaling {
        Scaling::Unit => rate,
        Scaling::Standard => rate / 8.0,
    }
}

/// Trains for `epochs` epochs at B = 1, the step size growing to its last value over the first 80.
pub fn train(net: &mut OneHidden, last: f32, epochs: u32) {
    let mut random = Uniform(2);
    for epoch in 0..epochs {
        let rate = last * 1000f32.powf((epoch as f32 / 80.0).min(1.0) - 1.0);
        net.steps(&random.order(), 1, rate);
        net.end_epoch();
    }
}

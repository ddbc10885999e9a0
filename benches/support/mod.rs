//! The 1024-sample MNIST problem of the paper, and two states of its network to measure at.

use std::fs::File;
use std::io::{Read, Result};
use std::sync::Arc;

use etastar::loss::Loss;
use etastar::train::fused::{OneHidden, Parameters, Problem, SparseInputs};
use flate2::read::GzDecoder;

pub const INPUTS: usize = 784;
pub const HIDDEN: usize = 1024;
pub const CLASSES: usize = 4;
pub const PER_CLASS: usize = 256;
pub const SAMPLES: usize = CLASSES * PER_CLASS;

/// How pixels become inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

fn unzip(name: &str) -> Result<Vec<u8>> {
    let path = format!("{}/data/mnist/{name}", env!("CARGO_MANIFEST_DIR"));
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path)?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first 256 images of each of the digits 0 to 3, with one-hot targets and c = 1.
pub fn problem(scaling: Scaling) -> Arc<Problem> {
    let images = unzip("train-images-idx3-ubyte.gz").expect("MNIST images in data/mnist");
    let labels = unzip("train-labels-idx1-ubyte.gz").expect("MNIST labels in data/mnist");
    let (mut rows, mut targets) = (Vec::new(), Vec::new());
    for class in 0..CLASSES {
        let is_class = |&(_, &label): &(usize, &u8)| usize::from(label) == class;
        for (i, _) in labels[8..].iter().enumerate().filter(is_class).take(PER_CLASS) {
            rows.extend(
                images[16 + i * INPUTS..][..INPUTS].iter().map(|&pixel| scale(pixel, scaling)),
            );
            targets.extend((0..CLASSES).map(|c| f32::from(u8::from(c == class))));
        }
    }
    let inputs = SparseInputs::new(&rows, INPUTS).expect("clean images");
    Arc::new(Problem::new(inputs, targets, CLASSES, Loss::squared(1.0)).expect("targets that fit"))
}

fn scale(pixel: u8, scaling: Scaling) -> f32 {
    let unit = f32::from(pixel) / 255.0;
    match scaling {
        Scaling::Unit => unit,
        Scaling::Standard => (unit - 0.1307) / 0.3081,
    }
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

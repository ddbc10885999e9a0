//! An epoch of 1024 samples in steps of B = 1, 8, 64 and 1024, and the loss over all of them:
//! 784-1024-4 on MNIST, inputs in [0, 1] and standardised, at the start of training and near a minimum.
//!
//! One iteration is one epoch: a step takes B/1024 of the time shown. `FUSED_ISA=avx2` (or `portable`) forces a
//! lesser instruction set. `momentum` is the same with heavy-ball momentum 0.9. `scripts/bench_engines.py`
//! compares with PyTorch.

mod support;

use std::sync::OnceLock;

use divan::Bencher;
use divan::counter::ItemsCount;
use etastar::optimizer::{HeavyBall, Optimizer};
use etastar::train::fused::{Isa, OneHidden};
use support::{SAMPLES, Scaling, Stage, Uniform};

const CASES: [(Scaling, Stage); 4] = [
    (Scaling::Unit, Stage::Start),
    (Scaling::Unit, Stage::Late),
    (Scaling::Standard, Stage::Start),
    (Scaling::Standard, Stage::Late),
];

fn main() {
    divan::main();
}

#[divan::bench(args = CASES, consts = [1, 8, 64, 1024], sample_count = 40, sample_size = 1)]
fn epoch<const B: usize>(bencher: Bencher, case: &(Scaling, Stage)) {
    time_epochs(bencher, network(*case), B, support::rate(case.0, case.1));
}

#[divan::bench(args = CASES, consts = [1, 8, 64, 1024], sample_count = 40, sample_size = 1)]
fn momentum<const B: usize>(bencher: Bencher, case: &(Scaling, Stage)) {
    let rule = HeavyBall { momentum: 0.9, weight_decay: 0.0 };
    let net = network(*case).with_optimizer(Optimizer::HeavyBall(rule));
    // A tenth of the step size moves the weights as fast.
    time_epochs(bencher, net, B, 0.1 * support::rate(case.0, case.1));
}

fn time_epochs(bencher: Bencher, mut net: OneHidden, batch_size: usize, rate: f32) {
    let mut random = Uniform(3);
    // The first epoch learns which units are off.
    net.steps(&random.order(), batch_size, rate);
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .with_inputs(|| random.order())
        .bench_local_values(|order| net.steps(&order, batch_size, rate));
}

#[divan::bench(args = CASES, sample_count = 40, sample_size = 1)]
fn full_loss(bencher: Bencher, case: &(Scaling, Stage)) {
    let mut net = network(*case);
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| net.full_loss());
}

/// The network of a case; training it once is enough for all benches.
fn network(case: (Scaling, Stage)) -> OneHidden {
    static TRAINED: [OnceLock<OneHidden>; 4] = [const { OnceLock::new() }; 4];
    let index = CASES.iter().position(|c| *c == case).unwrap_or_default();
    let net = TRAINED[index].get_or_init(|| {
        let mut net = support::start(&support::problem(case.0));
        if case.1 == Stage::Late {
            support::train(&mut net, support::rate(case.0, case.1), 200);
        }
        net
    });
    net.clone().with_isa(isa())
}

fn isa() -> Isa {
    let asked = std::env::var("FUSED_ISA").unwrap_or_default();
    let found = Isa::available().into_iter().find(|isa| isa.name() == asked);
    found.unwrap_or_else(Isa::detect)
}

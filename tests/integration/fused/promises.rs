//! What the fused engine promises beside the gradient: the same bits whenever they matter.

use std::sync::Arc;

use super::support::{Case, Dense, flat, relative_distance};
use etastar::train::fused::{FusedError, Isa, Layout, OneHidden, Parameters, Problem, State};

const CASE: Case =
    Case { samples: 96, inputs: 60, hidden: 70, outputs: 3, background: 0.0, seed: 5 };

/// An order of the samples that differs from epoch to epoch.
fn order(epoch: u32) -> Vec<u32> {
    (0..96).map(|i| (i * 35 + epoch * 13) % 96).collect()
}

fn start(case: &Case) -> (Arc<Problem>, OneHidden) {
    shifted(case, 0.0)
}

/// The network with all biases raised: by −1.5 nearly every unit is off in nearly every sample, by 3 every
/// unit is on in all of them.
fn shifted(case: &Case, bias: f32) -> (Arc<Problem>, OneHidden) {
    let (problem, parameters) = (Arc::new(case.build().0), raised(case, bias));
    let net = OneHidden::new(problem.clone(), &parameters).unwrap();
    (problem, net)
}

fn raised(case: &Case, bias: f32) -> Parameters {
    let mut parameters = case.build().1;
    parameters.b1.iter_mut().for_each(|b| *b += bias);
    parameters
}

fn bits(parameters: &Parameters) -> Vec<u32> {
    let parts = [&parameters.w1, &parameters.b1, &parameters.w2, &parameters.b2];
    parts.into_iter().flatten().map(|v| v.to_bits()).collect()
}

/// A run that is saved and restored after every period of samples ends with the bits of one that is not.
/// Restoring forgets which units were certain to be off, so this also shows that skipping them changes nothing.
#[test]
fn interrupted_runs_end_with_the_same_bits() {
    for background in [0.0, -0.42] {
        let case = Case { background, ..CASE };
        for batch in [1, 3, 8, 20] {
            let (problem, mut straight) = shifted(&case, -1.5);
            let mut broken = straight.clone();
            for epoch in 0..12 {
                let loss = straight.steps(&order(epoch), batch, 1e-3);
                let mut broken_loss = 0.0;
                for part in order(epoch).chunks(OneHidden::block_samples(batch)) {
                    broken_loss += broken.steps(part, batch, 1e-3);
                    broken = OneHidden::restore(problem.clone(), &broken.state()).unwrap();
                }
                assert!((loss - broken_loss).abs() <= 1e-12 * loss);
                straight.end_epoch();
                broken.end_epoch();
                assert_eq!(straight.state(), broken.state(), "B = {batch}, epoch {epoch}");
            }
            assert_eq!(straight.layout(), Layout::UnitMajor, "the test needs few units on");
            assert_eq!(straight.full_loss(), broken.full_loss());
        }
    }
}

#[test]
fn the_same_run_twice_gives_the_same_bits() {
    let run = || {
        let (_, mut net) = start(&CASE);
        for epoch in 0..5 {
            net.steps(&order(epoch), 2, 0.01);
        }
        bits(&net.parameters())
    };
    assert_eq!(run(), run());
}

/// Blocks of small steps: a whole epoch at once is the epoch step by step.
#[test]
fn epochs_of_small_batches_follow_the_reference() {
    for background in [0.0, -0.42] {
        let case = Case { background, ..CASE };
        for batch in [1, 2, 3, 5, 8, 9] {
            let (_, mut net) = start(&case);
            let mut dense = Dense::new(&case, &case.build().1);
            let loss = net.steps(&order(0), batch, case.rate() as f32);
            let expected: f64 = order(0).chunks(batch).map(|b| dense.step(b, case.rate())).sum();
            assert!((loss - expected).abs() < 1e-5 * expected, "B = {batch}");
            let distance = relative_distance(&flat(&net.parameters()), &dense.flat());
            assert!(distance < 1e-6, "B = {batch}, background {background}: {distance:e}");
        }
    }
}

/// The part of the weights that standardised inputs keep apart does not drift: after 50 epochs the engine is as
/// close to f64 as it is with inputs that have no such part. Every unit is on, so that no kink can turn
/// rounding into more.
#[test]
fn keeping_the_background_apart_costs_no_accuracy() {
    // A number that f32 holds exactly: 2⁻¹⁴.
    const RATE: f64 = 0.000_061_035_156_25;
    let distance = |isa: Isa, background: f32, layout: Layout| {
        let case = Case { background, ..CASE };
        let mut net = shifted(&case, 3.0).1.with_isa(isa);
        net.set_layout(layout);
        let mut dense = Dense::new(&case, &raised(&case, 3.0));
        for epoch in 0..50 {
            net.steps(&order(epoch), 4, RATE as f32);
            for batch in order(epoch).chunks(4) {
                dense.step(batch, RATE);
            }
            net.end_epoch();
            net.set_layout(layout);
        }
        relative_distance(&flat(&net.parameters()), &dense.flat())
    };
    for isa in Isa::available() {
        for layout in [Layout::PixelMajor, Layout::UnitMajor] {
            let (plain, apart) = (distance(isa, 0.0, layout), distance(isa, -0.42, layout));
            assert!(
                plain < 1e-5 && apart < 2.0 * plain,
                "{isa:?} {layout:?}: {plain:e}, {apart:e}"
            );
        }
    }
}

#[test]
fn layouts_hold_the_same_numbers() {
    let (_, mut net) = start(&CASE);
    net.steps(&order(0), 4, 0.01);
    let before = net.state();
    net.set_layout(Layout::UnitMajor);
    assert_eq!(net.state(), State { layout: Layout::UnitMajor, ..before.clone() });
    let loss = net.full_loss();
    net.set_layout(Layout::PixelMajor);
    assert_eq!(net.state(), before);
    assert!((loss - net.full_loss()).abs() < 1e-6 * loss);
}

#[test]
fn the_layout_follows_the_share_of_units_that_are_on() {
    let (_, mut busy) = start(&CASE);
    busy.steps(&order(0), 4, 1e-6);
    busy.end_epoch();
    assert_eq!(busy.layout(), Layout::PixelMajor);
    busy.set_layout(Layout::UnitMajor);
    busy.steps(&order(1), 4, 1e-6);
    busy.end_epoch();
    assert_eq!(busy.layout(), Layout::PixelMajor);
    let (_, mut quiet) = shifted(&CASE, -1.5);
    quiet.end_epoch();
    assert_eq!(quiet.layout(), Layout::PixelMajor, "nothing is known before the first step");
    quiet.steps(&order(0), 4, 1e-6);
    quiet.end_epoch();
    assert_eq!(quiet.layout(), Layout::UnitMajor);
}

#[test]
fn parameters_that_do_not_fit_are_refused() {
    let (problem, parameters) = CASE.build();
    let problem = Arc::new(problem);
    let refused = |change: fn(&mut Parameters)| {
        let mut changed = parameters.clone();
        change(&mut changed);
        OneHidden::new(problem.clone(), &changed).unwrap_err()
    };
    assert_eq!(refused(|p| p.b1.clear()), FusedError::Empty("the number of hidden units"));
    assert_eq!(
        refused(|p| p.w1.truncate(4199)).to_string(),
        "W1: 4199 entries where 4200 are needed"
    );
    assert_eq!(refused(|p| p.w2[1] = f32::INFINITY).to_string(), "W2: entry 1 is not finite");
}

#[test]
#[should_panic(expected = "a step needs at least one sample")]
fn a_batch_of_none_is_a_mistake() {
    start(&CASE).1.steps(&[0], 0, 0.1);
}

/// A limit is exceeded or it is not, and the loss is the same number either way, in both layouts.
#[test]
fn a_limited_loss_is_the_loss_or_nothing() {
    for layout in [Layout::PixelMajor, Layout::UnitMajor] {
        let (_, mut net) = start(&CASE);
        net.set_layout(layout);
        let loss = net.full_loss();
        assert!(loss > 0.0);
        assert_eq!(net.full_loss_within(1.001 * loss), Some(loss));
        for limit in [0.0, 0.5 * loss, 0.999 * loss] {
            assert_eq!(net.full_loss_within(limit), None, "{layout:?}, {limit} of {loss}");
        }
    }
}

//! The fused engine with a velocity against a dense reference in f64, by PyTorch's formulas.

use std::sync::Arc;

use super::support::{Case, Dense, flat, relative_distance};
use etastar::optimizer::{Optimizer, OptimizerSettings};
use etastar::train::fused::{Isa, Layout, OneHidden, Parameters};
use proptest::prelude::*;

const LAYOUTS: [Layout; 2] = [Layout::PixelMajor, Layout::UnitMajor];

/// Every kind of step, and one whose weights oscillate.
fn variants() -> Vec<OptimizerSettings> {
    let settings = |momentum, weight_decay| OptimizerSettings {
        momentum,
        weight_decay,
        ..OptimizerSettings::default()
    };
    vec![
        settings(0.9, 0.0),
        settings(0.3, 0.02),
        settings(0.0, 0.02),
        settings(0.95, 0.3),
        OptimizerSettings { nesterov: true, ..settings(0.8, 0.0) },
        OptimizerSettings { nesterov: true, ..settings(0.8, 0.02) },
        OptimizerSettings { decoupled: true, ..settings(0.8, 0.02) },
    ]
}

fn optimizer(settings: OptimizerSettings) -> Optimizer {
    settings.optimizer().unwrap()
}

/// The dense network, with PyTorch's state.
struct Reference {
    dense: Dense,
    velocity: Vec<f64>,
    settings: OptimizerSettings,
}

impl Reference {
    fn new(case: &Case, parameters: &Parameters, settings: OptimizerSettings) -> Self {
        let dense = Dense::new(case, parameters);
        Self { velocity: vec![0.0; dense.flat().len()], dense, settings }
    }

    fn step(&mut self, batch: &[u32], rate: f64) -> f64 {
        let OptimizerSettings { momentum, nesterov, weight_decay, decoupled, .. } = self.settings;
        let before = self.dense.flat();
        // The gradient is what a step of plain SGD at 1 subtracts.
        let loss = self.dense.step(batch, 1.0);
        let mut parameters = before.clone();
        let after = self.dense.flat();
        for (k, p) in parameters.iter_mut().enumerate() {
            let mut gradient = before[k] - after[k];
            if decoupled {
                *p *= 1.0 - rate * weight_decay;
            } else {
                gradient += weight_decay * *p;
            }
            let velocity = momentum * self.velocity[k] + gradient;
            self.velocity[k] = velocity;
            *p -= rate * if nesterov { gradient + momentum * velocity } else { velocity };
        }
        self.dense.set(&parameters);
        loss
    }
}

/// The parameters with every second unit on in all samples and the others off: no kink turns rounding into more.
fn away_from_kinks(mut parameters: Parameters) -> Parameters {
    let sign = |h: usize| if h.is_multiple_of(2) { 1.0 } else { -1.0 };
    parameters.b1.iter_mut().enumerate().for_each(|(h, b)| *b += 3.0 * sign(h));
    parameters
}

/// Distance from the reference after twice `steps` steps, relative to the parameters, and that of the start. The
/// step size changes on the way.
fn error(
    case: &Case,
    settings: OptimizerSettings,
    isa: Isa,
    layout: Layout,
    batch_size: usize,
    steps: usize,
) -> [f64; 2] {
    let (problem, parameters) = case.build();
    let parameters = away_from_kinks(parameters);
    let net = OneHidden::new(Arc::new(problem), &parameters).unwrap().with_isa(isa);
    let mut net = net.with_optimizer(optimizer(settings));
    net.set_layout(layout);
    let mut reference = Reference::new(case, &parameters, settings);
    let samples = case.samples;
    let order: Vec<u32> =
        (0..steps * batch_size).map(|i| ((i * 37 + i / samples) % samples) as u32).collect();
    for rate in [0.25, 0.5] {
        let rate = f64::from((rate * case.rate() * (1.0 - settings.momentum)) as f32);
        let loss = net.steps(&order, batch_size, rate as f32);
        let batches = order.chunks(batch_size);
        let expected: f64 = batches.map(|batch| reference.step(batch, rate)).sum();
        // Targets are of the size of 4: a loss may be the square of a small difference.
        let tolerance = 2e-5 * expected + 1e-5 * order.len() as f64;
        assert!((loss - expected).abs() <= tolerance, "{loss} against {expected}");
        net.end_epoch();
        net.set_layout(layout);
    }
    let end = reference.dense.flat();
    [flat(&net.parameters()), flat(&parameters)].map(|other| relative_distance(&other, &end))
}

#[test]
fn steps_with_a_velocity_follow_the_reference_at_every_batch_size() {
    for (inputs, hidden, outputs) in [(90, 60, 4), (50, 37, 1), (1, 5, 3)] {
        for background in [0.0, -0.42] {
            let case = Case { samples: 70, inputs, hidden, outputs, background, seed: 3 };
            for settings in variants() {
                for layout in LAYOUTS {
                    for size in [1, 3, 9, 70, 140] {
                        let [error, way] = error(&case, settings, Isa::detect(), layout, size, 5);
                        assert!(
                            error < 1e-6 && way > 1e-3,
                            "{case:?} {layout:?} {settings:?} B = {size}: {error:e} of {way:e}"
                        );
                    }
                }
            }
        }
    }
}

/// An input that is off in every sample, and beyond the words of those that are not, has the background's velocity.
#[test]
fn inputs_that_are_never_on_move_with_the_background() {
    let case = Case { samples: 1, inputs: 65, hidden: 1, outputs: 1, background: -0.42, seed: 0 };
    for layout in LAYOUTS {
        let [error, way] = error(&case, variants()[0], Isa::detect(), layout, 1, 2);
        assert!(error < 1e-4 * way, "{layout:?}: {error:e} of {way:e}");
    }
}

#[test]
fn every_instruction_set_makes_these_steps() {
    for background in [0.0, -0.42] {
        let case = Case { samples: 64, inputs: 120, hidden: 100, outputs: 4, background, seed: 11 };
        for isa in Isa::available() {
            for layout in LAYOUTS {
                for size in [1, 20] {
                    let [error, _] = error(&case, variants()[1], isa, layout, size, 100);
                    assert!(error < 1e-5, "{} {layout:?} B = {size}: {error:e}", isa.name());
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_shape_steps_right(
        samples in 1usize..40, inputs in 1usize..90, hidden in 1usize..150, outputs in 1usize..12,
        standardised: bool, seed: u64, size in 1usize..20, variant in 0usize..7,
    ) {
        let background = if standardised { -0.42 } else { 0.0 };
        let case = Case { samples, inputs, hidden, outputs, background, seed };
        let batch: Vec<u32> = (0..samples as u32).collect();
        let start = Dense::new(&case, &away_from_kinks(case.build().1));
        prop_assume!(start.distance_to_kink(&batch) > 0.1);
        for layout in LAYOUTS {
            let [error, way] = error(&case, variants()[variant], Isa::detect(), layout, size, 2);
            prop_assert!(error < 1e-6 + 1e-4 * way, "{:?} {:?}: {:e} of {:e}", case, layout, error, way);
        }
    }
}

const CASE: Case =
    Case { samples: 96, inputs: 60, hidden: 70, outputs: 3, background: 0.0, seed: 5 };

/// An order of the samples that differs from epoch to epoch.
fn order(epoch: u32) -> Vec<u32> {
    (0..96).map(|i| (i * 35 + epoch * 13) % 96).collect()
}

/// Saved and restored after every period of samples, while the step size grows, a run ends with the same bits.
#[test]
fn interrupted_runs_with_a_velocity_end_with_the_same_bits() {
    for background in [0.0, -0.42] {
        let case = Case { background, ..CASE };
        for settings in variants() {
            for (batch, bias) in [(1, -1.5), (3, -1.5), (20, -1.5), (3, 0.0)] {
                let (problem, mut parameters) = case.build();
                let problem = Arc::new(problem);
                parameters.b1.iter_mut().for_each(|b| *b += bias);
                let straight = OneHidden::new(problem.clone(), &parameters).unwrap();
                let mut straight = straight.with_optimizer(optimizer(settings));
                let mut broken = straight.clone();
                for epoch in 0..12 {
                    let rate = 1e-4 * 1.2_f32.powi(epoch.min(6) as i32);
                    let loss = straight.steps(&order(epoch), batch, rate);
                    let mut broken_loss = 0.0;
                    for part in order(epoch).chunks(OneHidden::block_samples(batch)) {
                        broken_loss += broken.steps(part, batch, rate);
                        broken = OneHidden::restore(problem.clone(), &broken.state()).unwrap();
                        broken = broken.with_optimizer(optimizer(settings));
                    }
                    assert!((loss - broken_loss).abs() <= 1e-12 * loss);
                    straight.end_epoch();
                    broken.end_epoch();
                    let same = straight.state() == broken.state();
                    assert!(same, "{settings:?}, B = {batch}, epoch {epoch}");
                }
                assert_eq!(straight.full_loss(), broken.full_loss());
            }
        }
    }
}

#[test]
fn plain_sgd_has_no_velocity() {
    let (problem, parameters) = CASE.build();
    let mut net = OneHidden::new(Arc::new(problem), &parameters).unwrap();
    net.steps(&order(0), 2, 1e-3);
    assert!(net.state().velocity.is_none());
    let moving = net.clone().with_optimizer(optimizer(variants()[0]));
    assert_eq!(moving.parameters(), net.parameters());
    assert!(moving.state().velocity.unwrap().stored.w1.iter().all(|v| *v == 0.0));
}

//! The fused engine against a dense reference in f64, on every instruction set and in both layouts.

use std::sync::Arc;

use super::support::{Case, Dense, flat, relative_distance};
use etastar::train::fused::{Isa, Layout, OneHidden};
use proptest::prelude::*;

const LAYOUTS: [Layout; 2] = [Layout::PixelMajor, Layout::UnitMajor];

/// A step so large that its change dwarfs the weights: their own rounding then hides nothing.
const LARGE: f32 = 1000.0;

/// Distance of one step's change of the parameters from the reference's, relative to the reference's.
fn step_error(case: &Case, batch: &[u32], isa: Isa, layout: Layout) -> f64 {
    let (problem, parameters) = case.build();
    let mut net = OneHidden::new(Arc::new(problem), &parameters).unwrap().with_isa(isa);
    net.set_layout(layout);
    let mut dense = Dense::new(case, &parameters);
    let before = dense.flat();
    let loss = net.steps(batch, batch.len(), LARGE);
    let expected = dense.step(batch, f64::from(LARGE));
    assert!((loss - expected).abs() <= 1e-5 * expected, "running loss {loss} against {expected}");
    let change =
        |after: Vec<f64>| after.iter().zip(&before).map(|(a, b)| a - b).collect::<Vec<_>>();
    relative_distance(&change(flat(&net.parameters())), &change(dense.flat()))
}

#[test]
fn a_step_is_the_gradient_step_at_every_batch_size_and_shape() {
    for (inputs, hidden, outputs) in
        [(784, 1024, 4), (50, 37, 1), (17, 1, 10), (1, 5, 3), (200, 250, 7)]
    {
        for background in [0.0, -0.42] {
            let case = Case { samples: 70, inputs, hidden, outputs, background, seed: 3 };
            for isa in Isa::available() {
                for layout in LAYOUTS {
                    for size in [1, 2, 3, 5, 8, 50, 64, 70] {
                        let batch: Vec<u32> = (0..size).map(|i| (i * 37) % 70).collect();
                        let error = step_error(&case, &batch, isa, layout);
                        assert!(
                            error < 1e-5,
                            "{case:?} {} {layout:?} B = {size}: {error:e}",
                            isa.name()
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn trajectories_stay_close_for_a_hundred_steps() {
    for background in [0.0, -0.42] {
        let case = Case { samples: 64, inputs: 120, hidden: 100, outputs: 4, background, seed: 11 };
        for isa in Isa::available() {
            for layout in LAYOUTS {
                let (problem, parameters) = case.build();
                let mut net = OneHidden::new(Arc::new(problem), &parameters).unwrap().with_isa(isa);
                net.set_layout(layout);
                let mut dense = Dense::new(&case, &parameters);
                for step in 0..100u32 {
                    let batch: Vec<u32> = (0..4).map(|i| (step * 29 + i * 17) % 64).collect();
                    net.steps(&batch, 4, case.rate() as f32);
                    dense.step(&batch, case.rate());
                }
                let distance = relative_distance(&flat(&net.parameters()), &dense.flat());
                assert!(distance < 1e-5, "{} {layout:?} {background}: {distance:e}", isa.name());
                let (loss, expected) = (net.full_loss(), dense.loss());
                assert!((loss - expected).abs() < 1e-4 * expected, "{loss} against {expected}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_shape_steps_right(
        samples in 1usize..40, inputs in 1usize..90, hidden in 1usize..150, outputs in 1usize..12,
        standardised: bool, seed: u64, size in 1u32..20,
    ) {
        let background = if standardised { -0.42 } else { 0.0 };
        let case = Case { samples, inputs, hidden, outputs, background, seed };
        let batch: Vec<u32> = (0..size).map(|i| (i * 7) % samples as u32).collect();
        prop_assume!(Dense::new(&case, &case.build().1).distance_to_kink(&batch) > 1e-5);
        for layout in LAYOUTS {
            let error = step_error(&case, &batch, Isa::detect(), layout);
            prop_assert!(error < 1e-5, "{:?} {:?}: {:e}", case, layout, error);
        }
    }
}

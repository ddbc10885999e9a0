//! Each rule's formulas against its own step.

use proptest::prelude::*;

use super::*;

fn optimizers() -> impl Strategy<Value = Optimizer> {
    let momentum = prop_oneof![Just(0.0), 0.0..0.97];
    let decay = prop_oneof![Just(0.0), 1e-3..1.0];
    (momentum, decay, 0..5).prop_filter_map("an optimizer", |(momentum, weight_decay, kind)| {
        let settings = OptimizerSettings {
            momentum,
            nesterov: kind == 1,
            weight_decay,
            decoupled: kind == 2 || kind == 4,
            dampening: if kind >= 3 { 0.3 } else { 0.0 },
        };
        settings.optimizer().ok()
    })
}

/// A batch with the curvatures `diagonal`.
struct Diagonal {
    diagonal: Vec<f64>,
    gradient: Vec<f64>,
}

impl LinearGradient for Diagonal {
    fn evaluate(&mut self, position: &[f64]) {
        self.gradient = position.iter().zip(&self.diagonal).map(|(x, h)| x * h).collect();
    }

    fn add_to(&self, factor: f64, target: &mut [f64]) {
        target.iter_mut().zip(&self.gradient).for_each(|(x, g)| *x += factor * g);
    }
}

proptest! {
    #[test]
    fn the_gramian_is_that_of_the_impulse_response(
        optimizer in optimizers(), share in 0.05..0.95_f64, a in 0.02..1.0_f64, b in 0.02..1.0_f64
    ) {
        let rule = optimizer.rule();
        let step_size = share * rule.eta_mean(1.0);
        let gramian = rule.linear_step(step_size).impulse_gramian(a, b) / (a * b);
        let inverse = rule.inverse_gramian(2.0 / step_size, a, b);
        prop_assert!((inverse.value() * gramian - 1.0).abs() < 1e-9 * inverse.condition());
        for alpha in [0.0, 0.4, 1.0] {
            let expected = 1.0 / (1.0 / (a * b * gramian) + 1.0 - alpha);
            let found = rule.kernel(2.0 / step_size, alpha, a, b);
            prop_assert!((found / expected - 1.0).abs() < 1e-9 * inverse.condition());
        }
        if let Some(term) = rule.pencil(a, b) {
            let found = term.slope * 2.0 / step_size + term.constant;
            let error = (found - inverse.value()).abs();
            prop_assert!(error < 1e-13 * (inverse.positive + inverse.negative));
        }
    }

    #[test]
    fn full_batches_are_stable_below_their_threshold_only(
        optimizer in optimizers(), curvature in 0.1..10.0_f64
    ) {
        let rule = optimizer.rule();
        let edge = rule.eta_mean(curvature);
        prop_assert!((rule.full_batch_edge(edge) / curvature - 1.0).abs() < 1e-9);
        for (factor, stable) in [(0.98, true), (1.02, false)] {
            let matrix = rule.linear_step(factor * edge).matrix(curvature);
            let (trace, determinant) = (
                matrix[0][0] + matrix[1][1],
                matrix[0][0] * matrix[1][1] - matrix[0][1] * matrix[1][0],
            );
            // Both roots of z² − cz + d are inside the unit circle if |d| < 1 and |c| < 1 + d.
            let inside = determinant.abs() < 1.0 && trace.abs() < 1.0 + determinant;
            prop_assert_eq!(inside, stable, "{}", factor);
        }
    }

    #[test]
    fn a_step_is_the_one_of_its_matrix(
        optimizer in optimizers(), position in prop::collection::vec(-1.0..1.0_f64, 3)
    ) {
        let step_size = 0.3;
        let diagonal = vec![0.2, 1.0, 3.0];
        let mut gradient = Diagonal { diagonal: diagonal.clone(), gradient: Vec::new() };
        let mut state = State::at(position.clone());
        let mut expected: Vec<[f64; 2]> = position.iter().map(|x| [*x, 0.0]).collect();
        for _ in 0..5 {
            optimizer.rule().step(&mut state, step_size, &mut gradient);
            for (z, h) in expected.iter_mut().zip(&diagonal) {
                let m = optimizer.rule().linear_step(step_size).matrix(*h);
                *z = [m[0][0] * z[0] + m[0][1] * z[1], m[1][0] * z[0] + m[1][1] * z[1]];
            }
        }
        for (x, z) in state.position().iter().zip(&expected) {
            prop_assert!((x - z[0]).abs() < 1e-12);
        }
    }

    #[test]
    fn units_of_curvature_do_not_matter(
        optimizer in optimizers(), unit in 0.1..10.0_f64, a in 0.1..1.0_f64, b in 0.1..1.0_f64
    ) {
        let scale = 2.0 / (0.5 * optimizer.rule().eta_mean(1.0));
        let scaled = optimizer.in_units_of(unit);
        let (here, there) = (
            optimizer.rule().kernel(scale, 0.5, a, b),
            scaled.rule().kernel(scale / unit, 0.5, a / unit, b / unit),
        );
        prop_assert!((here / there - 1.0).abs() < 1e-9);
    }
}

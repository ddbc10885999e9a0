//! How the parameters and their velocity move in a step, for engines that move them by themselves.

use crate::optimizer::Optimizer;

/// (θ, v) ← M (θ, v) + (b, 1) κg for every parameter, g being its gradient.
///
/// That is the optimizer's linear step, whose second component is u = ηv, with v in the place of u: v does not
/// change its unit with η.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Motion {
    /// M, row by row.
    pub matrix: [[f64; 2]; 2],
    /// b; −η for an optimizer with heavy-ball momentum.
    pub push: f64,
    /// κ: 1 without dampening.
    pub kick: f64,
}

impl Motion {
    /// The motion of `optimizer` at step size η = `rate` > 0.
    pub fn new(optimizer: Optimizer, rate: f64) -> Self {
        let step = optimizer.rule().linear_step(rate);
        let ([position, velocity], [push, kick]) = (step.constant, step.gradient);
        if step.components == 1 {
            // v is the gradient, which the next step forgets.
            return Self { matrix: [[position[0], 0.0], [0.0; 2]], push, kick: 1.0 };
        }
        let kick = kick / rate;
        let matrix = [[position[0], rate * position[1]], [velocity[0] / rate, velocity[1]]];
        Self { matrix, push: push / kick, kick }
    }

    /// Whether `optimizer` gives the parameters a velocity.
    pub fn has_velocity(optimizer: Optimizer) -> bool {
        optimizer.rule().linear_step(1.0).components > 1
    }

    /// θ' as a θ + c v + b v' of the new velocity v' = M_21 θ + M_22 v + κg: the numbers (a, c).
    ///
    /// An engine that adds the gradient to the velocity alone moves the parameters by it afterwards. The two are
    /// (1, 0) for heavy-ball momentum with coupled decay.
    pub fn carried(&self) -> [f64; 2] {
        let ([position, velocity], push) = (self.matrix, self.push);
        [position[0] - push * velocity[0], position[1] - push * velocity[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimizer::OptimizerSettings;

    const RATE: f64 = 0.03;

    fn motion(settings: OptimizerSettings) -> Motion {
        Motion::new(settings.optimizer().unwrap(), RATE)
    }

    fn close(found: [f64; 2], expected: [f64; 2]) {
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-15), "{found:?}");
    }

    /// PyTorch's formulas, written out.
    #[test]
    fn the_motion_is_that_of_pytorchs_step() {
        let (m, w) = (0.9, 0.01);
        let settings =
            OptimizerSettings { momentum: m, weight_decay: w, ..OptimizerSettings::default() };
        let heavy = motion(settings);
        close(heavy.matrix[0], [1.0 - RATE * w, -RATE * m]);
        close(heavy.matrix[1], [w, m]);
        close([heavy.push, heavy.kick], [-RATE, 1.0]);
        close(heavy.carried(), [1.0, 0.0]);
        let nesterov = motion(OptimizerSettings { nesterov: true, ..settings });
        close(nesterov.matrix[0], [1.0 - RATE * (1.0 + m) * w, -RATE * m * m]);
        close(nesterov.matrix[1], [w, m]);
        close([nesterov.push, nesterov.kick], [-RATE * (1.0 + m), 1.0]);
        let decoupled = motion(OptimizerSettings { decoupled: true, ..settings });
        close(decoupled.matrix[0], [1.0 - RATE * w, -RATE * m]);
        close(decoupled.matrix[1], [0.0, m]);
        close([decoupled.push, decoupled.kick], [-RATE, 1.0]);
        let dampened = motion(OptimizerSettings { dampening: 0.25, ..settings });
        close([dampened.push, dampened.kick], [-RATE, 0.75]);
        close(decoupled.carried(), [1.0 - RATE * w, 0.0]);
    }

    #[test]
    fn decay_alone_needs_no_velocity() {
        let settings = OptimizerSettings { weight_decay: 0.1, ..OptimizerSettings::default() };
        let decay = settings.optimizer().unwrap();
        assert!(!Motion::has_velocity(decay) && !Motion::has_velocity(Optimizer::Sgd));
        close(Motion::new(decay, RATE).matrix[0], [1.0 - 0.1 * RATE, 0.0]);
        close(Motion::new(decay, RATE).matrix[1], [0.0; 2]);
        close(Motion::new(decay, RATE).carried(), [1.0 - 0.1 * RATE, 0.0]);
        close([Motion::new(decay, RATE).push, Motion::new(decay, RATE).kick], [-RATE, 1.0]);
    }
}

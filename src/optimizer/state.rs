//! Linearised SGD with any optimizer: the state that a step changes, and the gradient it uses.

/// The displacement θ − θ* from the minimum, and what else the optimizer remembers between steps: u = ηv, the
/// last displacement, if it has a momentum.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    position: Vec<f64>,
    /// Empty, as long as no step has used it, or u.
    velocity: Vec<f64>,
}

impl State {
    /// A displacement without any memory of earlier steps.
    pub fn at(position: Vec<f64>) -> Self {
        Self { position, velocity: Vec::new() }
    }

    /// A displacement θ − θ* and u, of the same dimension.
    pub fn with_velocity(position: Vec<f64>, velocity: Vec<f64>) -> Self {
        Self { position, velocity }
    }

    /// Overwrites this state with `other`, of the same dimension.
    pub fn copy_from(&mut self, other: &Self) {
        self.position.copy_from_slice(&other.position);
        self.velocity.clone_from(&other.velocity);
    }

    /// θ − θ*.
    pub fn position(&self) -> &[f64] {
        &self.position
    }

    /// θ − θ*, to be changed.
    pub fn position_mut(&mut self) -> &mut [f64] {
        &mut self.position
    }

    /// θ − θ* and u, to be changed.
    pub fn parts_mut(&mut self) -> (&mut [f64], &mut [f64]) {
        self.velocity.resize(self.position.len(), 0.0);
        (&mut self.position, &mut self.velocity)
    }

    /// Σ of the squares of all numbers.
    pub fn squared_norm(&self) -> f64 {
        let squares = |part: &[f64]| part.iter().map(|x| x * x).sum::<f64>();
        squares(&self.position) + squares(&self.velocity)
    }

    /// Σ of the products of all numbers with those of `other`, of the same dimension.
    pub fn dot(&self, other: &Self) -> f64 {
        let products = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
        products(&self.position, &other.position) + products(&self.velocity, &other.velocity)
    }

    /// Adds `factor` times the numbers of `other`, of the same dimension.
    pub fn add(&mut self, factor: f64, other: &Self) {
        self.velocity.resize(self.velocity.len().max(other.velocity.len()), 0.0);
        self.position.iter_mut().zip(&other.position).for_each(|(x, y)| *x += factor * y);
        self.velocity.iter_mut().zip(&other.velocity).for_each(|(x, y)| *x += factor * y);
    }

    /// Applies `f` to all numbers.
    pub fn for_each(&mut self, mut f: impl FnMut(&mut f64)) {
        self.position.iter_mut().chain(&mut self.velocity).for_each(&mut f);
    }
}

/// The gradient of a batch, affine in the displacement.
pub trait LinearGradient {
    /// Prepares the gradient at `position`.
    fn evaluate(&mut self, position: &[f64]);

    /// `target` += `factor` · gradient.
    fn add_to(&self, factor: f64, target: &mut [f64]);
}

//! Linearised SGD with any optimizer: the state that a step changes, and the gradient it uses.

/// The displacement θ − θ* from the minimum, and what else the optimizer remembers between steps.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    position: Vec<f64>,
}

impl State {
    /// A displacement without any memory of earlier steps.
    pub fn at(position: Vec<f64>) -> Self {
        Self { position }
    }

    /// Overwrites this state with `other`, of the same dimension.
    pub fn copy_from(&mut self, other: &Self) {
        self.position.copy_from_slice(&other.position);
    }

    /// θ − θ*.
    pub fn position(&self) -> &[f64] {
        &self.position
    }

    /// θ − θ*, to be changed.
    pub fn position_mut(&mut self) -> &mut [f64] {
        &mut self.position
    }

    /// Σ of the squares of all numbers.
    pub fn squared_norm(&self) -> f64 {
        self.position.iter().map(|x| x * x).sum()
    }

    /// Σ of the products of all numbers with those of `other`, of the same dimension.
    pub fn dot(&self, other: &Self) -> f64 {
        self.position.iter().zip(&other.position).map(|(x, y)| x * y).sum()
    }

    /// Adds `factor` times the numbers of `other`, of the same dimension.
    pub fn add(&mut self, factor: f64, other: &Self) {
        self.position.iter_mut().zip(&other.position).for_each(|(x, y)| *x += factor * y);
    }

    /// Applies `f` to all numbers.
    pub fn for_each(&mut self, f: impl FnMut(&mut f64)) {
        self.position.iter_mut().for_each(f);
    }
}

/// The gradient of a batch, affine in the displacement.
pub trait LinearGradient {
    /// Prepares the gradient at `position`.
    fn evaluate(&mut self, position: &[f64]);

    /// `target` += `factor` · gradient.
    fn add_to(&self, factor: f64, target: &mut [f64]);
}

//! Vectors of an inner product space, as Krylov methods use them.

/// An element of an inner product space.
pub trait Vector: Clone {
    /// ⟨self, other⟩.
    fn dot(&self, other: &Self) -> f64;

    /// self += `factor` · other.
    fn add_scaled(&mut self, factor: f64, other: &Self);

    /// self *= `factor`.
    fn scale(&mut self, factor: f64);

    /// self /= `length`.
    fn divide(&mut self, length: f64) {
        self.scale(1.0 / length);
    }

    /// √⟨self, self⟩.
    fn norm(&self) -> f64 {
        self.dot(self).sqrt()
    }
}

/// Inner products are summed in order.
impl Vector for Vec<f64> {
    fn dot(&self, other: &Self) -> f64 {
        self.iter().zip(other).map(|(x, y)| x * y).sum()
    }

    fn add_scaled(&mut self, factor: f64, other: &Self) {
        self.iter_mut().zip(other).for_each(|(x, y)| *x += factor * y);
    }

    fn scale(&mut self, factor: f64) {
        self.iter_mut().for_each(|x| *x *= factor);
    }

    fn divide(&mut self, length: f64) {
        self.iter_mut().for_each(|x| *x /= length);
    }
}

/// A vector of so many numbers (the parameters of a network) that the time of an inner product matters:
/// eight partial sums, which the compiler keeps in a vector register.
#[derive(Debug, Clone)]
pub struct LongVector(pub Vec<f64>);

impl From<LongVector> for Vec<f64> {
    fn from(vector: LongVector) -> Self {
        vector.0
    }
}

impl Vector for LongVector {
    fn dot(&self, other: &Self) -> f64 {
        let (a, a_rest) = self.0.as_chunks::<8>();
        let (b, b_rest) = other.0.as_chunks::<8>();
        let mut partial = [0.0; 8];
        for (x, y) in a.iter().zip(b) {
            for lane in 0..8 {
                partial[lane] += x[lane] * y[lane];
            }
        }
        let rest: f64 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
        partial.iter().sum::<f64>() + rest
    }

    fn add_scaled(&mut self, factor: f64, other: &Self) {
        self.0.add_scaled(factor, &other.0);
    }

    fn scale(&mut self, factor: f64) {
        self.0.scale(factor);
    }

    fn divide(&mut self, length: f64) {
        self.0.divide(length);
    }
}

/// Makes `vector` a unit vector, if it is not zero; returns its former length.
pub fn normalise<V: Vector>(vector: &mut V) -> f64 {
    let length = vector.norm();
    if length > 0.0 {
        vector.divide(length);
    }
    length
}

/// Removes the components of `vector` along the orthonormal `basis` and returns them.
///
/// Gram–Schmidt, twice: once is not enough in floating point (Parlett 1998, §6.9).
pub fn orthogonalise<V: Vector>(vector: &mut V, basis: &[V]) -> Vec<f64> {
    let mut components = vec![0.0; basis.len()];
    for _ in 0..2 {
        for (component, known) in components.iter_mut().zip(basis) {
            let overlap = known.dot(vector);
            vector.add_scaled(-overlap, known);
            *component += overlap;
        }
    }
    components
}

/// Σ weights_k basis_k, of at least one vector.
pub fn combine<V: Vector>(weights: &[f64], basis: &[V]) -> V {
    let mut sum = basis[0].clone();
    sum.scale(weights[0]);
    for (weight, vector) in weights.iter().zip(basis).skip(1) {
        sum.add_scaled(*weight, vector);
    }
    sum
}

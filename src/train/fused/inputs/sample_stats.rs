//! The background of a data set, and the sums and norms of its samples.

/// Sums and norms of one sample x = b·1 + s, extended by the constant 1 that feeds the bias.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct SampleStats {
    /// Σ_p s_p.
    pub sparse_sum: f32,
    /// 1 + b Σ_p x_p: how much the response to b·1 changes for every unit of gradient of this sample.
    pub background_gain: f32,
    /// √(‖x‖² + 1).
    pub norm: f32,
    /// ‖s‖ + |b|√d + 1: bounds how much the stored parts of a weight row change for every unit of gradient.
    pub reach: f32,
}

/// The value of more than half of all entries, or 0 if there is none: only then does it pay to store it
/// separately.
pub(super) fn background(rows: &[f32]) -> f32 {
    let (mut candidate, mut lead) = (0.0, 0usize);
    for &x in rows {
        match (lead, x == candidate) {
            (0, _) => (candidate, lead) = (x, 1),
            (_, true) => lead += 1,
            (_, false) => lead -= 1,
        }
    }
    let share = rows.iter().filter(|&&x| x == candidate).count();
    if 2 * share > rows.len() { candidate } else { 0.0 }
}

impl SampleStats {
    /// Those of one dense row.
    pub fn new(row: &[f32], background: f32) -> Self {
        let (b, inputs) = (f64::from(background), row.len() as f64);
        let sum: f64 = row.iter().map(|&x| f64::from(x)).sum();
        let sparse = |x: f32| f64::from(x - background);
        let square: f64 = row.iter().map(|&x| f64::from(x).powi(2)).sum();
        let sparse_square: f64 = row.iter().map(|&x| sparse(x).powi(2)).sum();
        Self {
            sparse_sum: row.iter().map(|&x| sparse(x)).sum::<f64>() as f32,
            background_gain: (1.0 + b * sum) as f32,
            norm: (square + 1.0).sqrt() as f32,
            reach: (sparse_square.sqrt() + b.abs() * inputs.sqrt() + 1.0) as f32,
        }
    }
}

//! Every order of n things, and SGD over all of them.

use faer::Mat;

/// All n! permutations of 0..n.
pub fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    let insert = |order: &Vec<usize>, at: usize| [&order[..at], &[n - 1], &order[at..]].concat();
    (0..n).flat_map(|at| shorter.iter().map(move |order| insert(order, at))).collect()
}

/// log ρ of M ↦ mean over all n! shuffles of P M Pᵀ, by powers of the dense map; P is the product of an
/// epoch of linearised SGD.
pub fn log_radius(rows: &Mat<f64>, outputs: usize, batch_size: usize, step_size: f64) -> f64 {
    let (n, d) = (rows.nrows() / outputs, rows.ncols());
    let product = |order: &Vec<usize>| {
        order.chunks(batch_size).fold(Mat::<f64>::identity(d, d), |product, batch| {
            let picked = Mat::from_fn(batch.len() * outputs, d, |k, j| {
                rows[(batch[k / outputs] * outputs + k % outputs, j)]
            });
            let step = (step_size / batch.len() as f64) * (picked.transpose() * &picked);
            &product - step * &product
        })
    };
    let products: Vec<Mat<f64>> = permutations(n).iter().map(product).collect();
    let mut moment = Mat::<f64>::identity(d, d);
    let mut growth = 0.0;
    for _ in 0..600 {
        let mut next = Mat::<f64>::zeros(d, d);
        for product in &products {
            next += product * &moment * product.transpose();
        }
        let trace: f64 = (0..d).map(|k| next[(k, k)]).sum();
        growth = (trace / products.len() as f64).ln();
        moment = next * (1.0 / trace);
    }
    growth
}

//! Every order of n things.

/// All n! permutations of 0..n.
pub fn permutations(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![vec![]];
    }
    let shorter = permutations(n - 1);
    let insert = |order: &Vec<usize>, at: usize| [&order[..at], &[n - 1], &order[at..]].concat();
    (0..n).flat_map(|at| shorter.iter().map(move |order| insert(order, at))).collect()
}

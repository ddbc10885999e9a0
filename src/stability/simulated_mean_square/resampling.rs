//! Resampling: which walks are kept, copied and dropped.

/// Systematic resampling: how many copies each walk gets, in proportion to its weight, with as many
/// copies in all as there are weights. Equidistant marks on the cumulated weights, the first at `offset`
/// in 0..1 of their distance, are counted; each count is within 1 of size·weight/sum.
pub fn copy_counts(weights: &[f64], offset: f64) -> Vec<usize> {
    let stride = weights.iter().sum::<f64>() / weights.len() as f64;
    let mut copies = vec![0; weights.len()];
    let (mut chosen, mut sum) = (0, weights[0]);
    for mark in (0..weights.len()).map(|k| (k as f64 + offset) * stride) {
        while sum <= mark && chosen + 1 < weights.len() {
            chosen += 1;
            sum += weights[chosen];
        }
        copies[chosen] += 1;
    }
    copies
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn copies_are_as_many_as_there_were_and_in_proportion(
            weights in prop::collection::vec(0.0..1.0_f64, 1..40),
            offset in 0.0..1.0_f64,
        ) {
            prop_assume!(weights.iter().sum::<f64>() > 0.1);
            let found = copy_counts(&weights, offset);
            prop_assert_eq!(found.iter().sum::<usize>(), weights.len());
            let stride = weights.iter().sum::<f64>() / weights.len() as f64;
            for (&count, weight) in found.iter().zip(&weights) {
                prop_assert!((count as f64 - weight / stride).abs() < 1.0 + 1e-9);
            }
        }
    }
}

//! Sets of samples as bit masks.

/// The binomial coefficient as a float, exact as long as it matters.
pub(super) fn binomial(n: usize, k: usize) -> f64 {
    (0..k).map(|j| (n - j) as f64 / (j + 1) as f64).product()
}

/// All sets of `size` ≥ 1 of the first `n` < 32 samples, ascending as numbers (Gosper's hack); the empty
/// set for size 0.
pub(super) fn subsets(n: usize, size: usize) -> Vec<u32> {
    if size == 0 {
        return vec![0];
    }
    let next = |&set: &u32| {
        let lowest = set & set.wrapping_neg();
        let ripple = set + lowest;
        Some(ripple | (((set ^ ripple) >> 2) / lowest))
    };
    let end = 1_u32 << n;
    std::iter::successors(Some((1_u32 << size) - 1), next).take_while(|&set| set < end).collect()
}

/// The elements of a set, ascending.
pub(super) fn elements(mut set: u32) -> Vec<u32> {
    let mut found = Vec::with_capacity(set.count_ones() as usize);
    while set != 0 {
        found.push(set.trailing_zeros());
        set &= set - 1;
    }
    found
}

/// The set of those `elements` whose places are in `places`.
pub(super) fn deposit(elements: &[u32], mut places: u32) -> u32 {
    let mut set = 0;
    while places != 0 {
        set |= 1 << elements[places.trailing_zeros() as usize];
        places &= places - 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subset_comes_once() {
        for (n, size) in [(5, 0), (5, 1), (6, 3), (7, 7), (1, 1)] {
            let all = subsets(n, size);
            let expected: Vec<u32> =
                (0..1 << n).filter(|set: &u32| set.count_ones() as usize == size).collect();
            assert_eq!(all, expected);
            assert_eq!(all.len() as f64, binomial(n, size));
        }
        assert_eq!(elements(0b10110), [1, 2, 4]);
        assert_eq!(deposit(&[1, 2, 4], 0b101), 0b10010);
    }
}

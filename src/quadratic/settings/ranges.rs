//! Ranges of single keys, and lists whose entries are checked one by one.

use crate::config::ranges::{RangeCheck, ensure};
use crate::config::section::Section;
use crate::config::{FromNode, Node, elements};

/// Squares and products of such numbers, and of millions of them, stay far from where doubles end.
pub(super) fn moderate(value: &f64) -> RangeCheck {
    ensure((1e-9..=1e9).contains(value), "a number from 1e-9 to 1e9")
}

pub(super) fn fraction_below_one(value: &f64) -> RangeCheck {
    ensure((0.0..1.0).contains(value), "0 or more and below 1")
}

pub(super) fn decay(value: &f64) -> RangeCheck {
    ensure((0.0..=1e9).contains(value), "a number from 0 to 1e9")
}

pub(super) fn count(value: &usize) -> RangeCheck {
    ensure((1..=1_000_000).contains(value), "a whole number from 1 to 1000000")
}

pub(super) fn several(value: &usize) -> RangeCheck {
    ensure((2..=1_000_000).contains(value), "a whole number from 2 to 1000000")
}

pub(super) fn steps(value: &u64) -> RangeCheck {
    ensure((1..=1_000_000_000).contains(value), "a whole number from 1 to 1000000000")
}

/// What every entry of a list must be.
pub(super) struct Entries<T> {
    pub holds: fn(&T) -> bool,
    /// What error messages say the list must be.
    pub expected: &'static str,
}

/// η/η*_var of growth rates. Below, nothing but rounding would be measured in any time; far above,
/// every step overflows.
pub(super) const FRACTIONS: Entries<f64> = Entries {
    holds: |value| (1e-6..=1e6).contains(value),
    expected: "a list of numbers from 1e-6 to 1e6",
};

/// Step sizes, or parts of a threshold, that must stay below 1.
pub(super) const BELOW_ONE: Entries<f64> = Entries {
    holds: |value| (1e-6..1.0).contains(value),
    expected: "a list of numbers from 1e-6 to less than 1",
};

/// Step sizes; curvatures are 1 or so.
pub(super) const STEP_SIZES: Entries<f64> = Entries {
    holds: |value| (1e-9..=1e9).contains(value),
    expected: "a list of numbers from 1e-9 to 1e9",
};

/// m. Beyond 0.999 a simulation would have to be thousands of steps long.
pub(super) const MOMENTA: Entries<f64> = Entries {
    holds: |value| (0.0..=0.999).contains(value),
    expected: "a list of numbers from 0 to 0.999",
};

pub(super) const BATCH_SIZES: Entries<usize> = Entries {
    holds: |value| count(value).is_ok(),
    expected: "a list of whole numbers from 1 to 1000000",
};

/// The list under `key`, or `default`; the problem of an invalid list has the place of the first
/// invalid entry.
pub(super) fn list<T: FromNode>(
    section: &mut Section<'_>,
    key: &'static str,
    default: Vec<T>,
    entries: Entries<T>,
) -> Vec<T> {
    let Some(node) = section.take(key) else { return default };
    let path = section.key_path(key);
    let Some(items) = elements(node) else {
        section.add_mismatch(&path, node, entries.expected);
        return default;
    };
    let complain = |at: &Node, found: String| {
        let message = format!("`{path}` must be {}, found {found}", entries.expected);
        section.add_problem(at.origin.clone(), message);
    };
    if items.is_empty() {
        complain(node, "an empty one".to_owned());
        return default;
    }
    let mut values = Vec::new();
    for item in items.iter() {
        let Some(value) = T::from_node(item).filter(entries.holds) else {
            complain(item, format!("{} in it", item.value.describe()));
            return default;
        };
        values.push(value);
    }
    values
}

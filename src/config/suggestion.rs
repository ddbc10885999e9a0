//! "Did you mean …?" for a misspelt key.

/// The known key that `key` is most likely a misspelling of.
pub fn suggest<'a>(key: &str, known_keys: &[&'a str]) -> Option<&'a str> {
    known_keys
        .iter()
        .map(|known| (strsim::damerau_levenshtein(key, known), *known))
        .filter(|(distance, known)| *distance <= 1 + known.len() / 4)
        .min()
        .map(|(_, known)| known)
}

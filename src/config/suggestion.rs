//! "Did you mean …?" for a misspelt key.

use std::cmp::Ordering;

use strsim::{damerau_levenshtein, jaro_winkler};

/// The known key that `key` is most likely a misspelling of, if any is near enough: at most a third
/// of the letters of the longer word differ.
pub fn suggest<'a>(key: &str, known_keys: &[&'a str]) -> Option<&'a str> {
    let longer = |known: &str| key.chars().count().max(known.chars().count());
    known_keys
        .iter()
        .map(|&known| (damerau_levenshtein(key, known), known))
        .filter(|&(distance, known)| 3 * distance <= longer(known))
        .min_by(|(distance, known), (other_distance, other)| {
            distance.cmp(other_distance).then_with(|| by_common_start(key, known, other))
        })
        .map(|(_, known)| known)
}

/// Of two equally distant words the one that begins like `key` comes first: misspellings rarely
/// change the start of a word.
fn by_common_start(key: &str, a: &str, b: &str) -> Ordering {
    jaro_winkler(key, b).total_cmp(&jaro_winkler(key, a))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    /// The keys of every section, as the message about a key unlike all of them lists them.
    fn known_keys() -> Vec<Vec<String>> {
        const UNLIKE: &str = "qqqqqqqqqqqqqqqqqqqqqqqq";
        let sections = "data model loss train train.warmup sweep analysis run slurm";
        let sections: String =
            sections.split(' ').map(|name| format!("[{name}]\n{UNLIKE} = 1\n")).collect();
        let source = format!("{UNLIKE} = 1\n{sections}");
        let message = Config::parse(&source, "x", "results/x".into(), &[]).unwrap_err().to_string();
        let lists = message.lines().filter_map(|line| line.split_once("; known: "));
        lists.map(|(_, list)| list.split(", ").map(str::to_owned).collect()).collect()
    }

    /// Every word that differs from `key` by two letters swapped, one left out, or one too many.
    fn misspellings(key: &str) -> Vec<String> {
        let letters: Vec<char> = key.chars().collect();
        let edit = |change: &dyn Fn(&mut Vec<char>)| {
            let mut word = letters.clone();
            change(&mut word);
            word.into_iter().collect::<String>()
        };
        let swapped = (1..letters.len()).map(|i| edit(&|word| word.swap(i - 1, i)));
        let missing = (0..letters.len()).map(|i| {
            edit(&|word| {
                word.remove(i);
            })
        });
        let extra = (0..=letters.len()).map(|i| edit(&|word| word.insert(i, 'x')));
        swapped.chain(missing).chain(extra).filter(|word| word != key).collect()
    }

    #[test]
    fn every_misspelling_of_every_key_is_recognized() {
        let sections = known_keys();
        assert_eq!(sections.len(), 10);
        for keys in &sections {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            for key in &keys {
                for word in misspellings(key) {
                    let found = suggest(&word, &keys);
                    // "pus" is as near to `cpus` as to `gpus`.
                    let near = found.is_some_and(|found| damerau_levenshtein(&word, found) <= 1);
                    assert!(near, "{word} gave {found:?}, not {key}");
                }
            }
        }
    }

    #[test]
    fn other_words_suggest_nothing() {
        let sections = known_keys();
        let keys: Vec<&str> = sections.iter().flatten().map(String::as_str).collect();
        for word in [
            "foo",
            "bar",
            "x",
            "lr",
            "eta",
            "colour",
            "name",
            "width",
            "layers",
            "dropout",
            "optimizer",
            "betas",
            "shuffle",
            "verbose",
            "cost",
        ] {
            assert_eq!(suggest(word, &keys), None, "{word}");
        }
    }

    #[test]
    fn the_nearest_key_with_the_same_start_is_suggested() {
        assert_eq!(suggest("gpxs", &["cpus", "gpus"]), Some("gpus"));
        assert_eq!(suggest("treshold", &["tolerance", "thresholds"]), Some("thresholds"));
        assert_eq!(suggest("batchsize", &["batch_size", "max_epochs"]), Some("batch_size"));
        assert_eq!(suggest("class", &["classes", "scaling"]), Some("classes"));
        assert_eq!(suggest("foo", &["folder", "pool"]), None);
    }
}

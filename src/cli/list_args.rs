//! Lists on the command line: `--fractions 0.1 0.2` is `--fractions 0.1,0.2`.

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::Command;

/// `arguments`, the program's name first, with the numbers after an option that takes a list joined by
/// commas: the argument parser would take them for files.
pub fn join_lists(
    command: &Command,
    arguments: impl IntoIterator<Item = OsString>,
) -> Vec<OsString> {
    let mut rest = arguments.into_iter().peekable();
    let mut joined: Vec<OsString> = rest.next().into_iter().collect();
    let mut options = BTreeSet::new();
    while let Some(argument) = rest.next() {
        let text = argument.to_str().unwrap_or_default().to_owned();
        if let Some(found) = command.find_subcommand(&text).filter(|_| options.is_empty()) {
            options = list_options(found);
        }
        joined.push(argument);
        if text == "--" {
            break;
        }
        let (name, value) = text.split_once('=').map_or((&*text, None), |(n, v)| (n, Some(v)));
        if !options.contains(name) {
            continue;
        }
        let mut list = match value {
            Some(_) => joined.pop().unwrap_or_default(),
            None => match rest.next_if(is_numbers) {
                Some(first) => first,
                None => continue,
            },
        };
        while let Some(next) = rest.next_if(is_numbers) {
            list = with_comma(list);
            list.push(next);
        }
        joined.push(list);
    }
    joined.extend(rest);
    joined
}

/// The options of a subcommand that take several values, `--name`.
fn list_options(command: &Command) -> BTreeSet<String> {
    let lists = command.get_arguments().filter(|argument| argument.get_value_delimiter().is_some());
    lists.filter_map(|argument| Some(format!("--{}", argument.get_long()?))).collect()
}

/// `list` with one comma at its end.
fn with_comma(list: OsString) -> OsString {
    let mut list = list
        .into_string()
        .map_or_else(OsString::from, |text| OsString::from(text.trim_end_matches(',').to_owned()));
    list.push(",");
    list
}

/// Whether an argument is a number, or several with commas between them.
fn is_numbers(argument: &OsString) -> bool {
    let text = argument.to_str().unwrap_or_default().trim_end_matches(',');
    !text.is_empty() && text.split(',').all(|part| part.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::join_lists;
    use clap::CommandFactory;

    #[test]
    fn numbers_after_a_list_option_are_joined() {
        let command = crate::cli::Arguments::command();
        for (given, expected) in [
            ("stationary --fractions 0.1 0.2 x", "stationary --fractions 0.1,0.2 x"),
            ("stationary --fractions 0.1, 0.2, x", "stationary --fractions 0.1,0.2, x"),
            ("stationary x --fractions=0.1 0.2", "stationary x --fractions=0.1,0.2"),
            ("stationary --fractions 0.1,0.2 x", "stationary --fractions 0.1,0.2 x"),
            (
                "--json stationary --batch-sizes 1 2 4 --steps 9",
                "--json stationary --batch-sizes 1,2,4 --steps 9",
            ),
            (
                "thresholds g.npy --learning-rates 1e-2 .5",
                "thresholds g.npy --learning-rates 1e-2,.5",
            ),
            ("thresholds --tolerance 1 2", "thresholds --tolerance 1 2"),
            ("stationary -- --fractions 0.1 0.2", "stationary -- --fractions 0.1 0.2"),
            ("stationary --fractions x 0.2", "stationary --fractions x 0.2"),
        ] {
            let arguments = std::iter::once("etastar").chain(given.split(' '));
            let found = join_lists(&command, arguments.map(Into::into));
            let found: Vec<&str> = found[1..].iter().map(|text| text.to_str().unwrap()).collect();
            assert_eq!(found.join(" "), expected);
        }
    }
}

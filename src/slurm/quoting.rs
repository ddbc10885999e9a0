//! Quotes words for the shell, for `#SBATCH` lines and for the names of log files.

/// Whether neither the shell nor `sbatch` gives a meaning to any character of `word`.
fn is_plain(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./=:,+@%".contains(c);
    !word.is_empty() && word.chars().all(plain)
}

/// `word`, quoted for the shell if necessary.
///
/// ```
/// use etastar::slurm::quote;
/// assert_eq!(quote("results/x"), "results/x");
/// assert_eq!(quote("it's here"), r"'it'\''s here'");
/// assert_eq!(quote("two\nlines"), r"$'two\nlines'");
/// ```
pub fn quote(word: &str) -> String {
    if is_plain(word) {
        return word.to_owned();
    }
    if !word.contains(char::is_control) {
        return format!("'{}'", word.replace('\'', r"'\''"));
    }
    // Bash's own quotes, so that every command stays on one line.
    let escape = |c: char| match c {
        '\\' | '\'' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        '\r' => "\\r".to_owned(),
        '\t' => "\\t".to_owned(),
        c if c.is_ascii_control() => format!("\\x{:02x}", u32::from(c)),
        c => c.to_string(),
    };
    format!("$'{}'", word.chars().map(escape).collect::<String>())
}

/// `value`, quoted for a `#SBATCH` line if necessary.
///
/// `sbatch` splits these lines by its own rules (`_get_argument` of its `opt.c`): spaces separate except
/// within quotes, a backslash takes the next character as it is, within quotes too, and `#` begins a
/// comment, in old versions within quotes too. Some versions replace the word `packjob` anywhere in a
/// line. A line break cannot be quoted.
pub fn quote_option(value: &str) -> String {
    if is_plain(value) && !value.to_ascii_lowercase().contains("packjob") {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for (i, c) in value.char_indices() {
        // The backslash stands behind the first letter of "packjob", so that the word is not found.
        let is_second_letter = i
            .checked_sub(1)
            .and_then(|start| value.get(start..start + 7))
            .is_some_and(|word| word.eq_ignore_ascii_case("packjob"));
        if matches!(c, '"' | '\\' | '#') || is_second_letter {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// The value of `#SBATCH name=value` without quotes, as someone may have written it with them.
///
/// ```text
/// "two words"   two words
/// say "hi"      say "hi"
/// ```
pub fn without_outer_quotes(value: &str) -> String {
    for quote in ['"', '\''] {
        let inner = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        let Some(inner) = inner else { continue };
        let unescaped = unescape(inner, quote);
        if let Some(text) = unescaped {
            return text;
        }
    }
    value.to_owned()
}

/// `text` with `\"` and `\\` replaced by the characters they stand for; `None` if it holds an unescaped
/// `quote`.
fn unescape(text: &str, quote: char) -> Option<String> {
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c == quote {
            return None;
        }
        result.push(if c == '\\' { characters.next()? } else { c });
    }
    Some(result)
}

/// A file name for `--output`, in which Slurm replaces `%a` and the like: `%` becomes `%%`.
pub fn escape_pattern(name: &str) -> String {
    name.replace('%', "%%")
}

/// A file name for `--output` in which Slurm replaces nothing: it does so if the name holds a backslash,
/// and removes one of each pair of them.
pub fn escape_literal_name(name: &str) -> String {
    name.replace('\\', r"\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How `sbatch` reads the first word of a `#SBATCH` line: `_get_argument` of Slurm's `opt.c`,
    /// with `#` a comment within quotes too if `old`.
    fn first_argument(line: &str, old: bool) -> String {
        assert!(!line.to_ascii_lowercase().contains("packjob"), "{line}");
        let (mut found, mut quote, mut escaped) = (String::new(), None, false);
        for c in line.chars() {
            match (escaped, c, quote) {
                (true, ..) => escaped = false,
                (_, '\\', _) => {
                    escaped = true;
                    continue;
                }
                (_, '#', Some(_)) if old => break,
                (_, _, Some(q)) if c == q => {
                    quote = None;
                    continue;
                }
                (_, _, Some(_)) => {}
                (_, '"' | '\'', None) => {
                    quote = Some(c);
                    continue;
                }
                (_, '#', None) => break,
                _ if c.is_ascii_whitespace() => break,
                _ => {}
            }
            found.push(c);
        }
        assert!(quote.is_none(), "an open quote in {line}");
        found
    }

    #[test]
    fn sbatch_reads_what_was_meant() {
        for value in [
            "results/x",
            "two words",
            "a#b # c",
            "it's",
            "say \"hi\"",
            "back\\slash\\",
            "\\\"#",
            "tab\there",
            "ünï cödé",
            "$HOME `id`",
            "50%",
            "/data/packjob/x",
            "/data/PackJob x",
            "",
            ":",
        ] {
            for old in [false, true] {
                let line = format!("--comment={}", quote_option(value));
                assert_eq!(first_argument(&line, old), format!("--comment={value}"), "{line}");
            }
        }
        assert_eq!(quote_option("B:USR1@120"), "B:USR1@120");
    }

    #[test]
    fn the_shell_reads_what_was_meant() {
        let hostile = "'\"\\ $HOME `id` $(id) !x * ? [a] {b,c} ~ # & ; | < > \t\n\r\u{1b}[1m é 💥";
        let words = ["", "-n", "a b", "x'", "\\", "a\nb'", hostile];
        let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
        let code = format!("printf '%s\\0' {}", quoted.join(" "));
        assert!(!code.contains(['\n', '\r']), "{code}");
        let output = std::process::Command::new("bash").args(["-c", &code]).output().unwrap();
        let wanted: String = words.iter().map(|word| format!("{word}\0")).collect();
        assert_eq!(String::from_utf8_lossy(&output.stdout), wanted);
    }

    #[test]
    fn outer_quotes_are_not_part_of_the_value() {
        for (text, wanted) in [
            ("\"two words\"", "two words"),
            ("'two words'", "two words"),
            (r#""a \"b\" \\""#, r#"a "b" \"#),
            ("say \"hi\"", "say \"hi\""),
            ("\"a\" and \"b\"", "\"a\" and \"b\""),
            ("\"", "\""),
            ("plain", "plain"),
        ] {
            assert_eq!(without_outer_quotes(text), wanted, "{text}");
        }
    }

    #[test]
    fn names_of_logs_keep_their_characters() {
        assert_eq!(escape_pattern("50%a/x"), "50%%a/x");
        assert_eq!(escape_literal_name(r"a\b"), r"a\\b");
    }
}

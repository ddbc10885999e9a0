//! Numbers, durations, counts and panic messages as text.

use std::any::Any;
use std::time::Duration;

/// Four significant digits, in decimal notation where that is short.
pub fn number(value: f64) -> String {
    let magnitude = value.abs();
    if value == 0.0 {
        "0".to_owned()
    } else if !(1e-3..1e6).contains(&magnitude) {
        format!("{value:.3e}")
    } else {
        let decimals = 3 - magnitude.log10().floor() as i32;
        format!("{value:.*}", decimals.max(0) as usize)
    }
}

/// A number, or a dash.
pub fn optional(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), number)
}

/// At most two units: `3h 12m`, `42s`, `0.8s`.
pub fn duration(seconds: f64) -> String {
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    let whole = seconds.min(1e15).round() as u64;
    // From one hour on, seconds do not matter.
    let rounded = if whole >= 3600 { whole / 60 * 60 } else { whole };
    humantime::format_duration(Duration::from_secs(rounded)).to_string()
}

/// Breaks `text` at spaces into lines of at most `width` characters, if no word is longer; every line
/// but the first begins with `indent` spaces.
pub fn wrap(text: &str, width: usize, indent: usize) -> String {
    let mut lines = String::new();
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push('\n');
            lines.extend(std::iter::repeat_n(' ', indent));
            used = indent;
        } else if used > 0 {
            lines.push(' ');
            used += 1;
        }
        lines += word;
        used += length;
    }
    lines
}

/// `word` with an s unless `count` is 1.
pub fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

/// The message of a caught panic.
pub fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("no reason given")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_four_digits() {
        for (value, text) in [
            (0.0, "0"),
            (0.043_288, "0.04329"),
            (1.0, "1.000"),
            (46.2, "46.20"),
            (1937.4, "1937"),
            (123_456.7, "123457"),
            (9.9e-7, "9.900e-7"),
            (2e7, "2.000e7"),
        ] {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn text_is_wrapped_at_spaces() {
        assert_eq!(wrap("η is near η*_var", 80, 2), "η is near η*_var");
        assert_eq!(wrap("η is near η*_var", 9, 2), "η is near\n  η*_var");
        assert_eq!(wrap("unbreakable words", 5, 0), "unbreakable\nwords");
    }

    #[test]
    fn durations_have_the_precision_that_matters() {
        assert_eq!(duration(0.84), "0.8s");
        assert_eq!(duration(62.4), "1m 2s");
        assert_eq!(duration(11_531.0), "3h 12m");
    }
}

//! The markup of labels: `*η*` italic, `λ_{max}` subscript, `10^{−3}` superscript; a backslash before a
//! character keeps it as it is.

use std::fmt::Write;

/// Font size of sub- and superscripts, relative to the label's.
const SCRIPT_SIZE: f64 = 0.72;

/// Rough advance width of a character of DejaVu Sans or Verdana, in em; precise enough for layout.
fn advance(c: char) -> f64 {
    match c {
        ' ' | '.' | ',' | ';' | ':' | '(' | ')' | '/' | 'i' | 'l' | 'j' | 'f' | 't' => 0.37,
        'm' | 'w' | 'M' | 'W' | '=' | '−' | '×' => 0.86,
        _ => 0.62,
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Level {
    Base,
    Sub,
    Super,
}

#[derive(Debug, Clone, PartialEq)]
struct Span {
    text: String,
    italic: bool,
    level: Level,
}

fn spans(markup: &str) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    let (mut italic, mut level) = (false, Level::Base);
    let mut rest = markup.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('*', _) => italic = !italic,
            ('_' | '^', Some('{')) => {
                rest.next();
                level = if c == '_' { Level::Sub } else { Level::Super };
            }
            ('}', _) if level != Level::Base => level = Level::Base,
            ('\\', Some(_)) => push(&mut spans, rest.next().unwrap_or(c), italic, level),
            _ => push(&mut spans, c, italic, level),
        }
    }
    spans
}

fn push(spans: &mut Vec<Span>, c: char, italic: bool, level: Level) {
    match spans.last_mut() {
        Some(last) if (last.italic, last.level) == (italic, level) => last.text.push(c),
        _ => spans.push(Span { text: c.to_string(), italic, level }),
    }
}

/// Text from a file as markup that shows it as it is.
pub fn literal(text: &str) -> String {
    let mut markup = String::new();
    for c in text.chars() {
        if "*_^\\".contains(c) {
            markup.push('\\');
        }
        markup.push(c);
    }
    markup
}

/// The estimated width of a label at font size `size`, in the unit of `size`.
pub fn width(markup: &str, size: f64) -> f64 {
    let em = |span: &Span| match span.level {
        Level::Base => 1.0,
        Level::Sub | Level::Super => SCRIPT_SIZE,
    };
    let spans = spans(markup);
    let widths = spans.iter().map(|s| em(s) * s.text.chars().map(advance).sum::<f64>());
    size * widths.sum::<f64>()
}

/// The label as the content of an SVG `text` element of font size `size`.
///
/// Shifts are written as `dy`, because browsers disagree on `baseline-shift`.
pub fn to_svg(markup: &str, size: f64) -> String {
    let mut svg = String::new();
    let mut last_shift = 0.0;
    for span in spans(markup) {
        let (shift, scale) = match span.level {
            Level::Base => (0.0, 1.0),
            Level::Sub => (-0.22 * size, SCRIPT_SIZE),
            Level::Super => (0.38 * size, SCRIPT_SIZE),
        };
        let style = if span.italic { " font-style=\"italic\"" } else { "" };
        let (dy, size) = (last_shift - shift, size * scale);
        let text = escape(&span.text);
        let _infallible =
            write!(svg, r#"<tspan dy="{dy:.2}" font-size="{size:.2}"{style}>{text}</tspan>"#);
        last_shift = shift;
    }
    svg
}

/// The label as plain text: `λ_max`, `10^−3`.
pub fn plain(markup: &str) -> String {
    let mut text = String::new();
    for span in spans(markup) {
        text += match span.level {
            Level::Base => "",
            Level::Sub => "_",
            Level::Super => "^",
        };
        text += &span.text;
    }
    text
}

/// Text as XML character data.
pub fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// Breaks plain text into lines no wider than `limit` at font size `size`.
pub fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.pop().unwrap_or_default();
        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if line.is_empty() || width(&longer, size) <= limit {
            lines.push(longer);
        } else {
            lines.extend([line, word.to_owned()]);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_go_down_and_up_and_come_back() {
        let svg = to_svg("*λ*_{max}(H)", 10.0);
        assert!(svg.starts_with(r#"<tspan dy="0.00" font-size="10.00" font-style="italic">λ<"#));
        assert!(svg.contains(r#"<tspan dy="2.20" font-size="7.20">max<"#));
        assert!(svg.ends_with(r#"<tspan dy="-2.20" font-size="10.00">(H)</tspan>"#));
    }

    #[test]
    fn what_is_special_to_xml_is_escaped_and_names_keep_their_underscores() {
        let svg = to_svg("a_b <&>", 10.0);
        assert!(svg.contains(">a_b &lt;&amp;&gt;<"), "{svg}");
    }

    #[test]
    fn literal_text_is_shown_as_it_is() {
        let text = r"a*b*_{c}^{d}\*e}";
        assert_eq!(plain(&literal(text)), text);
        assert!(!to_svg(&literal(text), 10.0).contains("italic"));
    }

    #[test]
    fn wrapped_lines_fit_and_lose_no_word() {
        let text = "one two three four five six seven eight nine ten";
        let lines = wrap(text, 8.0, 90.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 8.0) <= 90.0));
        assert_eq!(lines.join(" "), text);
    }
}

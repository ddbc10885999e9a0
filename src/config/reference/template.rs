//! A configuration with every key, its default and its meaning.

use super::keys::{CONDITION, SECTIONS, SHORT_NAMES, keys};

/// Longest line.
const WIDTH: usize = 80;

const HEAD: &str = "\
# Every key of a configuration with its default. Lines that begin with `#key =` have
# no default, or an example. What you leave out keeps its default, so a file of your
# own can be short: see `etastar init minimal`.
";

/// The commented template.
pub fn template() -> String {
    let keys = keys();
    let mut text = HEAD.to_owned();
    for (section, about) in SECTIONS {
        text += &format!("\n{}[{section}]\n", comment(about));
        for key in keys.iter().filter(|key| key.section == section) {
            let values = key.kind.describe();
            let values = if values.is_empty() { values } else { format!(" ({values})") };
            text += &comment(&format!("{}{values}", key.meaning));
            let mark = if key.is_default { "" } else { "#" };
            text += &format!("{mark}{} = {}\n", key.name, key.value);
        }
        if section == "sweep" {
            for (name, _, example) in SHORT_NAMES {
                text += &format!("#{name} = {example}\n");
            }
            text += "#\"model.hidden\" = [[64], [128]]\n";
            text += "#\"data.label_noise\" = { linear = [0, 0.4], points = 5 }\n";
            let (name, example, meaning) = CONDITION;
            text += &format!("{}#{name} = {example}\n", comment(meaning));
        }
    }
    text
}

/// Text as comment lines.
fn comment(text: &str) -> String {
    let mut lines = vec!["#".to_owned()];
    for word in text.split_whitespace() {
        let fits = lines
            .last()
            .is_some_and(|line| line.chars().count() + 1 + word.chars().count() <= WIDTH);
        match lines.last_mut() {
            Some(line) if fits => *line += &format!(" {word}"),
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

//! How columns and their values are written in a figure.

use super::plotting::markup::{literal, plain};
use crate::cell;
use crate::statistics::distinct;

/// Longer lists are given by their ends.
const MOST_LISTED: usize = 6;

/// Columns with their axis label and, if they have one, their symbol.
const LABELS: [(&str, &str, &str); 32] = [
    ("learning_rate", "step size *η*", "*η*"),
    ("batch_size", "batch size *B*", "*B*"),
    ("train.momentum", "momentum *m*", "*m*"),
    ("train.weight_decay", "weight decay *w*", "*w*"),
    ("two_over_eta", "2/*η*", ""),
    ("sharpness_gn", "sharpness *λ*_{max}(*H*)", ""),
    ("sharpness_hessian", "*λ*_{max} of the true Hessian", ""),
    ("generalized_sharpness", "generalized sharpness *λ*_{max}(*C*^{†}*D*)", ""),
    ("trace", "trace of *H*", ""),
    ("bound_17", "lower bound (17)", ""),
    ("bound_18", "lower bound (18)", ""),
    ("bound_27", "lower bound (27)", ""),
    ("effective_rank", "effective rank", ""),
    ("eta_mean", "*η*_{mean}", ""),
    ("eta_var", "*η*_{var}", ""),
    ("eta_as", "*η*_{as}", ""),
    ("eta_var_epoch", "*η*_{var} of shuffled epochs", ""),
    ("eta_as_epoch", "*η*_{as} of shuffled epochs", ""),
    ("lyapunov", "Lyapunov exponent", ""),
    ("lyapunov_epoch", "Lyapunov exponent of shuffled epochs", ""),
    ("coherence", "coherence *σ*", ""),
    ("dexter_bound", "bound of Dexter et al.", ""),
    ("dead_samples", "dead samples", ""),
    ("final_loss", "final loss", ""),
    ("running_loss", "running loss", ""),
    ("train_seconds", "training time in s", ""),
    ("analysis_seconds", "time of measurements in s", ""),
    ("history.learning_rate", "step size *η* of the epoch", ""),
    ("epoch", "epoch", ""),
    ("epochs", "epochs", ""),
    ("step", "step", ""),
    ("loss", "loss", ""),
];

/// The label of a column, in markup.
pub fn column(name: &str) -> String {
    let known = LABELS.iter().find(|(column, ..)| *column == name);
    known.map_or_else(|| literal(name), |(_, label, _)| (*label).to_owned())
}

/// `*B* = 4` for every value of a column, in markup; words stand alone. A `brief` label has the value
/// alone if the column has no symbol.
pub fn values(name: &str, values: &[String], brief: bool) -> Vec<String> {
    let known = LABELS.iter().find(|(column, _, symbol)| *column == name && !symbol.is_empty());
    let symbol = known.map_or_else(|| literal(name), |(.., symbol)| (*symbol).to_owned());
    let digits = enough_digits(values);
    let is_word = |value: &str| {
        name == "run_id"
            || value.starts_with(char::is_alphabetic)
                && cell::number(value).is_none()
                && !["true", "false"].contains(&value)
    };
    let label = |value: &String| {
        let text = brief_value(value, digits);
        match value.as_str() {
            "" => format!("{symbol} empty"),
            word if is_word(word) => literal(value),
            _ if brief && known.is_none() => text,
            _ => format!("{symbol} = {text}"),
        }
    };
    values.iter().map(label).collect()
}

/// Some values as a list in plain text; a long list as its ends.
pub fn list(values: &[String]) -> String {
    let digits = enough_digits(values);
    let name = |value: &String| match value.as_str() {
        "" => "empty".to_owned(),
        _ => plain(&brief_value(value, digits)),
    };
    match values {
        [first, .., last] if values.len() > MOST_LISTED => {
            format!("{} values from {} to {}", values.len(), name(first), name(last))
        }
        _ => values.iter().map(name).collect::<Vec<_>>().join(", "),
    }
}

/// A number with `digits`; anything else as it is.
fn brief_value(value: &str, digits: usize) -> String {
    match cell::number(value) {
        Some(number) if !value.starts_with('[') => significant(number, digits),
        _ => literal(value),
    }
}

/// The least number of significant digits, 3 or more, that tells all numbers apart.
fn enough_digits(values: &[String]) -> usize {
    let numbers = distinct(values.iter().filter_map(|value| cell::number(value)));
    let all_differ = |digits: &usize| {
        let mut texts: Vec<String> = numbers.iter().map(|v| significant(*v, *digits)).collect();
        texts.sort();
        texts.windows(2).all(|pair| pair[0] != pair[1])
    };
    (3..17).find(all_differ).unwrap_or(17)
}

/// A number with at most `digits` significant digits, in markup.
fn significant(value: f64, digits: usize) -> String {
    let text = format!("{value:.*e}", digits - 1);
    let Some((mantissa, exponent)) = text.split_once('e') else { return text };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let text = if (-4..7).contains(&exponent) {
        let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
        trimmed(&format!("{value:.decimals$}"))
    } else {
        format!("{}×10^{{{exponent}}}", trimmed(mantissa))
    };
    text.replace('-', "−")
}

fn trimmed(decimal: &str) -> String {
    if !decimal.contains('.') {
        return decimal.to_owned();
    }
    decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(name: &str, of: &[&str]) -> Vec<String> {
        values(name, &of.iter().map(|&value| value.to_owned()).collect::<Vec<_>>(), false)
    }

    #[test]
    fn values_are_short_but_never_alike() {
        assert_eq!(
            labels("learning_rate", &["0.005011872336272725", "0.05"]),
            ["*η* = 0.00501", "*η* = 0.05"]
        );
        assert_eq!(labels("x", &["0.12345", "0.12346"]), ["x = 0.12345", "x = 0.12346"]);
        assert_eq!(labels("seed", &["1000000", "3e9"]), ["seed = 1000000", "seed = 3×10^{9}"]);
        assert_eq!(labels("model.hidden", &["[64]", "[64, 8]"])[1], "model.hidden = [64, 8]");
        assert_eq!(labels("algorithm", &["sgd", "a*b"]), ["sgd", "a\\*b"]);
        assert_eq!(labels("z", &["", "true", "-2"]), ["z empty", "z = true", "z = −2"]);
        let short = labels("x", &["0.1", "0.2", "0.1"]);
        assert_eq!(short, ["x = 0.1", "x = 0.2", "x = 0.1"]);
        let brief = |name| values(name, &["4".to_owned()], true);
        assert_eq!([brief("batch_size"), brief("data.pool")].concat(), ["*B* = 4", "4"]);
        assert_eq!(labels("run_id", &["123456", "12e4"]), ["123456", "12e4"]);
    }
}

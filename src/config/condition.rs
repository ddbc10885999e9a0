//! Conditions on the settings of a run: `sweep.where`.

use serde_json::{Value, json};

use super::document::parse_value;
use super::origin::Origin;
use super::value;

/// A condition such as `train.batch_size <= 16 and model.hidden == [64]`.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition(Expression);

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Or(Box<Self>, Box<Self>),
    And(Box<Self>, Box<Self>),
    Not(Box<Self>),
    Compare(Operand, Comparison, Operand),
}

#[derive(Debug, Clone, PartialEq)]
enum Operand {
    Key(String),
    Literal(Value),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
    In,
}

const COMPARISONS: [(&str, Comparison); 7] = [
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
    ("in", Comparison::In),
];

impl Condition {
    /// Reads comparisons of dotted keys and TOML values, joined by `and`, `or`, `not` and parentheses.
    ///
    /// # Errors
    /// What is wrong with `text`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let tokens = tokens(text)?;
        if tokens.len() > MOST_TOKENS {
            return Err(format!("it has {} words, more than {MOST_TOKENS}", tokens.len()));
        }
        let mut parser = Parser { tokens, next: 0, depth: 0 };
        let expression = parser.either()?;
        match parser.peek() {
            None => Ok(Self(expression)),
            Some(token) => Err(format!("unexpected `{token}`")),
        }
    }

    /// Whether it holds for a run with the value `setting(key)` of every dotted key.
    ///
    /// # Errors
    /// A key that no run has, or values that have no order.
    pub fn holds(&self, setting: &dyn Fn(&str) -> Option<Value>) -> Result<bool, String> {
        holds(&self.0, setting)
    }
}

fn holds(expression: &Expression, setting: &dyn Fn(&str) -> Option<Value>) -> Result<bool, String> {
    match expression {
        Expression::Or(a, b) => Ok(holds(a, setting)? | holds(b, setting)?),
        Expression::And(a, b) => Ok(holds(a, setting)? & holds(b, setting)?),
        Expression::Not(a) => Ok(!holds(a, setting)?),
        Expression::Compare(a, comparison, b) => {
            compare(&value_of(a, setting)?, *comparison, &value_of(b, setting)?)
        }
    }
}

fn value_of(operand: &Operand, setting: &dyn Fn(&str) -> Option<Value>) -> Result<Value, String> {
    match operand {
        Operand::Literal(value) => Ok(as_floats(value)),
        Operand::Key(key) => {
            let dotted = if key.contains('.') { key.clone() } else { format!("train.{key}") };
            let value = setting(&dotted).map(|value| as_floats(&value));
            value.ok_or_else(|| format!("no run has a key `{key}`"))
        }
    }
}

/// The value with all its numbers as doubles, so that 1 equals 1.0.
fn as_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(items) => items.iter().map(as_floats).collect(),
        other => other.clone(),
    }
}

fn compare(a: &Value, comparison: Comparison, b: &Value) -> Result<bool, String> {
    let order = || match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => Ok(a.partial_cmp(&b)),
        _ => Err(format!("{a} and {b} have no order; use == or !=")),
    };
    Ok(match comparison {
        Comparison::Equal => a == b,
        Comparison::NotEqual => a != b,
        Comparison::Less => order()?.is_some_and(|order| order.is_lt()),
        Comparison::AtMost => order()?.is_some_and(|order| order.is_le()),
        Comparison::Greater => order()?.is_some_and(|order| order.is_gt()),
        Comparison::AtLeast => order()?.is_some_and(|order| order.is_ge()),
        Comparison::In => {
            b.as_array().ok_or_else(|| format!("`in` needs a list, found {b}"))?.contains(a)
        }
    })
}

/// Splits a condition into words, operators, parentheses, strings and lists.
fn tokens(text: &str) -> Result<Vec<&str>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ']' => 1,
            '"' | '\'' => rest[1..].find(first).map(|end| end + 2).ok_or("a string has no end")?,
            '[' => list_length(rest).ok_or("a list has no end")?,
            '=' | '!' | '<' | '>' => {
                rest.len() - rest.trim_start_matches(['=', '!', '<', '>']).len()
            }
            _ => rest
                .find(|c: char| c.is_whitespace() || "()[]=!<>\"'".contains(c))
                .unwrap_or(rest.len()),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// Bytes of the list that `text` begins with.
fn list_length(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.char_indices().find_map(|(at, letter)| {
        depth = match letter {
            '[' => depth + 1,
            ']' => depth - 1,
            _ => depth,
        };
        (depth == 0).then_some(at + 1)
    })
}

struct Parser<'t> {
    tokens: Vec<&'t str>,
    next: usize,
    /// Number of parentheses and `not`s around the next token.
    depth: usize,
}

/// Limits that keep the recursion within the stack.
const MOST_TOKENS: usize = 4000;
const DEEPEST: usize = 100;

impl<'t> Parser<'t> {
    fn peek(&self) -> Option<&'t str> {
        self.tokens.get(self.next).copied()
    }

    /// Takes the next token if it is `word`.
    fn accept(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.next += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Expression, String> {
        let mut left = self.both()?;
        while self.accept("or") {
            left = Expression::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Result<Expression, String> {
        let mut left = self.single()?;
        while self.accept("and") {
            left = Expression::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("more than {DEEPEST} parentheses and `not`s in each other"));
        }
        let found = self.at_this_depth();
        self.depth -= 1;
        found
    }

    fn at_this_depth(&mut self) -> Result<Expression, String> {
        if self.accept("not") {
            return Ok(Expression::Not(Box::new(self.single()?)));
        }
        if self.accept("(") {
            let inner = self.either()?;
            return if self.accept(")") { Ok(inner) } else { Err("`)` is missing".to_owned()) };
        }
        let left = self.operand()?;
        let found = self.peek();
        let known = COMPARISONS.iter().find(|(word, _)| Some(*word) == found);
        let Some((_, comparison)) = known else {
            let found = found.map_or("the end".to_owned(), |token| format!("`{token}`"));
            return Err(format!("expected ==, !=, <, <=, >, >= or in, found {found}"));
        };
        self.next += 1;
        Ok(Expression::Compare(left, *comparison, self.operand()?))
    }

    fn operand(&mut self) -> Result<Operand, String> {
        let token = self.peek().ok_or("a value is missing at the end")?;
        self.next += 1;
        let value = match parse_value(token, &Origin::Unknown) {
            // Words without quotes are keys.
            value::Value::String(_) if !token.starts_with(['"', '\'']) => None,
            value => value.to_json(),
        };
        if let Some(value) = value {
            return Ok(Operand::Literal(value));
        }
        let is_key = token.starts_with(|c: char| c.is_ascii_alphabetic());
        let is_key = is_key && token.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c));
        if is_key {
            Ok(Operand::Key(token.to_owned()))
        } else {
            Err(format!("unexpected `{token}`"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, RunSpec, single_run};

    fn run() -> RunSpec {
        let source = "[model]\nhidden = [64, 32]\n[train]\nlearning_rate = 0.1\nbatch_size = 16\n\
                      sampling = \"uniform\"";
        single_run(&Config::parse(source, "x", "results/x".into(), &[]).unwrap()).unwrap()
    }

    #[test]
    fn conditions_hold_as_written() {
        for (text, wanted) in [
            ("train.batch_size <= 16 and model.hidden == [64,32]", true),
            ("train.batch_size<16", false),
            ("batch_size >= 16.0", true),
            ("learning_rate > 1e-1", false),
            ("learning_rate < .2 and not batch_size == 8", true),
            ("batch_size == 8 or batch_size == 16 and seed == 0", true),
            ("(batch_size == 16 or batch_size == 8) and seed == 1", false),
            ("train.sampling == \"uniform\"", true),
            ("train.sampling != 'uniform'", false),
            ("batch_size in [1, 16]", true),
            ("model.hidden in [[64], [64, 32]]", true),
            ("model.scale_biases == true", true),
            ("8 < batch_size", true),
        ] {
            assert_eq!(
                Condition::parse(text).unwrap().holds(&|key| run().setting(key)),
                Ok(wanted),
                "{text}"
            );
        }
    }

    #[test]
    fn depth_and_length_are_limited() {
        let nested = |depth: usize| "(".repeat(depth) + "batch_size == 8" + &")".repeat(depth);
        assert!(Condition::parse(&nested(50)).is_ok());
        let negated = "not ".repeat(100_000) + "batch_size == 8";
        let long = "batch_size == 8 or ".repeat(100_000) + "batch_size == 8";
        for (text, part) in [(nested(1000), "in each other"), (negated, "words"), (long, "words")] {
            assert!(Condition::parse(&text).unwrap_err().contains(part));
        }
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("batch_size", "expected =="),
            ("batch_size = 3", "found `=`"),
            ("batch_size <", "missing at the end"),
            ("(batch_size < 3", "`)` is missing"),
            ("batch_size < 3 seed", "unexpected `seed`"),
            ("model.hidden == [3", "no end"),
            ("train.sampling == \"x", "no end"),
            ("", "missing"),
            ("batch_size < ]", "unexpected `]`"),
        ] {
            let fault = Condition::parse(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
        for (text, part) in [
            ("train.batchsize < 3", "no run has a key `train.batchsize`"),
            ("model.hidden < 3", "no order"),
            ("batch_size in 3", "needs a list"),
        ] {
            let fault =
                Condition::parse(text).unwrap().holds(&|key| run().setting(key)).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}

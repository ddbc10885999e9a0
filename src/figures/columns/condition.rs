//! Conditions on rows: `stop_reason=converged`, `batch_size<=8`.

use std::fmt;
use std::str::FromStr;

use crate::cell;

/// A column, a comparison and a value.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    pub column: String,
    comparison: Comparison,
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Equal,
    NotEqual,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// Signs that begin with another one come first.
const SIGNS: [(&str, Comparison); 7] = [
    ("!=", Comparison::NotEqual),
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("=", Comparison::Equal),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// A condition that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    #[error("write it as COLUMN=VALUE, or with !=, <, <=, > or >=, for example batch_size<=8")]
    Unreadable,
    #[error("`{0}` is not a number, and only numbers are less or greater")]
    NotANumber(String),
}

impl FromStr for Condition {
    type Err = ConditionError;

    fn from_str(text: &str) -> Result<Self, ConditionError> {
        let start = text.find(['=', '!', '<', '>']).ok_or(ConditionError::Unreadable)?;
        let (column, rest) = text.split_at(start);
        let sign = SIGNS.iter().find_map(|&(sign, comparison)| {
            rest.strip_prefix(sign).map(|value| (comparison, value.trim()))
        });
        let (comparison, value) = sign.ok_or(ConditionError::Unreadable)?;
        let column = column.trim().to_owned();
        if column.is_empty() {
            return Err(ConditionError::Unreadable);
        }
        let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        let value = quoted.unwrap_or(value).to_owned();
        let condition = Self { column, comparison, value };
        if condition.is_of_order() && cell::number(&condition.value).is_none() {
            return Err(ConditionError::NotANumber(condition.value));
        }
        Ok(condition)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.comparison {
            Comparison::Equal => "=",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::AtMost => "<=",
            Comparison::Greater => ">",
            Comparison::AtLeast => ">=",
        };
        write!(f, "{}{sign}{}", self.column, self.value)
    }
}

impl Condition {
    /// Whether a cell meets the condition; `None` if it should be a number and is not. An empty cell is
    /// neither less nor greater than anything.
    pub fn holds(&self, cell: &str) -> Option<bool> {
        match self.comparison {
            Comparison::Equal => return Some(self.equals(cell)),
            Comparison::NotEqual => return Some(!self.equals(cell)),
            _ if cell.is_empty() => return Some(false),
            _ => {}
        }
        let (found, bound) = (cell::number(cell)?, cell::number(&self.value)?);
        Some(match self.comparison {
            Comparison::Less => found < bound,
            Comparison::AtMost => found <= bound,
            Comparison::Greater => found > bound,
            _ => found >= bound,
        })
    }

    /// Whether a cell is the value, or rounds to it at the digits of the value, three at least: messages
    /// and legends print 0.0199526 as 0.01995 or 0.02.
    fn equals(&self, cell: &str) -> bool {
        let (Some(found), Some(value)) = (cell::number(cell), cell::number(&self.value)) else {
            return cell::same(cell, &self.value);
        };
        let digits = self.value.split(['e', 'E']).next().unwrap_or_default();
        let digits = digits.chars().filter(char::is_ascii_digit).skip_while(|digit| *digit == '0');
        let decimals = digits.count().max(3) - 1;
        cell::same(cell, &self.value)
            || format!("{found:.decimals$e}") == format!("{value:.decimals$e}")
    }

    /// Whether it lets one value through.
    pub fn is_equality(&self) -> bool {
        self.comparison == Comparison::Equal
    }

    fn is_of_order(&self) -> bool {
        !matches!(self.comparison, Comparison::Equal | Comparison::NotEqual)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(text: &str, cell: &str) -> Option<bool> {
        text.parse::<Condition>().unwrap().holds(cell)
    }

    #[test]
    fn every_sign_is_read() {
        for (text, yes, no) in [
            ("b=8", "8.0", "80"),
            ("b == 8", "8", "9"),
            ("s=converged", "converged", "diverged"),
            ("s=\"a b\"", "a b", "a"),
            ("b!=8", "4", "8"),
            ("b<8", "7", "8"),
            ("b<=8", "8", "9"),
            ("b > 8", "9", "8"),
            ("b>=-1e-3", "0", "-1"),
            ("model.hidden=[64,128]", "[64, 128]", "[64]"),
            ("e=", "", "1"),
            ("lr=0.02", "0.01995262314968879", "0.0199"),
            ("lr=0.01995", "0.01995262314968879", "0.01994"),
            ("lr=1e-2", "0.01", "0.0101"),
            ("n=1000", "1000", "1001"),
            ("e!=", "1", ""),
        ] {
            assert_eq!(holds(text, yes), Some(true), "{text} {yes}");
            assert_eq!(holds(text, no), Some(false), "{text} {no}");
        }
        assert_eq!(holds("b<8", ""), Some(false));
        assert_eq!(holds("b<8", "sgd"), None);
        assert_eq!("b<=8".parse::<Condition>().unwrap().to_string(), "b<=8");
    }

    #[test]
    fn what_is_no_condition_says_how_to_write_one() {
        for text in ["", "b", "=8", "!8", "b!8"] {
            assert_eq!(text.parse::<Condition>(), Err(ConditionError::Unreadable), "{text}");
        }
        let word = "b<many".parse::<Condition>().unwrap_err().to_string();
        assert!(word.contains("`many` is not a number"), "{word}");
    }
}

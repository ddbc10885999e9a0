//! The numbers that a figure shows, and how many it cannot show.

use super::curves::Value;
use super::data::{DataSet, Record};
use super::error::ColumnsError;
use super::request::Request;
use super::{scales, selection};
use crate::figures::plotting::scale::ScaleKind;

/// The numbers of the selected rows.
pub struct Shown<'d> {
    /// Index of the quantity in the request, and its value.
    pub values: Vec<(usize, Value<'d>)>,
    /// The scales of both axes.
    pub x: ScaleKind,
    pub y: ScaleKind,
    /// Numbers that are not shown, by reason.
    left_out: LeftOut,
}

#[derive(Default)]
struct LeftOut {
    empty: usize,
    infinite: usize,
    not_positive: usize,
}

impl<'d> Shown<'d> {
    /// The numbers that `request` asks for; `is_grid` says that the abscissas were chosen.
    ///
    /// # Errors
    /// A column that is not numeric or has no number that its axis can show.
    pub fn of(
        data: &'d DataSet,
        request: &Request,
        rows: &[&'d Record],
        is_grid: bool,
    ) -> Result<Self, ColumnsError> {
        let abscissas = selection::numbers(data, rows, &request.x)?;
        let mut left_out = LeftOut::default();
        let mut values = Vec::new();
        for (quantity, column) in request.y.iter().enumerate() {
            let ordinates = selection::numbers(data, rows, column)?;
            for ((&row, x), y) in rows.iter().zip(&abscissas).zip(ordinates) {
                match x.zip(y) {
                    None => left_out.empty += 1,
                    Some((x, y)) if x.is_finite() && y.is_finite() => {
                        values.push((quantity, Value { x, y, row }));
                    }
                    Some(_) => left_out.infinite += 1,
                }
            }
        }
        if values.is_empty() {
            return Err(ColumnsError::NeverTogether { x: request.x.clone(), y: request.y.clone() });
        }
        let x: Vec<f64> = values.iter().map(|(_, value)| value.x).collect();
        let y: Vec<f64> = values.iter().map(|(_, value)| value.y).collect();
        let log = request.log;
        let x = scales::kind(&x, log.map(|log| log.x), is_grid);
        let y = scales::kind(&y, log.map(|log| log.y), false);
        let fits = |kind, value: f64| kind == ScaleKind::Linear || value > 0.0;
        if !values.iter().any(|(_, value)| fits(x, value.x)) {
            return Err(ColumnsError::NotPositive { column: request.x.clone() });
        }
        if !values.iter().any(|(_, value)| fits(x, value.x) && fits(y, value.y)) {
            return Err(ColumnsError::NotPositive { column: request.y.join("`, `") });
        }
        let all = values.len();
        values.retain(|(_, value)| fits(x, value.x) && fits(y, value.y));
        left_out.not_positive = all - values.len();
        Ok(Self { values, x, y, left_out })
    }

    /// "Left out: 3 of 30 values (2 empty, 1 not positive)."
    pub fn left_out(&self) -> Option<String> {
        let LeftOut { empty, infinite, not_positive } = self.left_out;
        let reasons = [(empty, "empty"), (infinite, "infinite"), (not_positive, "not positive")];
        let count: usize = reasons.iter().map(|(count, _)| count).sum();
        let reasons: Vec<_> = reasons.iter().filter(|(count, _)| *count > 0).collect();
        let all = count + self.values.len();
        let reason = match reasons[..] {
            [] => return None,
            [(_, why)] => format!("all of them {why}"),
            _ => reasons.iter().map(|(n, why)| format!("{n} {why}")).collect::<Vec<_>>().join(", "),
        };
        Some(format!("Left out: {count} of {all} values ({reason})."))
    }
}

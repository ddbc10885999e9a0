//! The rows of a sweep's `summary.csv`, read back.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use crate::cell;
use crate::optimizer::{Optimizer, OptimizerSetting, OptimizerSettings};
use crate::table::{Row, Table, TableError};

/// The settings of a run on the further axes of its sweep: the columns with a dotted name. Runs that
/// differ in them must not be mixed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facet(pub Vec<(String, String)>);

impl Facet {
    /// Those settings in which `facets` differ.
    pub fn varied<'f>(facets: impl Iterator<Item = &'f Self> + Clone) -> Vec<String> {
        let first = facets.clone().next();
        let names = first.iter().flat_map(|facet| &facet.0).map(|(name, _)| name.clone());
        let values = |name: &str| -> BTreeSet<String> {
            facets.clone().map(|facet| facet.value(name).to_owned()).collect()
        };
        names.filter(|name| values(name).len() > 1).collect()
    }

    /// The value of a setting; empty if there is none.
    pub fn value(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Its settings in `names`.
    pub fn only(&self, names: &[String]) -> Self {
        let settings = self.0.iter().filter(|(name, _)| names.contains(name));
        Self(settings.cloned().collect())
    }
}

impl Ord for Facet {
    fn cmp(&self, other: &Self) -> Ordering {
        let pairs = self.0.iter().zip(&other.0);
        let order = |((a, left), (b, right)): (&(String, String), &(String, String))| {
            a.cmp(b).then_with(|| cell::order(left, right))
        };
        let differing = pairs.map(order).find(|order| order.is_ne());
        differing.unwrap_or_else(|| self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Facet {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// "model.hidden = \[64\], data.label_noise = 0.1".
impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (name, value)) in self.0.iter().enumerate() {
            write!(f, "{}{name} = {value}", if i > 0 { ", " } else { "" })?;
        }
        Ok(())
    }
}

/// One finished run: the columns that figures and comparisons use. Measurements are `None` where the
/// cell is empty or the column missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SummaryRow {
    /// Step size η.
    pub learning_rate: f64,
    /// Batch size B.
    pub batch_size: usize,
    pub stop_reason: String,
    /// How a step was made; plain SGD if the summary does not say.
    pub optimizer: Optimizer,
    /// λ_max of the Gauss–Newton Hessian, the matrix that the bounds refer to.
    pub sharpness_gn: Option<f64>,
    /// Lower bound (17) of \[M\] on the generalized sharpness.
    pub bound_17: Option<f64>,
    /// Lower bound (27) of \[M\], the rank-one bound.
    pub bound_27: Option<f64>,
    /// λ_max(C†D).
    pub generalized_sharpness: Option<f64>,
    /// The proved ends of its enclosure.
    pub generalized_sharpness_lower: Option<f64>,
    pub generalized_sharpness_upper: Option<f64>,
    pub effective_rank: Option<f64>,
    pub eta_var: Option<f64>,
    pub eta_as: Option<f64>,
    /// The interval of the Lyapunov exponent at η, of independent batches and of shuffled epochs.
    pub lyapunov_low: Option<f64>,
    pub lyapunov_high: Option<f64>,
    pub lyapunov_epoch_low: Option<f64>,
    pub lyapunov_epoch_high: Option<f64>,
    /// η*_var of shuffled epochs, with its interval.
    pub eta_var_epoch: Option<f64>,
    pub eta_var_epoch_low: Option<f64>,
    pub eta_var_epoch_high: Option<f64>,
    /// η*_as of shuffled epochs.
    pub eta_as_epoch: Option<f64>,
    /// The settings on further axes.
    pub facet: Facet,
}

/// Checks that the header has the columns of every summary.
///
/// # Errors
/// [`TableError::MissingColumn`].
pub fn require_columns(table: &Table) -> Result<(), TableError> {
    let columns = ["learning_rate", "batch_size", "stop_reason", "sharpness_gn"];
    table.require(&columns, "the summary.csv of a sweep")
}

impl SummaryRow {
    /// Reads one row.
    ///
    /// # Errors
    /// [`TableError::Cell`].
    pub fn read(row: &Row<'_>) -> Result<Self, TableError> {
        Ok(Self {
            learning_rate: row.positive("learning_rate")?,
            batch_size: row.count("batch_size")? as usize,
            stop_reason: row.text("stop_reason").to_owned(),
            optimizer: optimizer(row)?,
            sharpness_gn: row.optional("sharpness_gn")?,
            bound_17: row.optional("bound_17")?,
            bound_27: row.optional("bound_27")?,
            generalized_sharpness: row.optional("generalized_sharpness")?,
            generalized_sharpness_lower: row.optional("generalized_sharpness_lower")?,
            generalized_sharpness_upper: row.optional("generalized_sharpness_upper")?,
            effective_rank: row.optional("effective_rank")?,
            eta_var: row.optional("eta_var")?,
            eta_as: row.optional("eta_as")?,
            lyapunov_low: row.signed("lyapunov_low")?,
            lyapunov_high: row.signed("lyapunov_high")?,
            lyapunov_epoch_low: row.signed("lyapunov_epoch_low")?,
            lyapunov_epoch_high: row.signed("lyapunov_epoch_high")?,
            eta_var_epoch: row.optional("eta_var_epoch")?,
            eta_var_epoch_low: row.optional("eta_var_epoch_low")?,
            eta_var_epoch_high: row.optional("eta_var_epoch_high")?,
            eta_as_epoch: row.optional("eta_as_epoch")?,
            facet: Facet(row.further_axes()),
        })
    }
}

/// The optimizer of a row, from the keys of the configuration; those without a column are at their default.
fn optimizer(row: &Row<'_>) -> Result<Optimizer, TableError> {
    let flag = |column| match row.text(column) {
        "" | "false" => Ok(false),
        "true" => Ok(true),
        _ => Err(row.cell_error(column, "true or false")),
    };
    let settings = OptimizerSettings {
        momentum: row.signed("train.momentum")?.unwrap_or(0.0),
        nesterov: flag("train.nesterov")?,
        weight_decay: row.signed("train.weight_decay")?.unwrap_or(0.0),
        decoupled: flag("train.decoupled")?,
        dampening: 0.0,
    };
    settings.optimizer().map_err(|error| match error.setting() {
        OptimizerSetting::Momentum => {
            row.cell_error("train.momentum", "a momentum, 0 or more and below 1")
        }
        OptimizerSetting::WeightDecay => {
            row.cell_error("train.weight_decay", "a weight decay, 0 or more")
        }
        OptimizerSetting::Nesterov | OptimizerSetting::Dampening => {
            row.cell_error("train.nesterov", "a step that goes with the other columns of [train]")
        }
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::optimizer::{HeavyBall, Nesterov};

    fn optimizers(columns: &str, cells: &[&str]) -> Result<Vec<Optimizer>, String> {
        let header = format!("learning_rate,batch_size,stop_reason,sharpness_gn{columns}");
        let rows = cells.iter().map(|cells| format!("0.1,4,converged,3{cells}"));
        let lines: Vec<String> = std::iter::once(header).chain(rows).collect();
        let mut table = Table::new(Path::new("CSV"), lines.join("\n")).unwrap();
        let rows = table.rows::<_, TableError>(SummaryRow::read);
        rows.map(|rows| rows.iter().map(|row| row.optimizer).collect())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn rows_without_columns_of_an_optimizer_are_of_plain_sgd() {
        assert_eq!(optimizers("", &[""]), Ok(vec![Optimizer::Sgd]));
        let (momentum, weight_decay) = (0.9, 0.0);
        assert_eq!(
            optimizers(",train.momentum", &[",0.9", ",0.0", ","]),
            Ok(vec![
                Optimizer::HeavyBall(HeavyBall { momentum, weight_decay }),
                Optimizer::Sgd,
                Optimizer::Sgd
            ])
        );
        assert_eq!(
            optimizers(",train.nesterov,train.momentum", &[",true,0.9"]),
            Ok(vec![Optimizer::Nesterov(Nesterov { momentum, weight_decay })])
        );
    }

    #[test]
    fn cells_that_are_no_optimizer_are_faults_of_their_column() {
        for (columns, cells, column) in [
            (",train.momentum", ",1.5", "train.momentum"),
            (",train.momentum", ",x", "train.momentum"),
            (",train.weight_decay", ",-1", "train.weight_decay"),
            (",train.nesterov", ",true", "train.nesterov"),
            (",train.decoupled", ",yes", "train.decoupled"),
        ] {
            let fault = optimizers(columns, &[cells]).unwrap_err();
            assert!(fault.contains(&format!("line 2, column `{column}`")), "{fault}");
        }
    }
}

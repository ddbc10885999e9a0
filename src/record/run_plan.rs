//! The runs that a sweep is to make.

use std::sync::Arc;

use super::identity::run_id;
use crate::config::RunSpec;
use crate::data::{DataError, DataSource};
use crate::store::RunId;

/// A run: its identity, its settings and its data.
#[derive(Debug, Clone)]
pub struct Run {
    pub id: RunId,
    pub spec: RunSpec,
    pub data: Arc<DataSource>,
}

impl Run {
    /// The run with these settings and data.
    pub fn new(spec: RunSpec, data: Arc<DataSource>) -> Self {
        Self { id: run_id(&spec, &data.digest), spec, data }
    }
}

/// The runs of a sweep, or one run alone.
#[derive(Debug, Clone)]
pub struct RunPlan {
    pub runs: Vec<Run>,
    /// The keys in which the runs differ, beside step size, batch size, seed and algorithm.
    pub further_axes: Vec<String>,
    /// Whether it is a run by itself, which joins neither summary nor figures of a sweep.
    pub is_lone: bool,
}

impl RunPlan {
    /// The plan of one run by itself.
    ///
    /// # Errors
    /// Its data cannot be used.
    pub fn of_lone_run(spec: RunSpec) -> Result<Self, DataError> {
        let data = Arc::new(DataSource::load(&spec.data)?);
        Ok(Self { runs: vec![Run::new(spec, data)], further_axes: Vec::new(), is_lone: true })
    }

    /// The plan with other runs, such as those of one task.
    pub fn with_runs(&self, runs: Vec<Run>) -> Self {
        Self { runs, further_axes: self.further_axes.clone(), is_lone: self.is_lone }
    }
}

//! The data sets of a sweep whose runs differ in their data.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::dataset::{DataShape, Dataset};
use super::error::DataError;
use super::images::LabelledImages;
use super::settings::{DataConfig, Split};

/// Bytes of data sets that stay in memory from the plan on. Any others are read again when a run needs
/// them, and shared by the runs that need them at the same time.
const KEPT_BYTES: usize = 1 << 30;

/// One data set, of which size and digest are known and the samples are read when they are needed.
#[derive(Debug)]
pub struct DataSource {
    config: DataConfig,
    pub shape: DataShape,
    /// That of [`Dataset::digest`].
    pub digest: String,
    kept: Option<Arc<Dataset>>,
    in_use: Mutex<Weak<Dataset>>,
}

impl DataSource {
    /// Reads the data set of `config` and keeps it.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn load(config: &DataConfig) -> Result<Self, DataError> {
        Ok(Self::new(config, Dataset::load(config)?, true))
    }

    fn new(config: &DataConfig, data: Dataset, keep: bool) -> Self {
        Self {
            config: config.clone(),
            shape: data.shape(),
            digest: data.digest.clone(),
            kept: keep.then(|| Arc::new(data)),
            in_use: Mutex::default(),
        }
    }

    /// The samples.
    ///
    /// # Errors
    /// The files cannot be read any more, or hold other data than when the sweep was planned.
    pub fn samples(&self) -> Result<Arc<Dataset>, DataError> {
        if let Some(data) = &self.kept {
            return Ok(Arc::clone(data));
        }
        // Other workers wait here, since they may need the same data.
        let mut in_use = self.in_use.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(data) = in_use.upgrade() {
            return Ok(data);
        }
        let data = Arc::new(Dataset::load(&self.config)?);
        if data.digest != self.digest {
            return Err(DataError::Changed { folder: self.config.folder.clone() });
        }
        *in_use = Arc::downgrade(&data);
        Ok(data)
    }
}

/// The data sets of the runs of a sweep, each read once.
#[derive(Debug, Default)]
pub struct DataSources {
    by_settings: HashMap<String, Arc<DataSource>>,
    files: HashMap<(PathBuf, Split), LabelledImages>,
    kept_bytes: usize,
}

impl DataSources {
    /// The data set of `config`.
    ///
    /// # Errors
    /// See [`DataError`].
    pub fn get(&mut self, config: &DataConfig) -> Result<Arc<DataSource>, DataError> {
        let key = format!("{config:?}");
        if let Some(source) = self.by_settings.get(&key) {
            return Ok(Arc::clone(source));
        }
        let place = (config.folder.clone(), config.split);
        if !self.files.contains_key(&place) {
            // A sweep over folders needs the files of one at a time.
            self.files.clear();
            let files = LabelledImages::read(&config.folder, config.split)?;
            self.files.insert(place.clone(), files);
        }
        let data = Dataset::select(config, &self.files[&place])?;
        self.kept_bytes = self.kept_bytes.saturating_add(data.bytes());
        let keep = self.by_settings.is_empty() || self.kept_bytes <= KEPT_BYTES;
        let source = Arc::new(DataSource::new(config, data, keep));
        self.by_settings.insert(key, Arc::clone(&source));
        Ok(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn settings(overrides: &[&str]) -> DataConfig {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/mnist");
        let source = format!("[data]\nfolder = {folder:?}\nsamples_per_class = 3\n");
        let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
        Config::parse(&source, "x", "results/x".into(), &overrides).unwrap().data
    }

    #[test]
    fn equal_settings_share_a_data_set_and_others_do_not() {
        let mut sources = DataSources::default();
        let clean = sources.get(&settings(&[])).unwrap();
        let noisy = sources.get(&settings(&["data.label_noise=0.5"])).unwrap();
        assert!(Arc::ptr_eq(&clean, &sources.get(&settings(&[])).unwrap()));
        assert_ne!(clean.digest, noisy.digest);
        assert!(Arc::ptr_eq(&clean.samples().unwrap(), &clean.samples().unwrap()));
        let alone = Dataset::load(&settings(&["data.label_noise=0.5"])).unwrap();
        assert_eq!(
            (&alone.digest, &alone.targets),
            (&noisy.digest, &noisy.samples().unwrap().targets)
        );
    }

    #[test]
    fn what_is_not_kept_is_read_again_while_nobody_uses_it() {
        let config = settings(&[]);
        let source = DataSource::new(&config, Dataset::load(&config).unwrap(), false);
        let first = source.samples().unwrap();
        assert!(Arc::ptr_eq(&first, &source.samples().unwrap()));
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none());
        assert_eq!(source.samples().unwrap().digest, source.digest);
        let changed = DataSource { digest: "other".to_owned(), ..source };
        let error = changed.samples().unwrap_err().to_string();
        assert!(error.contains("changed"), "{error}");
    }
}

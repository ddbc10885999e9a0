//! Taking and releasing a claim.

use std::path::Path;

use super::claim_file::{self, ClaimFile};
use super::heartbeat::Heartbeat;
use super::holder::Holder;
use super::liveness;
use crate::store::error::StoreError;

/// The right to write, released when dropped.
#[derive(Debug)]
pub struct Claim {
    pub(super) file: ClaimFile,
    heartbeat: Heartbeat,
}

impl Claim {
    /// Takes the claim `name` in `folder`; `None` if another process has it.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn take(folder: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        let latest = claim_file::latest(folder, name)?;
        if let Some(latest) = &latest
            && liveness::is_held(latest)?
        {
            return Ok(None);
        }
        let number = latest.map_or(1, |latest| latest.number + 1);
        let Some(file) = claim_file::create(folder, name, number, &Holder::new())? else {
            return Ok(None);
        };
        if !claim_file::confirm(&file)? {
            return Ok(None);
        }
        let heartbeat = Heartbeat::start(file.clone());
        Ok(Some(Self { file, heartbeat }))
    }

    /// Whether another process has taken the claim, because this one seemed to be gone.
    pub fn is_lost(&self) -> bool {
        self.heartbeat.is_lost()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.heartbeat.stop();
        self.file.release();
    }
}

/// Whether a process holds the claim `name` in `folder`.
///
/// # Errors
/// The folder cannot be read.
pub fn is_claimed(folder: &Path, name: &str) -> Result<bool, StoreError> {
    claim_file::latest(folder, name)?.map_or(Ok(false), |latest| liveness::is_held(&latest))
}

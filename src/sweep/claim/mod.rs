//! Who may write: claims that hold across the machines of a cluster, without file locks.
//!
//! Locks of network file systems are slow, switched off or broken often enough that nothing here
//! needs them. A claim is a chain of numbered files `NAME-1`, `NAME-2`, …, and needs only that a file
//! can be created exclusively and that a folder can be listed:
//!
//! - **The last link of the chain says who holds it**: its content names the process, its time of
//!   modification is renewed every [`BEAT`], and an empty file means that it was given back.
//! - **Taking** means to find the last link `k` free, or its holder gone, and to create `k + 1`. Of
//!   any number of takers that found `k`, on any machines, one succeeds. The file appears whole: it is
//!   written under another name and hard-linked to its own.
//! - **Giving back** empties one's own link. No link is ever reused, and the last one is never
//!   removed, so numbers only grow: a taker that slept between its look and its deed finds a later
//!   link, before or, because links before the last are cleared away, after creating its own, and
//!   withdraws. This is why nobody removes or renames a link to free it: between a look and such a deed
//!   the chain may have passed to someone else.
//! - **Whether a holder is gone** is told by the best witness there is ([`liveness`]): the process
//!   table if it is this machine's, Slurm if the holder was a job, and else a heart that has not beaten
//!   for [`STALE`]. The last is a judgement that can be wrong, of a machine that was suspended for
//!   long: its process finds the later link at its next beat and stops working on the run
//!   ([`Claim::is_lost`]). What it may have written meanwhile are whole files with the content that the
//!   other one writes too.
//!
//! Two facts of network file systems are allowed for. A lost reply can make a link that was created
//! look as if it had existed before: its content tells whose it is. And a listing may be some seconds
//! old: creating fails if the next link exists, whatever the listing said.

mod chain;
mod heart;
mod holder;
mod liveness;

use std::path::Path;
use std::time::Duration;

use super::store::StoreError;
use chain::Link;
use heart::Heart;
use holder::Holder;

/// Between two renewals of a claim.
const BEAT: Duration = Duration::from_secs(20);
/// Age from which a claim is nobody's if no better witness can be asked. Far above the differences
/// between the clocks of a cluster, of which Slurm's own authentication allows 5 minutes.
const STALE: Duration = Duration::from_secs(600);

/// The right to write, given back when dropped.
#[derive(Debug)]
pub struct Claim {
    link: Link,
    heart: Heart,
}

impl Claim {
    /// Takes the chain `name` in `folder`, or `None` if somebody else has it.
    ///
    /// # Errors
    /// The folder cannot be read or written.
    pub fn take(folder: &Path, name: &str) -> Result<Option<Self>, StoreError> {
        let last = chain::last(folder, name)?;
        if let Some(last) = &last
            && liveness::is_held(last)?
        {
            return Ok(None);
        }
        let number = last.map_or(1, |last| last.number + 1);
        let Some(link) = chain::create(folder, name, number, &Holder::new())? else {
            return Ok(None);
        };
        if !chain::settle(&link)? {
            return Ok(None);
        }
        let heart = Heart::start(link.clone());
        Ok(Some(Self { link, heart }))
    }

    /// Whether somebody else has taken over, because this process seemed to be gone.
    pub fn is_lost(&self) -> bool {
        self.heart.is_lost()
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.heart.stop();
        self.link.give_back();
    }
}

/// Whether somebody has the chain `name` in `folder`.
///
/// # Errors
/// The folder cannot be read.
pub fn is_claimed(folder: &Path, name: &str) -> Result<bool, StoreError> {
    chain::last(folder, name)?.map_or(Ok(false), |last| liveness::is_held(&last))
}

#[cfg(test)]
mod tests;

//! Which process may write: claims that are valid across the machines of a cluster, without file locks.
//!
//! Locks of network file systems are often slow, switched off or broken, so they are not used. A claim
//! is a series of numbered files `NAME-1`, `NAME-2`, …. It needs only that a file can be created
//! exclusively and that a folder can be listed:
//!
//! - **The file with the highest number says who holds the claim.** Its content names the process. Its
//!   modification time is renewed every [`timing::HEARTBEAT_INTERVAL`]. An empty file means that the
//!   claim was released.
//! - **Taking a claim** means to find that the latest file, number `k`, is released or that its holder
//!   is gone, and to create file `k + 1`. Of any number of processes that found `k`, on any machines,
//!   one succeeds. The file appears with its whole content: it is written under another name and
//!   hard-linked to its own.
//! - **Releasing a claim** means to empty one's own file. No number is used twice and the latest file is
//!   never removed, so numbers only grow. A process that paused between finding `k` and creating
//!   `k + 1` finds a later file, either before or after it creates its own (earlier files are removed),
//!   and withdraws. For this reason no process removes or renames the latest file to release it:
//!   another process may have taken the claim in between.
//! - **Whether a holder is gone** is decided by the most reliable source available ([`liveness`]): the
//!   process table if the holder runs on this machine, Slurm if it is a job, otherwise whether its
//!   heartbeat is older than [`timing::STALE_AFTER`]. The last can be wrong, if a machine was suspended
//!   for long: its process finds the later file at its next heartbeat and stops working on the run
//!   ([`Claim::is_lost`]). What it wrote until then are whole files with the same content as those of
//!   the new holder.
//!
//! Two properties of network file systems are taken into account. If the reply to a request is lost, a
//! file that was created can seem to have existed before; its content shows whose it is. A listing can
//! be some seconds old; creating a file that exists fails all the same.

mod claim_file;
mod guard;
mod heartbeat;
mod holder;
mod liveness;
mod timing;

pub use guard::{Claim, is_claimed};

#[cfg(test)]
mod tests;

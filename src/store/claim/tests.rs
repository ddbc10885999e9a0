//! Claims of several processes, and of holders that are gone.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use super::claim_file;
use super::guard::{Claim, is_claimed};
use super::holder::Holder;
use super::timing::STALE_AFTER;

fn write(folder: &Path, number: u64, holder: &Holder) {
    let content = serde_json::to_vec(holder).unwrap();
    fs::write(folder.join(format!("claim-{number}")), content).unwrap();
}

fn latest(folder: &Path) -> u64 {
    claim_file::latest(folder, "claim").unwrap().unwrap().number
}

/// A holder on another machine, of which nothing is known.
fn stranger() -> Holder {
    Holder { host: "elsewhere".to_owned(), ..Holder::new() }
}

#[test]
fn many_takers_of_a_dead_claim_never_hold_it_together() {
    let folder = tempfile::tempdir().unwrap();
    let dead = Holder { pid: u32::MAX / 2, ..Holder::new() };
    write(folder.path(), 1, &dead);
    let (inside, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    let Some(claim) = Claim::take(folder.path(), "claim").unwrap() else {
                        continue;
                    };
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "two hold it");
                    std::thread::yield_now();
                    inside.fetch_sub(1, Ordering::SeqCst);
                    taken.fetch_add(1, Ordering::SeqCst);
                    drop(claim);
                }
            });
        }
    });
    assert!(taken.load(Ordering::SeqCst) > 0);
    assert_eq!(latest(folder.path()), 1 + taken.load(Ordering::SeqCst) as u64);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "earlier files stay");
}

#[test]
fn a_process_number_that_was_reused_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let me = Holder::new();
    write(folder.path(), 1, &me);
    assert!(is_claimed(folder.path(), "claim").unwrap());
    write(folder.path(), 1, &Holder { started: me.started.map(|start| start - 100), ..me });
    assert!(!is_claimed(folder.path(), "claim").unwrap());
}

#[test]
fn a_stranger_holds_as_long_as_its_heart_beats() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 4, &stranger());
    assert!(Claim::take(folder.path(), "claim").unwrap().is_none());
    let file = fs::File::options().write(true).open(folder.path().join("claim-4")).unwrap();
    file.set_modified(SystemTime::now() - STALE_AFTER - Duration::from_secs(1)).unwrap();
    let claim = Claim::take(folder.path(), "claim").unwrap();
    assert!(claim.is_some() && latest(folder.path()) == 5);
}

#[test]
fn who_was_taken_for_dead_changes_nothing_for_the_successor() {
    let folder = tempfile::tempdir().unwrap();
    let slow = Claim::take(folder.path(), "claim").unwrap().unwrap();
    write(folder.path(), 2, &stranger());
    assert!(!slow.file.is_latest());
    drop(slow);
    assert!(Claim::take(folder.path(), "claim").unwrap().is_none());
    assert_eq!(latest(folder.path()), 2);
}

#[test]
fn a_taker_that_slept_withdraws() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), 7, &stranger());
    // It saw file 5; files 5 and 6 were created and removed since.
    let late = claim_file::create(folder.path(), "claim", 6, &Holder::new()).unwrap().unwrap();
    assert!(!claim_file::confirm(&late).unwrap());
    assert_eq!(latest(folder.path()), 7);
    assert!(!folder.path().join("claim-6").exists());
}

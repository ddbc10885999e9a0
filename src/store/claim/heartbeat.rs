//! Renews a claim while its holder works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use super::claim_file::ClaimFile;
use super::timing::HEARTBEAT_INTERVAL;

/// A thread that renews a claim until it is stopped or the claim is lost.
#[derive(Debug)]
pub struct Heartbeat {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<AtomicBool>,
}

impl Heartbeat {
    pub fn start(file: ClaimFile) -> Self {
        let (stop, stopped) = channel();
        let lost = Arc::new(AtomicBool::new(false));
        let thread_lost = Arc::clone(&lost);
        let beat = move || {
            while stopped.recv_timeout(HEARTBEAT_INTERVAL) == Err(RecvTimeoutError::Timeout) {
                if !file.is_latest() {
                    return thread_lost.store(true, Ordering::Relaxed);
                }
                file.renew();
            }
        };
        // Without a thread the claim is valid until its file is stale.
        let thread = std::thread::Builder::new().name("claim".to_owned()).spawn(beat).ok();
        Self { stop: Some(stop), thread, lost }
    }

    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub fn stop(&mut self) {
        self.stop = None;
        // The thread only ever waits for the file system.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

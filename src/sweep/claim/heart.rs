//! Keeps a claim alive while its holder works.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;

use super::BEAT;
use super::chain::Link;

/// A thread that renews a link until it is stopped.
#[derive(Debug)]
pub struct Heart {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
    lost: Arc<AtomicBool>,
}

impl Heart {
    pub fn start(link: Link) -> Self {
        let (stop, stopped) = channel();
        let lost = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&lost);
        let beat = move || {
            while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
                if !link.is_last() {
                    return seen.store(true, Ordering::Relaxed);
                }
                link.renew();
            }
        };
        // Without a thread the claim is held all the same, for as long as a fresh one is.
        let thread = std::thread::Builder::new().name("claim".to_owned()).spawn(beat).ok();
        Self { stop: Some(stop), thread, lost }
    }

    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Relaxed)
    }

    pub fn stop(&mut self) {
        self.stop = None;
        // It only ever waits for the file system.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

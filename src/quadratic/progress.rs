//! How far an experiment is.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Reports to a listener, from any thread, how many of how many points are done.
pub struct Progress<'l> {
    listener: &'l (dyn Fn(usize, usize) + Sync),
    done: AtomicUsize,
    total: AtomicUsize,
}

impl<'l> Progress<'l> {
    /// `listener` is called with (done, total).
    pub fn new(listener: &'l (dyn Fn(usize, usize) + Sync)) -> Self {
        Self { listener, done: AtomicUsize::new(0), total: AtomicUsize::new(0) }
    }

    pub(super) fn begin(&self, total: usize) {
        self.total.store(total, Ordering::Relaxed);
        (self.listener)(0, total);
    }

    pub(super) fn advance(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        (self.listener)(done, self.total.load(Ordering::Relaxed));
    }
}

//! Signals that interrupt a sweep: it finishes the current step, saves its state and stops.
//!
//! These are Ctrl-C, SIGTERM and SIGUSR1, which Slurm sends before a time limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// A flag that a signal raises.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    time_is_up: Arc<AtomicBool>,
    stopped: Arc<AtomicBool>,
}

impl Interrupt {
    /// A flag for SIGINT and SIGTERM; the second signal ends the program at once with exit code 130.
    ///
    /// # Errors
    /// The operating system refused the handler.
    pub fn on_signals() -> std::io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order, so that the first signal only raises the flag, and the second finds it raised.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupt.raised))?;
            flag::register(signal, Arc::clone(&interrupt.raised))?;
        }
        Ok(interrupt)
    }

    /// Handles SIGUSR1 too, which announces the end of the time limit.
    ///
    /// # Errors
    /// The operating system refused the handler.
    #[cfg(unix)]
    pub fn handle_time_limit(&self) -> std::io::Result<()> {
        flag::register(SIGUSR1, Arc::clone(&self.time_is_up))?;
        flag::register(SIGUSR1, Arc::clone(&self.raised)).map(drop)
    }

    /// Does nothing: there is no Slurm on this system.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn handle_time_limit(&self) -> std::io::Result<()> {
        Ok(())
    }

    /// Whether the end of the time limit was announced.
    pub fn time_is_up(&self) -> bool {
        self.time_is_up.load(Ordering::Relaxed)
    }

    /// Whether the sweep should stop.
    pub fn is_raised(&self) -> bool {
        self.is_signalled() || self.is_stopped()
    }

    /// Whether a signal, or [`Interrupt::raise`], asked for it.
    pub fn is_signalled(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Stops the sweep from within, because a run failed.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether the sweep stopped itself.
    pub fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Raises the flag, as a signal does.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }
}

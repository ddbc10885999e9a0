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
    terminated: Arc<AtomicBool>,
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

    /// A flag for the signals that Slurm sends to a task: SIGUSR1 announces the end of the time limit,
    /// and SIGTERM, once or several times, that the task was preempted or cancelled. Neither ends the
    /// program before it has saved its state; after a while Slurm does that itself.
    ///
    /// # Errors
    /// The operating system refused the handler.
    #[cfg(unix)]
    pub fn on_signals_of_slurm() -> std::io::Result<Self> {
        let interrupt = Self::default();
        let Self { raised, time_is_up, terminated, .. } = &interrupt;
        flag::register_conditional_shutdown(SIGINT, 130, Arc::clone(raised))?;
        for (signal, own) in [(SIGINT, raised), (SIGTERM, terminated), (SIGUSR1, time_is_up)] {
            flag::register(signal, Arc::clone(own))?;
            flag::register(signal, Arc::clone(raised))?;
        }
        Ok(interrupt)
    }

    /// [`Interrupt::on_signals`]: there is no Slurm on this system.
    ///
    /// # Errors
    /// The operating system refused the handler.
    #[cfg(not(unix))]
    pub fn on_signals_of_slurm() -> std::io::Result<Self> {
        Self::on_signals()
    }

    /// Whether the end of the time limit was announced.
    pub fn time_is_up(&self) -> bool {
        self.time_is_up.load(Ordering::Relaxed)
    }

    /// Whether SIGTERM came, of those signals that Slurm sends.
    pub fn is_terminated(&self) -> bool {
        self.terminated.load(Ordering::Relaxed)
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

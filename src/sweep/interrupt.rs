//! Ctrl-C and SIGTERM: finish the step, keep everything, leave. SIGUSR1, which Slurm is asked to send
//! before a time limit: the same, to go on later.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

#[cfg(unix)]
use signal_hook::consts::SIGUSR1;
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Raised once a signal asked the program to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    raised: Arc<AtomicBool>,
    time_is_up: Arc<AtomicBool>,
}

impl Interrupt {
    /// Listens to SIGINT and SIGTERM; a second one ends the program at once with exit code 130.
    ///
    /// # Errors
    /// The operating system refused the handler.
    pub fn on_signals() -> std::io::Result<Self> {
        let interrupt = Self::default();
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first signal only raises the flag, the second finds it raised.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&interrupt.raised))?;
            flag::register(signal, Arc::clone(&interrupt.raised))?;
        }
        Ok(interrupt)
    }

    /// Listens to SIGUSR1 too, which asks for a stop because the time is up.
    ///
    /// # Errors
    /// The operating system refused the handler.
    #[cfg(unix)]
    pub fn heed_time_limit(&self) -> std::io::Result<()> {
        flag::register(SIGUSR1, Arc::clone(&self.time_is_up))?;
        flag::register(SIGUSR1, Arc::clone(&self.raised)).map(drop)
    }

    /// There is no Slurm on this system.
    ///
    /// # Errors
    /// None.
    #[cfg(not(unix))]
    pub fn heed_time_limit(&self) -> std::io::Result<()> {
        Ok(())
    }

    /// Whether the stop was asked for because the time is up.
    pub fn time_is_up(&self) -> bool {
        self.time_is_up.load(Ordering::Relaxed)
    }

    /// Whether to stop.
    pub fn raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Asks for a stop, as a signal does.
    pub fn raise(&self) {
        self.raised.store(true, Ordering::Relaxed);
    }
}

//! Standard output, whose errors say so: a full disk below a redirection is no fault of the results.

use std::io::{self, Stdout, Write};

/// Standard output.
pub struct StandardOutput(Stdout);

/// Standard output. What is written may stay in its buffer until a line ends or it is flushed.
pub fn stdout() -> StandardOutput {
    StandardOutput(io::stdout())
}

/// The error with its place; of the same kind, so that a closed pipe is still one.
pub fn named(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot write to standard output (stdout): {error}"))
}

impl Write for StandardOutput {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map_err(named)
    }
}

//! `etastar`: parse, run, report, exit code.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

mod cli;

/// glibc's allocator requests fresh pages from the kernel for every large temporary tensor.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = match cli::Arguments::of_process() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    cli::set_up(&arguments);
    match catch_unwind(AssertUnwindSafe(|| cli::run(&arguments))) {
        Ok(Ok(code)) => code,
        Ok(Err(error)) => cli::report_error(&error),
        Err(panic) => cli::report_panic(panic.as_ref()),
    }
}

//! The `stepgate` program.

use std::process::ExitCode;

use clap::Parser;
use stepgate::cli::{Cli, run};

/// Stack of a thread, in bytes: a pass is one deep future, and tokio's 2 MiB are nearly used up without optimization.
const STACK: usize = 8 << 20;

fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build();
    let done = match runtime {
        // On a thread of the runtime: the process's own has the stack that the system gives it.
        Ok(runtime) => runtime.block_on(async { tokio::spawn(run(Cli::parse())).await }),
        Err(error) => {
            eprintln!("error: no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match done.unwrap_or_else(|error| Err(format!("it ended at once: {error}"))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

//! What a command writes to standard output.

use std::io::{ErrorKind, Write, stdout};

/// Writes a text as it is. A reader that has read enough, such as `head`, is no error.
///
/// # Errors
/// When it cannot be written, such as to a full disk.
pub(super) fn print(text: &str) -> Result<(), String> {
    let mut stdout = stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(format!("standard output: {error}")),
        _ => Ok(()),
    }
}
